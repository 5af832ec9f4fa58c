"""Mutants that are judged to be no mistakes: the changed code does the same, so no check can tell. Each is listed with the reason.

tests/equivalent/<slug with underscores>.toml has one [[equivalent]] for each: line (the statement), mutant (the changed one), reason, and
inside (the function) where the same statement stands in several. Matched by text, so that edits elsewhere in a solution change nothing.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct, field, structs

from kit.author.mutants import Mutant
from kit.exercise import read_toml

__all__ = ["Equivalent", "load", "reason", "stale"]

FOLDER = "tests/equivalent"


class Equivalent(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry of the list of an exercise, which is not written in the file but its name."""

    exercise: str = ""
    line: str
    mutant: str
    reason: str
    inside: str | None = None

    def matches(self, mutant: Mutant) -> bool:
        """Whether the entry speaks of this mutant."""
        same_place = self.exercise == mutant.slug and self.inside in {None, mutant.inside}
        return same_place and self.line.strip() == mutant.before and self.mutant.strip() == mutant.after


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    equivalent: tuple[Equivalent, ...] = field(default=())


def load(bank: Path) -> tuple[Equivalent, ...]:
    """The lists of a bank. Raises KitError when a file is damaged."""
    files = sorted((bank / FOLDER).glob("*.toml"))
    return tuple(structs.replace(entry, exercise=path.stem.replace("_", "-")) for path in files for entry in read_toml(path, _File).equivalent)


def reason(mutant: Mutant, entries: Iterable[Equivalent]) -> str | None:
    """Why the mutant is equivalent, None when it is not listed."""
    return next((entry.reason for entry in entries if entry.matches(mutant)), None)


def stale(entries: Sequence[Equivalent], mutants: Sequence[Mutant]) -> list[Equivalent]:
    """Entries that speak of no mutant any more."""
    return [entry for entry in entries if not any(entry.matches(mutant) for mutant in mutants)]
