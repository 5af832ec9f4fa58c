"""Markdown of the bank: rendered in a terminal, as it is written in a pipe."""

# ruff: noqa: PLC0415  # imported where it is needed: it is heavy and seldom

from kit.screen.console import Screen
from kit.screen.maths import with_readable_maths


def show_markdown(screen: Screen, text: str) -> None:
    """Print a statement or an answer."""
    if not screen.out.is_terminal or screen.out.color_system is None:
        screen.out.file.write(text if text.endswith("\n") else text + "\n")
        return
    from rich.markdown import Markdown

    screen.out.print(Markdown(with_readable_maths(text), code_theme="ansi_dark", hyperlinks=False))


def show_code(screen: Screen, text: str) -> None:
    """Print Python."""
    if not screen.out.is_terminal or screen.out.color_system is None:
        screen.out.file.write(text if text.endswith("\n") else text + "\n")
        return
    from rich.syntax import Syntax

    screen.out.print(Syntax(text, "python", theme="ansi_dark", background_color="default"))
