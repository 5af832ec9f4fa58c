"""What changed from one answer to the next, line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from grader.text import neutralise

__all__ = ["LONGEST", "Changed", "diff"]

LONGEST = 1000  # lines of each: comparing takes up to the cube of it
AROUND = 3  # lines that stay the same, shown around a change


@dataclass(frozen=True)
class Changed:
    """A line of a comparison. old, new: its numbers, counted from 1; kind gap: lines that stay the same are left out here."""

    kind: Literal["same", "gone", "new", "gap"]
    old: int | None
    new: int | None
    text: str


def diff(old: str, new: str) -> list[Changed] | None:
    """From the old source to the new one: what changed and a few lines around it. [] when nothing did, None when they are too long to compare."""
    before, after = neutralise(old).splitlines(), neutralise(new).splitlines()
    if max(len(before), len(after)) > LONGEST:
        return None
    return list(_lines(before, after))


def _lines(before: list[str], after: list[str]) -> Iterator[Changed]:
    matcher = SequenceMatcher(None, before, after)
    shown = 0  # lines of the new source so far
    for group in matcher.get_grouped_opcodes(AROUND):
        if group[0][3] > shown:
            yield Changed("gap", None, None, "")
        for tag, old_start, old_end, new_start, new_end in group:
            if tag == "equal":
                yield from (Changed("same", old_start + n + 1, new_start + n + 1, after[new_start + n]) for n in range(new_end - new_start))
            else:
                yield from (Changed("gone", n + 1, None, before[n]) for n in range(old_start, old_end))
                yield from (Changed("new", None, n + 1, after[n]) for n in range(new_start, new_end))
            shown = new_end
    if 0 < shown < len(after):
        yield Changed("gap", None, None, "")
