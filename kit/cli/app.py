"""The commands, with their help texts in the language in use: import this only after the language is decided."""

import os
from typing import Annotated

from typer import Exit, Option, Typer, echo

from grader.text import _
from kit.cli import author, classroom, grade, learn, look, member, setup
from kit.cli.commands import KitCommand, KitGroup

SETTINGS = {"help_option_names": ["-h", "--help"]}


def _print_version(value: bool) -> None:
    if value:
        from importlib import metadata  # noqa: PLC0415  # heavy, and for this option alone

        echo(f"kit {metadata.version('nn-practice-kit')}")
        raise Exit


def _use_bank(path: str | None) -> None:
    if path is not None:
        os.environ["KIT_BANK"] = path


def _root(
    lang: Annotated[
        str | None, Option("--lang", metavar="en|zh", help=_("Speak this language, in this run."), autocompletion=setup.complete_language)
    ] = None,  # taken out of the arguments before typer sees them; here for the help page and completion
    bank: Annotated[
        str | None, Option("--bank", metavar="PATH", help=_("Use the exercises of this folder, as KIT_BANK does."), callback=_use_bank, is_eager=True)
    ] = None,  # done by its callback
    version: Annotated[
        bool, Option("--version", help=_("Print the version."), callback=_print_version, is_eager=True)
    ] = False,  # done by its callback
) -> None:
    """The options of `kit` itself."""


def build() -> Typer:
    """The whole application."""
    app = Typer(cls=KitGroup, help=_("Practise neural networks: fetch an exercise, write the answer, have it graded."), rich_markup_mode=None)
    app.callback(cls=KitGroup, context_settings=SETTINGS, help=_("Practise neural networks: fetch an exercise, write the answer, have it graded."))(
        _root
    )
    learning, looking, machine, authoring = _("Learn"), _("Look around"), _("Set up"), _("Write exercises")
    belonging, teaching = _("In a class"), _("Teach a class")
    for name, function, panel, text in (
        ("next", learn.next_, learning, _("Fetch the first exercise that is not passed.")),
        ("fetch", learn.fetch, learning, _("Fetch an exercise.")),
        ("show", learn.show, learning, _("Show the statement; or a question, by q: and its id.")),
        ("grade", grade.grade, learning, _("Grade your answer.")),
        ("hint", learn.hint, learning, _("Show one more hint.")),
        ("solution", learn.solution, learning, _("Show the model answer: after a pass, or after a yes, which is remembered.")),
        ("reset", learn.reset, learning, _("Begin again from the starter; your answer is kept under a dated name.")),
        ("list", look.list_, looking, _("Show the map: tracks, exercises, levels, what is passed and what is open.")),
        ("questions", look.questions, looking, _("List the interview questions, each with the exercises that answer it.")),
        ("status", look.status, looking, _("Show how far you are.")),
        ("join", member.join, belonging, _("Join a class.")),
        ("submit", member.submit, belonging, _("Hand in your answer and see the class's verdict.")),
        ("board", member.board, belonging, _("Show a board of the class.")),
        ("whoami", member.whoami, belonging, _("Show who you are in the class, and what is open there.")),
        ("leave", member.leave, belonging, _("Leave the class on this machine.")),
        ("doctor", setup.doctor, machine, _("See whether everything is in place on this machine.")),
    ):
        app.command(name, cls=KitCommand, help=text, rich_help_panel=panel, context_settings=SETTINGS)(function)
    settings = Typer(cls=KitGroup, help=_("Change the settings."), rich_markup_mode=None)
    settings.callback(cls=KitGroup, context_settings=SETTINGS)(_nothing)
    settings.command("lang", cls=KitCommand, help=_("Choose the language of the kit."), context_settings=SETTINGS)(setup.config_lang)
    settings.command("trust", cls=KitCommand, help=_("Let the checks of somebody else's bank run."), context_settings=SETTINGS)(setup.config_trust)
    app.add_typer(settings, name="config", cls=KitGroup, help=_("Change the settings."), rich_help_panel=machine, context_settings=SETTINGS)
    app.add_typer(
        classroom.build(SETTINGS),
        name="class",
        cls=KitGroup,
        help=_("Teach a class: a server that takes answers, judges them and keeps the boards."),
        rich_help_panel=teaching,
        context_settings=SETTINGS,
    )
    app.add_typer(
        author.build(SETTINGS),
        name="author",
        cls=KitGroup,
        help=_("Tools for authors."),
        rich_help_panel=authoring,
        context_settings=SETTINGS,
    )
    return app


def _nothing() -> None:
    """A group has no options of its own."""
