"""kit doctor, config: the machine and the settings."""

# ruff: noqa: PLC0415  # each command imports what it needs when it runs: that keeps the start of the others quick

from pathlib import Path
from typing import Annotated

from msgspec.structs import replace
from typer import Argument

from grader.text import LANGUAGES, _
from kit import config, language
from kit.cli.session import Session
from kit.errors import NOT_PASSED, PASSED


def doctor() -> int:
    """Look whether everything is in place."""
    from kit.doctor import examine
    from kit.screen.checkup import show_end, show_finding

    session = Session()
    fine = True
    for finding in examine(session.workspace.root if session.workspace else session.cwd):
        show_finding(session.screen, finding)
        fine = fine and (finding.fine or not finding.required)
    show_end(session.screen, fine=fine)
    return PASSED if fine else NOT_PASSED


def complete_language(incomplete: str) -> list[str]:
    """Languages."""
    return [lang for lang in LANGUAGES if lang.startswith(incomplete)]


def config_lang(
    lang: Annotated[
        str | None, Argument(metavar="[en|zh]", help=_("The language; without it, print the one in use."), autocompletion=complete_language)
    ] = None,
) -> int:
    """Choose the language."""
    screen = Session().screen
    if lang is None:
        screen.result(language.in_use())
        return PASSED
    chosen = language.checked(lang, "kit config lang")
    path = config.save(replace(config.load(), lang=chosen))
    language.speak(chosen)
    screen.result(_("The kit speaks English now."))
    screen.talk(_("Kept in {path}").format(path=path))
    return PASSED


def config_trust(
    bank: Annotated[str | None, Argument(metavar="[PATH]", help=_("The bank's folder; without it, print those that are trusted."))] = None,
) -> int:
    """Let the checks of a bank run."""
    from kit import shape

    screen = Session().screen
    if bank is None:
        screen.result(*config.load().trusted)
        return PASSED
    root = Path(bank).expanduser().resolve()
    shape.read(root)
    path = config.trust(root)
    screen.result(_("The checks of {bank} may run now.").format(bank=root))
    screen.talk(_("Kept in {path}").format(path=path))
    return PASSED
