"""How a check says that the answer is not right."""

from __future__ import annotations

from typing import Any

from grader.verdict import Failure, Frame


class CheckFailure(AssertionError):
    """A failed check, with everything that the verdict tells of it.

    actual is the value that was not as expected: the diagnosis compares it with what known mistakes produce.
    """

    def __init__(
        self,
        kind: str,
        lines: list[str],
        *,
        what: str = "",
        facts: dict[str, Any] | None = None,
        frames: list[Frame] | None = None,
        actual: Any = None,
    ) -> None:
        super().__init__("\n".join(lines))
        self.failure = Failure(kind=kind, what=what, lines=lines, facts=facts or {}, frames=frames or [])
        self.actual = actual


class Unusable(TypeError):
    """A check did with an object of the answer's what can only be done with a value: it got something else than it expected."""


class AnswerRaised(CheckFailure):
    """The answer raised an exception. types: class names along its MRO, those of built-in classes only after the first."""

    def __init__(self, types: list[str], lines: list[str], *, kind: str = "raised", message: str = "", frames: list[Frame] | None = None) -> None:
        super().__init__(kind, lines, facts={"exception": types[0] if types else "", "message": message}, frames=frames)
        self.types = types


class WorkerLost(CheckFailure):
    """The worker ended, or was ended, in the middle of a check: time, memory, a crash, a malformed reply."""
