"""Cells of a CSV file that a spreadsheet shows and does not run."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from grader.text import neutralise

__all__ = ["Cell", "csv_text", "safe"]

Cell: TypeAlias = str | int | float | None

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what Excel and LibreOffice take for a formula's begin


def safe(value: Cell) -> Cell:
    """The value, a text without control characters and with ' before what a spreadsheet would take for a formula; numbers as they are.

    The rule is OWASP's, "CSV Injection".
    """
    if not isinstance(value, str):
        return value
    text = neutralise(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_text(rows: Iterable[Sequence[Cell]]) -> str:
    """The rows as CSV, every text quoted, None as an empty cell; begins with the mark by which Excel knows UTF-8."""
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerows([["" if value is None else safe(value) for value in row] for row in rows])
    return "\ufeff" + file.getvalue()
