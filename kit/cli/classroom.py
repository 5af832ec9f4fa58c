"""kit class: what a teacher does. What only some of these need is imported when they run, and said to be missing where it is."""

# ruff: noqa: PLC0415  # each command imports what it needs when it runs: that keeps the start of the others quick

import os
import shlex
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Any

from typer import Option, Typer

from grader.text import _
from kit.cli.commands import KitCommand, KitGroup
from kit.cli.session import Session
from kit.errors import PASSED, KitError

Database = Annotated[
    str | None, Option("--database", metavar="URL", help=_("Where the classroom is kept; without it KIT_DATABASE, else sqlite:///classroom.db."))
]


@contextmanager
def extra(name: str) -> Generator[None]:
    """What the block imports comes with an extra of the kit. Raises KitError that says how to install it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] in {"kit", "grader"}:
            raise
        remedy = _("Run: {command}").format(command=f"pip install 'nn-practice-kit[{name}]'")
        raise KitError(_("this command needs packages that are not installed"), error.name, remedy) from error


def database_url(given: str | None) -> str:
    """The database that --database names, else KIT_DATABASE, else a file in this folder."""
    return given or os.environ.get("KIT_DATABASE") or "sqlite:///classroom.db"


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
    with extra("classroom"):
        from kit.classroom.room import Settings
        from kit.classroom.serve import Plan
        from kit.classroom.serve import serve as run
    from kit.remote import cleaned_address
    from kit.screen.classroom import show_opening

    session = Session()
    session.consent()
    if sandbox not in {None, "server", "local"}:
        raise KitError(_("no sandbox is called {name}").format(name=sandbox), "--sandbox", _("Choose one of: {names}.").format(names="server, local"))
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
        port=_port(port),
        name=name or _("Classroom"),
        settings=settings,
    )
    run(session.bank, plan, lambda opening: show_opening(session.screen, opening), sys.stderr)
    session.screen.talk(_("Stopped; nothing is lost. Begin again with the same command: {command}").format(command=shlex.join(_typed())))
    return PASSED


def build(settings: dict[str, Any]) -> Typer:
    """The group."""
    app = Typer(cls=KitGroup, rich_markup_mode=None)
    for name, function, text in (("serve", serve, _("Serve a classroom: the server that takes answers, judges them and keeps the boards.")),):
        app.command(name, cls=KitCommand, help=text, context_settings=settings)(function)
    return app


def _port(text: str | None) -> int:
    if text is None:
        return 8000
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise KitError(_("{text} is no port").format(text=text), "--port", _("Give a number from 0 to 65535."))
    return int(text)


def _typed() -> list[str]:
    return ["kit", *sys.argv[1:]]
