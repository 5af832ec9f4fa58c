"""One exercise: fetched, its hints, its model answer."""

import sys
from collections.abc import Sequence

from grader.text import _, ngettext
from kit.exercise import Exercise
from kit.language import in_use
from kit.screen.console import Screen, styled
from kit.screen.layout import columns, indented
from kit.screen.statement import show_code, show_markdown
from kit.workspace import Fetched


def show_fetched(screen: Screen, exercise: Exercise, fetched: Fetched, before: Sequence[str]) -> None:
    """Where the files are, and what to do with them."""
    facts = _("level {level} · {points} points").format(level=exercise.level, points=exercise.points)
    screen.result(styled(exercise.slug, "strong") + styled(f"  {exercise.title.say(in_use())}") + styled(f"  {facts}", "quiet"))
    rows = [(_("statement"), fetched.statement), (_("answer"), fetched.answer)]
    screen.result(*columns([(styled(f"  {name}", "quiet"), styled(str(path))) for name, path in rows]))
    if before:
        screen.talk("", *indented(screen.err, _("It builds on: {titles}").format(titles=", ".join(before)), 0))
    if fetched.new:
        screen.talk("", styled(_("Read the statement, write your answer, then run: kit grade"), "quiet"))
    else:
        screen.talk("", styled(_("Your answer is as you left it. When you are ready, run: kit grade"), "quiet"))


def show_hints(screen: Screen, hints: Sequence[str], taken: int, slug: str) -> None:
    """The hints taken so far, the newest last."""
    for number, hint in enumerate(hints[:taken], start=1):
        role = "strong" if number == taken else "quiet"
        screen.result(*indented(screen.out, styled(hint, "" if number == taken else "quiet"), 4, styled(f"{number}.", role)))
    left = len(hints) - taken
    if left:
        text = ngettext("{n} more hint: kit hint {slug}", "{n} more hints: kit hint {slug}", left).format(n=left, slug=slug)
    else:
        text = _("That was the last hint. The model answer: kit solution {slug}").format(slug=slug)
    screen.talk("", styled(text, "quiet"))


def show_solution(screen: Screen, code: str, text: str) -> None:
    """The model answer in code, then in words."""
    show_code(screen, code)
    screen.result("")
    show_markdown(screen, text)


def ask(screen: Screen, question: str) -> bool:
    """A yes-or-no question on stderr; anything but a yes is a no."""
    screen.err.print(styled(question) + styled(" [y/N] ", "quiet"), end="", soft_wrap=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes", "是", "好"}
