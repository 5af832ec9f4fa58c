"""kit class backup, restore, export, import, add-teacher, rotate-code, doctor: keeping a classroom in order."""

# ruff: noqa: PLC0415  # each command imports what it needs when it runs: that keeps the start of the others quick

import shlex
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from typer import Argument, Option

from grader.text import _, ngettext
from kit.cli.database import Database, database_url
from kit.cli.session import Session
from kit.errors import NOT_PASSED, PASSED, KitError

MOST_SHOWN = 20  # names of columns
GUESS = "http://127.0.0.1:8000"  # where kit class serve listens when it is told nothing

if TYPE_CHECKING:
    from grader.verdict import Policy
    from kit.classroom.classlist import Changes
    from kit.classroom.results import Columns
    from kit.classroom.transfer import Form, Thing


def backup(
    file: Annotated[str | None, Argument(metavar="[FILE]", help=_("The new file; without it, one named by the date, here."))] = None,
    database: Database = None,
) -> int:
    """Write the whole classroom into one file."""
    from kit.classroom.backup import backup as write
    from kit.classroom.database import open_present

    session, now = Session(), datetime.now(UTC)
    path = Path(file) if file else _free(f"classroom-{now:%Y-%m-%d-%H%M%S}", ".jsonl.gz")
    with closing(open_present(database_url(database))) as store:
        saved = write(store, path, now)
    session.screen.result(str(path))
    session.screen.talk(
        _("{classroom}: {people} people, {submissions} submissions. Keep it safe: names, answers and the classroom's secret are in it.").format(
            classroom=saved.classroom, people=saved.people, submissions=saved.submissions
        ),
        _("It comes back with: {command}").format(command=f"kit class restore {shlex.quote(str(path))} --database URL"),
    )
    return PASSED


def restore(file: Annotated[str, Argument(metavar="FILE", help=_("What kit class backup wrote."))], database: Database = None) -> int:
    """Put a backup into an empty database."""
    from kit.classroom.backup import restore as read
    from kit.classroom.database import opened_or_gone

    session = Session()
    with opened_or_gone(database_url(database)) as store:
        saved = read(store, Path(file), datetime.now(UTC))
        place = store.url.render_as_string()
    session.screen.result(_("{classroom} of {moment} UTC is in {database} now.").format(
        classroom=saved.classroom, moment=f"{saved.at:%Y-%m-%d %H:%M}", database=place
    ))  # fmt: skip
    session.screen.talk(_("{people} people, {submissions} submissions.").format(people=saved.people, submissions=saved.submissions))
    return PASSED


def export(
    thing: Annotated[str, Argument(metavar="THING", help=_("gradebook, submissions, people or audit."))],
    file: Annotated[str, Argument(metavar="FILE", help=_("The file to write, ending in .csv or .json."))],
    assignment: Annotated[
        str | None, Option("--assignment", metavar="NAME", help=_("The gradebook of this assignment; without it, of everything."))
    ] = None,
    columns: Annotated[
        str | None, Option("--columns", metavar="plain|canvas|moodle", help=_("The columns of a gradebook as CSV; without it plain."))
    ] = None,
    database: Database = None,
) -> int:
    """Write a part of the classroom as a table."""
    from kit.classroom.database import open_present
    from kit.classroom.results import COLUMNS
    from kit.classroom.room import Room
    from kit.classroom.transfer import FORMS, THINGS, exported
    from kit.files import write_atomically

    session, path = Session(), Path(file)
    wanted = cast("Thing", _one_of(thing, THINGS, "THING"))
    form = cast("Form", _one_of(path.suffix.lower().removeprefix("."), FORMS, "FILE"))
    chosen = cast("Columns", _one_of(columns or COLUMNS[0], COLUMNS, "--columns"))
    with closing(open_present(database_url(database))) as store:
        content = exported(Room(store, session.bank), wanted, form, columns=chosen, assignment=assignment, whole=True)
    try:
        write_atomically(path, content, private=True)
    except OSError as error:
        raise KitError(_("the file cannot be written ({reason})").format(reason=error.strerror), path, _("Choose another place.")) from error
    session.screen.result(str(path))
    return PASSED


def import_list(
    file: Annotated[str, Argument(metavar="FILE", help=_("A class list as CSV: name, student number or email, section."))],
    encoding: Annotated[str | None, Option("--encoding", metavar="NAME", help=_("How the file is written; without it UTF-8."))] = None,
    look: Annotated[bool, Option("--look", help=_("Only show what would change."))] = False,
    database: Database = None,
) -> int:
    """Add the students of a class list."""
    from kit.classroom.database import open_present
    from kit.classroom.upkeep import take_in

    session, path = Session(), Path(file)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise KitError(_("the list cannot be read ({reason})").format(reason=error.strerror), path, _("Name a file that you can read.")) from error
    with closing(open_present(database_url(database))) as store:
        changes, unused = take_in(store, data, path.name, datetime.now(UTC), encoding=encoding, look=look)
    if unused:
        shown = ", ".join(unused[:MOST_SHOWN]) + (", …" if len(unused) > MOST_SHOWN else "")
        session.screen.talk(_("Columns that are not used: {names}").format(names=shown))
    _show_changes(session, changes, look=look)
    return NOT_PASSED if changes.problems else PASSED


