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
    honest: it must pass (a control: nothing is gained by it). tries: how many cheats it holds. settings: of the Job.
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
    tries: int = 1
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


def together(name: str, table: dict[str, str], *, setup: str = "", exception: tuple[str, ...], **expected: Any) -> Cheat:
    """One cheat that tries every line of the table, each of which must be refused by one of the exceptions; it raises the names of the others."""
    parts = [setup, "tries = {}"]
    for number, (what, line) in enumerate(table.items()):
        body = line.strip("\n").replace("\n", "\n    ")
        parts.append(f"def try_{number}(x):\n    {body}\n    return 'it was done'\n\ntries[{what!r}] = try_{number}")
    parts.append(f"""
def softmax(x):
    undue = {{}}
    for name, attempt in tries.items():
        try:
            undue[name] = attempt(x.clone())
        except Exception as error:
            if type(error).__name__ not in {exception!r}:
                undue[name] = repr(error)
    raise RuntimeError(f"{{len(tries)}} tries, not refused: {{undue}}")
""")
    return Cheat(name, "\n\n".join(parts), fails={"values": "raised"}, says=f"{len(table)} tries, not refused: {{}}", tries=len(table), **expected)
