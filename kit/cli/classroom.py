"""kit class: what a teacher does. What only some of these need is imported when they run, and said to be missing where it is."""

# ruff: noqa: PLC0415  # each command imports what it needs when it runs: that keeps the start of the others quick

import os
import shlex
import sys
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

from typer import Option, Typer

from grader.text import _
from kit.cli import batch, upkeep
from kit.cli.commands import KitCommand, KitGroup
from kit.cli.database import Database, database_url
from kit.cli.session import Session
from kit.errors import PASSED, KitError


def serve(  # noqa: PLR0917  # typer calls it by keyword
    database: Database = None,
    grade_on: Annotated[
        str | None, Option("--grade-on", metavar="local|ray://HOST:PORT", help=_("Where answers are judged; without it, on this machine."))
    ] = None,
    host: Annotated[
        str | None, Option("--host", metavar="HOST", help=_("Listen at this address; 0.0.0.0 for the whole network. Without it, 127.0.0.1."))
    ] = None,
    port: Annotated[str | None, Option("--port", metavar="N", help=_("Listen at this port; 0 takes a free one. Without it, 8000."))] = None,
    name: Annotated[str | None, Option("--name", metavar="TEXT", help=_("What a new classroom is called."))] = None,
    url: Annotated[str | None, Option("--url", metavar="URL", help=_("How browsers reach it, when a proxy stands in front."))] = None,
    sandbox: Annotated[
        str | None,
        Option("--sandbox", metavar="server|local", help=_("server: refuse to start where the sandbox is not complete. local: do what can be done.")),
    ] = None,
    behind_proxy: Annotated[
        bool, Option("--behind-proxy", help=_("Believe a proxy in front about the addresses of clients (X-Forwarded-For, X-Forwarded-Proto)."))
    ] = False,
) -> int:
    """Serve a classroom."""
    session, at = Session(), _port(port)
    session.consent()
    if sandbox not in {None, "server", "local"}:
        raise KitError(_("no sandbox is called {name}").format(name=sandbox), "--sandbox", _("Choose one of: {names}.").format(names="server, local"))
    from kit.classroom.room import Settings
    from kit.classroom.serve import Plan
    from kit.classroom.serve import serve as run
    from kit.remote import cleaned_address
    from kit.screen.classroom import show_opening

    settings = Settings(
        sandbox="local" if sandbox == "local" else "server",
        base_url=cleaned_address(url) if url else "",
        trusted_proxy=behind_proxy,
        oidc_issuer=os.environ.get("KIT_OIDC_ISSUER", ""),
        oidc_client_id=os.environ.get("KIT_OIDC_CLIENT_ID", ""),
        oidc_client_secret=os.environ.get("KIT_OIDC_CLIENT_SECRET", ""),
        oidc_label=os.environ.get("KIT_OIDC_LABEL", ""),
    )
    plan = Plan(
        database=database_url(database),
        grade_on=grade_on or "local",
        host=host or "127.0.0.1",
        port=at,
        name=name or _("Classroom"),
        settings=settings,
    )
    run(session.bank, plan, lambda opening: show_opening(session.screen, opening, wanted=name), sys.stderr)
    session.screen.talk(_("Stopped; nothing is lost. Begin again with the same command: {command}").format(command=shlex.join(_typed())))
    return PASSED


def build(settings: dict[str, Any]) -> Typer:
    """The group."""
    app = Typer(cls=KitGroup, rich_markup_mode=None)
    for name, function, text in (
        ("serve", serve, _("Serve a classroom: the server that takes answers, judges them and keeps the boards.")),
        ("grade", batch.grade_folder, _("Grade a folder of answers, without a server.")),
        ("backup", upkeep.backup, _("Write the whole classroom into one file.")),
        ("restore", upkeep.restore, _("Put a backup into an empty database, of the same kind or the other.")),
        ("export", upkeep.export, _("Write the gradebook, the submissions, the people or the audit as CSV or JSON.")),
        ("import", upkeep.import_list, _("Add the students of a class list.")),
        ("add-teacher", upkeep.add_teacher, _("Let somebody sign in as a teacher or an assistant.")),
        ("rotate-code", upkeep.rotate_code, _("Replace the join code.")),
        ("doctor", upkeep.doctor, _("See whether a classroom can be served on this machine.")),
    ):
        app.command(name, cls=KitCommand, help=text, context_settings=settings)(_needing_packages(function))
    return app


def _needing_packages(command: Callable[..., int]) -> Callable[..., int]:
    """The command; where packages are missing that it needs, it raises KitError that says how to install them."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> int:
        try:
            return command(*arguments, **options)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.split(".")[0] in {"kit", "grader"}:
                raise
            remedy = _("Run: {command}").format(command="pip install 'nn-practice-kit[classroom]'")
            raise KitError(_("this command needs packages that are not installed"), error.name, remedy) from error

    return run


def _port(text: str | None) -> int:
    if text is None:
        return 8000
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise KitError(_("{text} is no port").format(text=text), "--port", _("Give a number from 0 to 65535."))
    return int(text)


def _typed() -> list[str]:
    return ["kit", *sys.argv[1:]]
