"""What a cheat is: an answer, and what must become of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BANK = Path(__file__).parent / "bank"
HONEST = (BANK / "solutions/hostile/small-parts/solution.py").read_text(encoding="utf-8")
CHECKS = ("values", "gradient", "in_place", "refusal", "mask", "array", "callback", "iteration", "class", "speed")


@dataclass(frozen=True)
class Cheat:
    """One dishonest answer.

    code comes after the honest answer, whose parts it redefines (`right` stays the honest softmax); whole: code is all there is.
    @HOME@, @CHECKS@, @SOLUTION@, @BANK@, @TEMP@, @SHM@ and @MARK@ in it are replaced: paths of canaries, and a name for new files that is looked
    for afterwards. A cheat that tries something forbidden goes on to return the right values: it passes when the attempt succeeds.

    fails: for checks that must fail, the kind of failure, or several of which one fits. load: the same when the answer cannot even be loaded.
    exception: the learner's exception in those failures. says: what one of their lines holds. flagged: a rule that the teacher is told of.
    honest: it must pass (a control: nothing is gained by it). settings: of the Job.
    """

    name: str
    code: str
    fails: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    load: str | tuple[str, ...] | None = None
    exception: str | tuple[str, ...] | None = None
    says: str | None = None
    flagged: str | None = None
    honest: bool = False
    whole: bool = False
    cold: bool = False
    processor: str | None = None
    bug: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    def source(self, places: dict[str, str]) -> str:
        """The answer's text."""
        code = self.code.strip("\n") + "\n"
        for name, place in places.items():
            code = code.replace(f"@{name}@", place)
        return code if self.whole else f"{HONEST}\n\n{code}"


def attempts(prefix: str, table: dict[str, str], *, setup: str = "", **expected: Any) -> Iterable[Cheat]:
    """A cheat for each line of code: softmax does it, and gives the right values if it was not stopped."""
    for name, line in table.items():
        body = line.strip("\n").replace("\n", "\n    ")
        yield Cheat(f"{prefix}: {name}", f"{setup}\n\ndef softmax(x):\n    {body}\n    return right(x)", **expected)
