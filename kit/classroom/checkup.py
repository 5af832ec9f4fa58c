"""Is everything in place for a classroom on this machine? Each finding comes with its remedy; a server that runs is not disturbed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from grader import client
from grader.text import _, ngettext
from grader.verdict import Policy
from kit.bank import Bank
from kit.classroom import gradings
from kit.classroom.database import NoClassroom, Store, known_schemas, open_present, schema_of
from kit.classroom.executor import open_executor
from kit.classroom.local import cores, has_gpu
from kit.classroom.schema import AssignmentExercise, Audit, Classroom, Person, Submission, VerdictRow
from kit.doctor import Finding
from kit.errors import KitError

__all__ = ["examine"]

ENOUGH_ROOM = 1_000_000_000  # bytes: a semester of 200 students takes less
APART = timedelta(seconds=5)  # that two machines' clocks may differ before times of submission mean different things
SHOWN = 5


def examine(bank: Bank, url: str, now: datetime, *, grade_on: str = "local", sandbox: Policy = "server") -> Iterator[Finding]:
    """Everything, one finding after the other; the sandbox and a cluster take seconds."""
    store = folder = None
    try:
        store = open_present(url, any_schema=True)
        yield _schema(store)
    except NoClassroom as error:
        folder = error.folder
        facts = _("no classroom yet ({place}): it is made at the first start").format(place=error.where)
        yield Finding(_("database"), fine=False, facts=facts, remedy=error.remedy, required=False)
    except KitError as error:
        yield Finding(_("database"), fine=False, facts=_told(error), remedy=error.remedy)
    if store is not None:
        if schema_of(store) == known_schemas()[0]:
            with store.reading() as session:
                yield from _content(session, bank, now)
        folder = Path(store.url.database or ".").parent if store.url.get_backend_name() == "sqlite" else None
        store.close()
    if folder is not None:
        yield _room(_("disk of the database"), folder)
    yield _room(_("disk for temporary files"), Path(tempfile.gettempdir()))
    yield _bank(bank)
    yield from _judges(bank, grade_on, sandbox)


def _schema(store: Store) -> Finding:
    known, present = known_schemas(), schema_of(store)
    place = store.url.render_as_string()
    if present == known[0]:
        return Finding(_("database"), fine=True, facts=place)
    if present in known:
        facts = _("{place}, of an older kit (schema {revision})").format(place=place, revision=present)
        remedy = _("The next start of kit class serve brings it up to date; back it up with the old kit first.")
        return Finding(_("database"), fine=False, facts=facts, remedy=remedy)
    facts = _("{place}, of a newer kit (schema {revision})").format(place=place, revision=present)
    return Finding(_("database"), fine=False, facts=facts, remedy=_("Install the newest kit."))


def _content(session: Session, bank: Bank, now: datetime) -> Iterator[Finding]:
    classroom = session.get(Classroom, 1)
    if classroom is None:
        yield Finding(_("classroom"), fine=False, facts=_("not founded yet"), remedy=_("Begin one: kit class serve"))
        return
    counted = select(Person.role, func.count()).where(Person.active).group_by(Person.role)
    counts: dict[str, int] = {row[0]: row[1] for row in session.execute(counted)}
    students, staff = counts.get("student", 0), counts.get("teacher", 0) + counts.get("assistant", 0)
    facts = [classroom.name, ngettext("{n} student", "{n} students", students).format(n=students), _("{n} of the staff").format(n=staff)]
    yield Finding(_("classroom"), bool(counts.get("teacher")), ", ".join(facts), _("Add a teacher: kit class add-teacher NAME"))
    yield _clock(session, now)
    yield _known(session, bank)
    queue = gradings.queue(session, now)
    facts = _("{pending} waiting, {running} being judged, {failed} given up").format(
        pending=queue.pending, running=queue.running, failed=queue.failed
    )
    yield Finding(_("answers"), not queue.failed, facts, _("Look at the desk's page of health, and try them again there."), required=False)


def _clock(session: Session, now: datetime) -> Finding:
    """Nothing was written later than now, and a database on another machine has the same time."""
    columns = (Audit.at, Submission.submitted_at, VerdictRow.graded_at)
    moments = [moment for column in columns if (moment := session.scalar(select(func.max(column)))) is not None]
    ahead = max(moments, default=now) - now
    remedy = _("Set the clock of this machine by the network (NTP).")
    shown = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if ahead > APART:
        facts = _("{now}, but something was handed in or judged {n} s later than that").format(now=shown, n=round(ahead.total_seconds()))
        return Finding(_("clock"), fine=False, facts=facts, remedy=remedy)
    if session.get_bind().dialect.name == "postgresql":
        apart = abs(session.execute(text("SELECT clock_timestamp()")).scalar_one() - now)
        if apart > APART:
            facts = _("{now}, and the database's differs by {n} s").format(now=shown, n=round(apart.total_seconds()))
            return Finding(_("clock"), fine=False, facts=facts, remedy=remedy)
    return Finding(_("clock"), fine=True, facts=shown)


def _known(session: Session, bank: Bank) -> Finding:
    """Every exercise of an assignment is in the bank."""
    used = set(session.scalars(select(AssignmentExercise.exercise).distinct()))
    gone = sorted(used - set(bank.by_slug))
    if not used:
        return Finding(_("assignments"), fine=True, facts=_("none yet"))
    if not gone:
        facts = ngettext("{n} exercise of assignments, in the bank", "{n} exercises of assignments, all in the bank", len(used)).format(n=len(used))
        return Finding(_("assignments"), fine=True, facts=facts)
    facts = _("not in the bank: {names}").format(names=_some(gone))
    return Finding(_("assignments"), fine=False, facts=facts, remedy=_("Choose the right bank with --bank, or change the assignments."))


def _bank(bank: Bank) -> Finding:
    """Every exercise can be judged: its checks and its solution lie there."""
    try:
        if bank.edition == "student":
            facts = _("{bank}: a student edition, without hidden checks").format(bank=bank.root)
            return Finding(_("bank"), fine=False, facts=facts, remedy=_("Use the full edition, or name one with --bank."))
        lacking = [each.slug for each in bank.exercises if not (each.checks.is_file() and each.solution.is_file())]
        count = len(bank.exercises)
    except KitError as error:
        return Finding(_("bank"), fine=False, facts=_told(error), remedy=error.remedy)
    if lacking or not count:
        facts = _("{bank}: checks or solutions are missing ({names})").format(bank=bank.root, names=_some(lacking) or "–")
        return Finding(_("bank"), fine=False, facts=facts, remedy=_("Install the kit again, or run: kit author check"))
    facts = ngettext("{bank}: {n} exercise, complete", "{bank}: {n} exercises, complete", count).format(bank=bank.root, n=count)
    return Finding(_("bank"), fine=True, facts=facts)


def _room(name: str, folder: Path) -> Finding:
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(name, fine=False, facts=f"{folder}: {error.strerror}", remedy=_("Make it writable."))
    facts = _("{folder}: {n} GB free").format(folder=folder, n=f"{free / 1e9:.1f}")
    return Finding(name, free >= ENOUGH_ROOM, facts, _("Make room: a full disk stops the class."))


def _judges(bank: Bank, grade_on: str, sandbox: Policy) -> Iterator[Finding]:
    """Where answers are judged. This machine's judge is asked, not stopped; of a cluster one executor is opened and closed."""
    if grade_on == "local":
        yield from _layers(sandbox)
        facts = _("this machine: {n} at once").format(n=cores()) + (_(", and a GPU") if has_gpu() else "")
        yield Finding(_("executor"), fine=True, facts=facts)
        return
    try:
        executor = open_executor(grade_on, bank=bank, sandbox=sandbox)
    except KitError as error:
        yield Finding(_("executor"), fine=False, facts=_told(error), remedy=error.remedy)
        return
    try:
        for place in executor.describe():
            facts = _("{n} at once").format(n=place.capacity) if place.fine else place.note or _("does not answer")
            yield Finding(_("executor: {name}").format(name=place.name), place.fine, facts, _("See what the node says."), required=False)
    finally:
        executor.close()


def _layers(sandbox: Policy) -> Iterator[Finding]:
    try:
        layers = client.sandbox_layers(sandbox)
    except (client.JudgeError, OSError, subprocess.SubprocessError) as error:
        facts = _("the judge cannot be started: {reason}").format(reason=error)
        yield Finding(_("sandbox"), fine=False, facts=facts, remedy=_("Install the kit again."))
        return
    missing = [layer for layer in layers if not layer.on]
    for layer in missing:
        facts, remedy = _(layer.why or "off"), _("Mend that; or trust the students of this class more, and serve with --sandbox local.")
        yield Finding(_("sandbox: {layer}").format(layer=layer.name), fine=False, facts=facts, remedy=remedy, required=sandbox == "server")
    on = [layer.name for layer in layers if layer.on]
    yield Finding(_("sandbox"), fine=bool(on), facts=", ".join(on), required=False)


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def _told(error: KitError) -> str:
    return f"{error.what}: {error.where}" if error.where else error.what
