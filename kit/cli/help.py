"""A help page: plain text, aligned by the width that characters really take."""

import textwrap
from dataclasses import dataclass, field
from shutil import get_terminal_size
from unicodedata import east_asian_width

from grader.text import _


@dataclass(frozen=True)
class Row:
    """A name and what it is."""

    name: str
    text: str


@dataclass
class Page:
    """How a command is used, what it does, and its sections."""

    pieces: str
    path: str
    about: str
    sections: dict[str, list[Row]] = field(default_factory=dict[str, list[Row]])

    def add(self, section: str, row: Row) -> None:
        """Put a row at the end of a section."""
        self.sections.setdefault(section, []).append(row)

    def text(self) -> str:
        """The page."""
        width = min(get_terminal_size().columns, 100)
        lines = [_("Usage: {usage}").format(usage=f"{self.path} {self.pieces}"), ""]
        for paragraph in self.about.split("\n\n"):
            lines += [f"  {line}" for line in fill(" ".join(paragraph.split()), width - 2)] + [""]
        rows = [row for section in self.sections.values() for row in section]
        column = min(max((len(row.name) for row in rows), default=0), 26)
        for title, own in self.sections.items():
            lines.append(_("{section}:").format(section=title))
            for row in own:
                texts: list[str] = fill(row.text, width - column - 4) or [""]
                if len(row.name) > column:
                    lines.append(f"  {row.name}")
                    texts = ["", *texts]
                else:
                    texts[0] = f"{row.name:<{column}}  {texts[0]}"
                    lines.append(f"  {texts[0]}".rstrip())
                lines += [f"{'':{column + 4}}{text}" for text in texts[1:]]
            lines.append("")
        return "\n".join(lines).rstrip("\n") + "\n"


def fill(text: str, width: int) -> list[str]:
    """Wrap to width cells: between words, and between any two Chinese characters."""
    if text.isascii():
        return textwrap.wrap(text, max(width, 20))
    lines: list[str] = []
    line, room = "", max(width, 20)
    for word in _words(text):
        cells = sum(2 if east_asian_width(char) in "WF" else 1 for char in word)
        if cells > room and word.strip() and word not in "，。；：、）":
            lines.append(line.rstrip())
            line, room = "", max(width, 20)
        if line or word.strip():
            line += word
            room -= cells
    return [*lines, line.rstrip()] if line.strip() else lines


def _words(text: str) -> list[str]:
    """Where a line may be broken: around spaces and wide characters."""
    words = [""]
    for char in text:
        if char == " " or east_asian_width(char) in "WF":
            words += [char, ""]
        else:
            words[-1] += char
    return [word for word in words if word]
