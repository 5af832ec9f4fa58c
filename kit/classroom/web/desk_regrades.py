"""Regrading: what an older bank has judged, judged again; what would change is looked at before it counts."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Form, Request
from fastapi.responses import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.text import _
from kit.classroom import assignments, regrade
from kit.classroom.errors import Refused
from kit.classroom.regrade import Change
from kit.classroom.room import Room
from kit.classroom.schema import Assignment, Grading, Person, Regrade, RegradeState, Submission, VerdictRow
from kit.classroom.versions import bank_version
from kit.classroom.web.auth import Visitor, room_of
from kit.classroom.web.desk_parts import Staff, Teaching, checked, desk, titles
from kit.classroom.web.view import page, redirect

__all__ = ["Listed", "listed", "router"]

MOST = 500  # changes shown
MANY = 50  # regrades listed

router = desk()


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A regrade in a list. by: who started it, "" for the command line or somebody who is gone."""

    regrade: Regrade
    exercise: str
    assignment: str
    by: str


@dataclass(frozen=True)
class Summary:
    """How many submissions a regrade changes, and how."""

    gained: int
    lost: int
    otherwise: int
    same: int

    @classmethod
    def of(cls, changes: list[Change]) -> "Summary":
        """Count them; what has no new verdict is not counted."""
        counted = Counter(_kind(change) for change in changes if change.new_points is not None)
        return cls(counted["gained"], counted["lost"], counted["otherwise"], counted["same"])


@router.get("/regrades")
def show_all(request: Request, who: Staff, exercise: str = "", assignment: str = "") -> Response:  # noqa: ARG001  # being of the staff is asked for
    """What could be judged again, and the regrades so far. ?exercise=&assignment= fill in the form."""
    return _list(request, exercise=exercise, assignment=assignment)


@router.post("/regrades", dependencies=checked)
def start(
    request: Request,
    who: Staff,
    exercise: Annotated[str, Form(max_length=100)] = "",
    assignment: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Have them judged again. The service writes it down."""
    room = room_of(request)
    try:
        with room.store.writing() as session:
            begun = regrade.start(session, room, exercise=exercise or None, assignment=assignment or None, by=who.me)
    except Refused as error:
        return _list(request, exercise=exercise, assignment=assignment, error=error)
    request.app.state.grader.wake()
    return redirect(request, f"/desk/regrades/{begun.id}", _("They are judged again, after everything that students hand in meanwhile."))


@router.get("/regrades/{regrade_id}")
def show(request: Request, who: Staff, regrade_id: int) -> Response:
    """How far it is, and what it would change."""
    room = room_of(request)
    with room.store.reading() as session:
        found = _regrade(session, regrade_id)
        [about] = listed(session, titles(room), [found])
        progress = regrade.progress(session, found)
        changes = [] if found.state in {"applied", "discarded"} else regrade.preview(session, room, found)
        assigned = {each.slug: each.title for each in assignments.all_of_them(session)}
    differing = [change for change in changes if change.differs]
    values: dict[str, Any] = {
        "about": about,
        "assigned": assigned,
        "progress": progress,
        "changes": differing[:MOST],
        "more": max(len(differing) - MOST, 0),
        "summary": Summary.of(changes),
        "may_discard": _may_discard(who, found),
    }
    return page(request, "desk/regrade.html", regrade=found, titles=titles(room), **values)


@router.post("/regrades/{regrade_id}/apply", dependencies=checked)
def apply(request: Request, who: Teaching, regrade_id: int) -> Response:
    """Let the new verdicts count. The service writes it down."""
    room = room_of(request)
    with room.store.writing() as session:
        regrade.apply(session, room, _regrade(session, regrade_id), by=who.me)
    return redirect(request, f"/desk/regrades/{regrade_id}", _("The new verdicts count now."))


@router.post("/regrades/{regrade_id}/discard", dependencies=checked)
def discard(request: Request, who: Staff, regrade_id: int) -> Response:
    """Let the old verdicts count; teachers, and whoever started it. The service writes it down."""
    room = room_of(request)
    with room.store.writing() as session:
        found = _regrade(session, regrade_id)
        if not _may_discard(who, found):
            raise Refused("forbidden", _("this regrade is another's"), remedy=_("Ask a teacher."), http=403)
        regrade.discard(session, room, found, by=who.me)
    return redirect(request, "/desk/regrades", _("Nothing has changed: the old verdicts count."))


def listed(session: Session, names: dict[str, str], regrades: list[Regrade]) -> list[Listed]:
    """Regrades with the words for what they are about. names: the exercises' titles."""
    assigned = {
        each.id: each.title for each in session.scalars(select(Assignment).where(Assignment.id.in_({each.assignment_id for each in regrades})))
    }
    people = {each.id: each.name for each in session.scalars(select(Person).where(Person.id.in_({each.created_by for each in regrades})))}
    return [
        Listed(
            regrade=each,
            exercise=names.get(each.exercise, each.exercise) if each.exercise is not None else "",
            assignment=assigned.get(each.assignment_id, "") if each.assignment_id is not None else "",
            by=people.get(each.created_by, "") if each.created_by is not None else "",
        )
        for each in regrades
    ]


def _list(request: Request, *, exercise: str, assignment: str, error: Refused | None = None) -> Response:
    room = room_of(request)
    names = titles(room)
    with room.store.reading() as session:
        regrades = listed(session, names, list(session.scalars(select(Regrade).order_by(Regrade.id.desc()).limit(MANY))))
        outdated = _outdated(session, room)
        exercises = [("", _("all exercises")), *((slug, title) for slug, title in names.items() if slug in outdated or slug == exercise)]
        choices = [("", _("all work, practice too")), *((each.slug, each.title) for each in assignments.all_of_them(session))]
    values = {"exercises": exercises, "choices": choices, "exercise": exercise, "assignment": assignment, "error": error}
    status = error.http if error is not None else 200
    return page(request, "desk/regrades.html", status=status, regrades=regrades, outdated=outdated, titles=names, **values)


def _outdated(session: Session, room: Room) -> dict[str, int]:
    """By exercise, how many submissions have a verdict of an older bank and are in no regrade that is undecided, where there are any."""
    undecided = select(Regrade.id).where(Regrade.state.in_(("running", "preview")))
    again = select(Grading.id).where(Grading.submission_id == Submission.id, Grading.regrade_id.in_(undecided)).exists()
    verdicts = select(Submission.exercise, VerdictRow.bank_version, func.count()).join(VerdictRow, VerdictRow.id == Submission.verdict_id)
    counts: Counter[str] = Counter()
    for slug, version, count in session.execute(verdicts.where(~again).group_by(Submission.exercise, VerdictRow.bank_version)):
        exercise = room.bank.by_slug.get(slug)
        if exercise is not None and version != bank_version(exercise):
            counts[slug] += count
    return dict(counts)


def _regrade(session: Session, regrade_id: int) -> Regrade:
    found = session.get(Regrade, regrade_id)
    if found is None:
        raise Refused("no-regrade", _("there is no such regrade"), regrade_id, _("Look at the list of regrades."), http=404)
    return found


def _may_discard(who: Visitor, found: Regrade) -> bool:
    undecided = cast("RegradeState", found.state) in {"running", "preview"}
    return undecided and (who.is_at_least("teacher") or found.created_by == who.me.id)


def _kind(change: Change) -> str:
    if not change.differs:
        return "same"
    if change.old_passed != change.new_passed:
        return "gained" if change.new_passed else "lost"
    return "otherwise"
