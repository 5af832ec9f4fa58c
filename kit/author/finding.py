"""A finding: what is wrong with an exercise, where, and what to do about it."""

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from grader.text import _

__all__ = ["Finding", "has_chinese", "placeholders", "text_of"]

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_PLACEHOLDER = re.compile(r"<<(?:write: |待写：)(.+?)>>")


class Finding(Struct, frozen=True):
    """One thing to put right. where: a path relative to the bank, perhaps with a line number after a colon."""

    where: str
    problem: str
    remedy: str


def has_chinese(text: str) -> bool:
    """Whether there is Chinese in the text: a translation that was forgotten has none."""
    return _CHINESE.search(text) is not None


def placeholders(text: str, where: str) -> Iterator[Finding]:
    """The places that `kit author new` left for the author to write."""
    for number, line in enumerate(text.splitlines(), start=1):
        for match in _PLACEHOLDER.finditer(line):
            yield Finding(f"{where}:{number}", _("still to be written: {what}").format(what=match[1]), _("Write it and remove the << >>."))


def text_of(path: Path) -> str:
    """The text of a file, "" when it is missing or is not UTF-8 (both are findings of their own)."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
