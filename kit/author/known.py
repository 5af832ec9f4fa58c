"""The known mistakes of an exercise, without judging them."""

import ast
import re
from collections.abc import Iterator

from grader.mistakes import Mistake, MistakeError, apply, load
from grader.text import _
from kit.author import hidden
from kit.author.drawers import Drawers
from kit.author.finding import Finding, has_chinese, placeholders, text_of

__all__ = ["findings", "usable"]

FEWEST = 4
_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def findings(drawers: Drawers) -> Iterator[Finding]:
    """What is wrong with mistakes.toml."""
    where = drawers.show(drawers.mistakes)
    yield from placeholders(text_of(drawers.mistakes), where)
    try:
        mistakes = load(drawers.mistakes)
    except MistakeError as error:
        yield Finding(where, str(error).removeprefix(f"{drawers.mistakes}: "), _("Mend that entry."))
        return
    if len(mistakes) < FEWEST:
        yield Finding(where, _("there are {count} mistakes").format(count=len(mistakes)), _("Write at least four."))
    solution, checks = text_of(drawers.solution), _check_names(drawers)
    names = [mistake.name for mistake in mistakes]
    meaning = {_meaning(solution): _("the solution")}
    for place, mistake in enumerate(mistakes):
        for problem, remedy in _wrong(mistake, solution, checks, names, meaning, first=names.index(mistake.name) == place):
            yield Finding(where, f"{mistake.name}: {problem}", remedy)


def usable(drawers: Drawers) -> list[tuple[Mistake, str]]:
    """The mistakes that apply, each with its source: what the judged part can work with."""
    found: list[tuple[Mistake, str]] = []
    try:
        mistakes = load(drawers.mistakes)
    except MistakeError:
        return []
    for mistake in mistakes:
        try:
            found.append((mistake, apply(text_of(drawers.solution), mistake)))
        except MistakeError:
            continue
    return found


def _wrong(
    mistake: Mistake, solution: str, checks: list[str], names: list[str], meaning: dict[str, str], *, first: bool
) -> Iterator[tuple[str, str]]:
    if not first:
        yield _("another mistake has this name"), _("Rename one.")
    if not _KEBAB.fullmatch(mistake.name):
        yield _("the name is not in kebab-case"), _("Write small letters, digits and hyphens.")
    if not mistake.en.strip() or has_chinese(mistake.en) or not has_chinese(mistake.zh):
        yield _("its message is not there in both languages"), _("Write en and zh.")
    if mistake.caught_by not in checks:
        yield _("there is no check {check}").format(check=mistake.caught_by), _("Name a function of the check file in caught_by.")
    for other in mistake.same_as:
        if other not in names or other == mistake.name:
            yield _("same_as names {other}, which is no other mistake").format(other=other), _("Name mistakes of this file.")
    try:
        made = apply(solution, mistake)
        key = _meaning(made)
    except MistakeError as error:
        yield str(error).removeprefix(f"{mistake.name}: "), _("Copy the text from solution.py.")
    except SyntaxError as error:
        yield _("the result is not Python: {reason}").format(reason=error), _("Mind the indentation.")
    else:
        if key in meaning:
            yield _("it is the same code as {other}").format(other=meaning[key]), _("Change what the code does.")
        meaning.setdefault(key, mistake.name)


def _meaning(source: str) -> str:
    """The code without its formatting and comments."""
    return ast.dump(ast.parse(source))


def _check_names(drawers: Drawers) -> list[str]:
    try:
        return [check.name for check in hidden.read(text_of(drawers.checks))]
    except SyntaxError:
        return []
