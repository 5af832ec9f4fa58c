"""The two streams: results on stdout, talk on stderr; colour and width only as the terminal and NO_COLOR allow."""

import os
import sys
from functools import cached_property
from shutil import get_terminal_size
from typing import TextIO

from rich.console import Console
from rich.text import Text
from rich.theme import Theme

from kit.screen.safe import harmless

WIDEST = 100
STYLES = {
    "passed": "green",
    "failed": "bold red",
    "skipped": "dim",
    "todo": "yellow",
    "quiet": "dim",
    "strong": "bold",
    "diagnosis": "bold cyan",
    "": "",
}
THEME = Theme({"markdown.code": "cyan", "markdown.code_block": "cyan", "markdown.h1": "bold", "markdown.h2": "bold", "markdown.item.number": "dim"})


class Screen:
    """Where a command prints."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        """Stdout and stderr unless others are given."""
        self._out = out
        self._err = err

    @cached_property
    def out(self) -> Console:
        """For results."""
        return _console(self._out or sys.stdout)

    @cached_property
    def err(self) -> Console:
        """For talk: what happened on the way, what to do next."""
        return _console(self._err or sys.stderr)

    def result(self, *lines: Text | str) -> None:
        """Print lines of a result."""
        _print(self.out, lines)

    def talk(self, *lines: Text | str) -> None:
        """Say lines to a person."""
        _print(self.err, lines)


def _print(console: Console, lines: tuple[Text | str, ...]) -> None:
    for line in lines:
        text = line if isinstance(line, Text) else Text(harmless(line))
        console.print(text, soft_wrap=True, markup=False, highlight=False)


def _console(stream: TextIO) -> Console:
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb" or not stream.isatty()
    width = min(get_terminal_size().columns, WIDEST)
    return Console(file=stream, width=max(width, 40), color_system=None if plain else "auto", highlight=False, markup=False, emoji=False, theme=THEME)


def styled(text: str, role: str = "") -> Text:
    """Harmless text in the style of its role."""
    return Text.assemble((harmless(text), STYLES[role]))
