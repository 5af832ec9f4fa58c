"""Lines and columns by the width that characters really take (a Chinese one takes two cells)."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from kit.screen.console import styled


def indented(console: Console, text: Text | str, indent: int, lead: Text | None = None) -> list[Text]:
    """The text wrapped to the console, each line indented; lead stands before the first line, inside the indent."""
    body = styled(text) if isinstance(text, str) else text
    lines: list[Text] = []
    for paragraph in body.split("\n", allow_blank=True):
        lines += paragraph.wrap(console, max(console.width - indent, 20)) if paragraph.plain.strip() else [Text("")]
    gap = " " * indent
    out = [Text(gap) + line if line.plain else Text("") for line in lines]
    if lead is not None and out:
        out[0] = lead + Text(" " * (indent - cell_len(lead.plain))) + lines[0]
    for line in out:
        line.rstrip()
    return out


def spread(console: Console, left: Text, right: Text) -> list[Text]:
    """Left and right at the two ends of a line, or on two lines when they do not fit."""
    room = min(console.width, 80) - cell_len(left.plain) - cell_len(right.plain)
    if not right.plain:
        return [left]
    return [left + Text(" " * room) + right] if room >= 2 else [left, Text("  ") + right]


def columns(rows: Iterable[Sequence[Text]], gap: int = 2) -> list[Text]:
    """Rows with each column as wide as its widest cell; nothing after the last."""
    table = [list(row) for row in rows]
    widths = [max(cell_len(cell.plain) for cell in column) for column in zip(*table, strict=True)]
    lines: list[Text] = []
    for row in table:
        line = Text()
        for cell, width in zip(row, widths, strict=True):
            line.append_text(cell)
            line.append(" " * (width - cell_len(cell.plain) + gap))
        line.rstrip()
        lines.append(line)
    return lines