def _show_changes(session: Session, changes: "Changes", *, look: bool) -> None:
    screen = session.screen
    if look:
        screen.result(*(f"+ {' · '.join(filter(None, (row.name, row.student_id, row.email, row.section)))}" for row in changes.new))
        screen.result(*(f"~ {change.listed.name}: {_described(change.fields)}" for change in changes.changed))
    screen.talk(*changes.notes, *changes.problems)
    new, changed = len(changes.new), len(changes.changed)
    screen.result(" · ".join((
        ngettext("{n} new", "{n} new", new).format(n=new),
        ngettext("{n} changed", "{n} changed", changed).format(n=changed),
        ngettext("{n} as it was", "{n} as they were", changes.same).format(n=changes.same),
    )))  # fmt: skip
    joining = _("They join with the join code, their name as on the list and their number (or email, if it has none), or by a link of yours.")
    screen.talk(_("Nothing was changed.") if look else joining)


def _described(fields: dict[str, list[str]]) -> str:
    """By field what was and what would be."""
    return ", ".join(f"{field} {before or '–'} → {after}" for field, (before, after) in fields.items())


def add_teacher(
    name: Annotated[str, Argument(metavar="NAME", help=_("Their name; who is a teacher already gets a fresh link."))],
    email: Annotated[str | None, Option("--email", metavar="ADDRESS", help=_("Their email; a university's sign-in knows them by it."))] = None,
    assistant: Annotated[bool, Option("--assistant", help=_("As an assistant, who sees the desk and changes nothing but regrades."))] = False,
    url: Annotated[str | None, Option("--url", metavar="URL", help=_("How browsers reach the server; without it, where it was served last."))] = None,
    database: Database = None,
) -> int:
    """Let somebody sign in as a teacher."""
    from kit.classroom.database import open_present
    from kit.classroom.upkeep import appoint, last_served
    from kit.remote import cleaned_address

    session = Session()
    address = cleaned_address(url) if url else None
    with closing(open_present(database_url(database))) as store:
        done = appoint(store, name, "assistant" if assistant else "teacher", datetime.now(UTC), email=email)
        served = last_served(store)
    if not done.new:
        session.screen.talk(_("Renewed: {name} is here already.").format(name=done.name))
    elif assistant:
        session.screen.talk(_("New assistant added: {name}.").format(name=done.name))
    else:
        session.screen.talk(_("New teacher added: {name}.").format(name=done.name))
    session.screen.talk(_("{name} signs in, once within 24 hours, at:").format(name=done.name))
    session.screen.result(f"{address or served or GUESS}/signin?token={done.token}")
    if address is None and served is not None:
        session.screen.talk(_("That is where the classroom was served last; name another address with --url."))
    elif address is None:
        session.screen.talk(_("The address is a guess, because this classroom was never served: name the right one with --url."))
    return PASSED


def rotate_code(database: Database = None) -> int:
    """Replace the join code."""
    from kit.classroom.database import open_present
    from kit.classroom.upkeep import rotate_code as rotate

    session = Session()
    with closing(open_present(database_url(database))) as store:
        code, is_open = rotate(store, datetime.now(UTC))
    session.screen.result(code)
    session.screen.talk(_("The old code lets nobody in any more. Whoever is in stays in."))
    if not is_open:
        session.screen.talk(_("Joining is closed; a teacher opens it at the desk."))
    return PASSED


def doctor(
    grade_on: Annotated[
        str | None, Option("--grade-on", metavar="local|ray://HOST:PORT", help=_("Where answers are judged; without it, on this machine."))
    ] = None,
    sandbox: Annotated[
        str | None,
        Option("--sandbox", metavar="server|local", help=_("server: refuse to start where the sandbox is not complete. local: do what can be done.")),
    ] = None,
    database: Database = None,
) -> int:
    """Look whether a classroom can be served here."""
    from kit.classroom.checkup import examine
    from kit.screen.checkup import show_end, show_finding

    session = Session()
    policy = cast("Policy", _one_of(sandbox or "server", ("server", "local"), "--sandbox"))
    fine = True
    for finding in examine(session.bank, database_url(database), datetime.now(UTC), grade_on=grade_on or "local", sandbox=policy):
        show_finding(session.screen, finding)
        fine = fine and (finding.fine or not finding.required)
    show_end(session.screen, fine=fine)
    return PASSED if fine else NOT_PASSED


def _free(name: str, ending: str) -> Path:
    """A name that no file here has, counted on where that is needed."""
    path, number = Path(f"{name}{ending}"), 1
    while path.exists():
        number += 1
        path = Path(f"{name}-{number}{ending}")
    return path


def _one_of(text: str, names: tuple[str, ...], where: str) -> str:
    if text not in names:
        remedy = _("Choose one of: {names}.").format(names=", ".join(names))
        raise KitError(_("{option} cannot be {text}").format(option=where, text=text or "–"), remedy=remedy)
    return text
