"""A student's work: everything that they handed in, the submissions of one exercise, and one of them whole."""

from collections import defaultdict
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from grader.text import _
from kit.classroom import points, submissions
from kit.classroom.boards import BoardName
from kit.classroom.errors import Refused
from kit.classroom.ledger import read_attempts
from kit.classroom.points import PRACTICE, Rules
from kit.classroom.room import Room
from kit.classroom.schema import Assignment, Grading, Person, Submission, VerdictRow
from kit.classroom.web.auth import room_of
from kit.classroom.web.boards_pages import standings_of
from kit.classroom.web.desk_diff import diff
from kit.classroom.web.desk_entries import Entry, entries, flags_of
from kit.classroom.web.desk_parts import Chosen, Staff, desk, namesakes, person_of, titles
from kit.classroom.web.desk_similarity import comparisons_of
from kit.classroom.web.pages import exercise_of
from kit.classroom.web.render import highlighted
from kit.classroom.web.view import page

__all__ = ["router"]

STARTER = "starter"

router = desk()


@router.get("/students/{person_id}")
def show_student(request: Request, who: Staff, person_id: int) -> Response:  # noqa: ARG001  # being of the staff is asked for
    """What a student has done, exercise by exercise."""
    room = room_of(request)
    with room.store.reading() as session:
        person = person_of(session, person_id)
        by_exercise: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries(session, Submission.person_id == person_id):
            by_exercise[entry.exercise].append(entry)
    row = standings_of(request).board(BoardName("overall"), "staff").row(person_id)
    return page(request, "desk/student.html", person=person, row=row, by_exercise=by_exercise, titles=titles(room))


@router.get("/students/{person_id}/{slug}")
def show_cell(request: Request, who: Staff, person_id: int, slug: str, assignment: str = "") -> Response:  # noqa: ARG001  # as above
    """A cell of the gradebook: the submission that counts there, else the newest, with the others beside it."""
    room = room_of(request)
    with room.store.reading() as session:
        chosen = Chosen(session, assignment)
        person_of(session, person_id)
        where = [Submission.person_id == person_id, Submission.exercise == slug]
        if chosen.id is not None:
            where.append(Submission.assignment_id == chosen.id)
        counted = _counted(session, where, chosen.assignment)
        newest = session.scalar(select(Submission.id).where(*where).order_by(Submission.id.desc()).limit(1))
    if newest is None:
        raise Refused("no-submission", _("nothing was handed in there"), slug, _("Look at the gradebook."), http=404)
    return _show(request, counted or newest, "")


@router.get("/submissions/{submission_id}")
def show_submission(request: Request, who: Staff, submission_id: int, against: str = "") -> Response:  # noqa: ARG001  # as above
    """A submission whole. against: the number of another one of the same person and exercise, or "starter": what changed since."""
    return _show(request, submission_id, against)


def _show(request: Request, submission_id: int, against: str) -> Response:
    room = room_of(request)
    status = submissions.status(room, submission_id)
    with room.store.reading() as session:
        submission = session.get_one(Submission, submission_id)
        person, assignment = submission.person, submission.assignment
        own = entries(session, Submission.person_id == person.id, Submission.exercise == submission.exercise)
        grading = session.scalar(select(Grading).where(Grading.submission_id == submission_id).order_by(Grading.id.desc()).limit(1))
        verdicts = session.scalars(select(VerdictRow).where(VerdictRow.submission_id == submission_id).order_by(VerdictRow.id)).all()
        alike = comparisons_of(request).known(session, submission.exercise, submission.assignment_id)
        hints = [pair for pair in alike or [] if submission_id in {pair.first.submission_id, pair.second.submission_id}]
        names = _names(session, {side.person_id for pair in hints for side in (pair.first, pair.second)})
        before = _before(room, session, submission, against)
        counted = _all_counted(session, submission)
    flags = flags_of(submission.flags)
    values: dict[str, Any] = {
        "own": own,
        "counted": counted,
        "grading": grading,
        "verdicts": verdicts,
        "compared": alike is not None,
        "hints": hints,
        "names": names,
        "flags": flags,
        "against": against,
        "changes": None if before is None else diff(before, submission.source),
        "exercise": room.bank.by_slug.get(submission.exercise),
    }
    source = highlighted(submission.source, marked=tuple(flag.line for flag in flags))
    return page(
        request,
        "desk/submission.html",
        submission=submission,
        person=person,
        assignment=assignment,
        stands=status,
        source=source,
        titles=titles(room),
        **values,
    )


def _before(room: Room, session: Session, submission: Submission, against: str) -> str | None:
    """The source to compare with; None when none is asked for. Raises Refused for somebody else's."""
    if not against:
        return None
    if against == STARTER:
        starter = exercise_of(room, submission.exercise).starter
        return starter.read_text(encoding="utf-8") if starter.is_file() else ""
    other = session.get(Submission, int(against)) if against.isascii() and against.isdigit() and len(against) < 19 else None
    if other is None or (other.person_id, other.exercise) != (submission.person_id, submission.exercise):
        raise Refused("no-submission", _("there is no such submission"), against[:20], _("Choose one of the list."), http=404)
    return other.source


def _all_counted(session: Session, submission: Submission) -> dict[int, list[str]]:
    """Of all submissions of the same person and exercise those that make points, and where: on the overall board, in assignments."""
    mine = [Submission.person_id == submission.person_id, Submission.exercise == submission.exercise]
    given = session.scalars(select(Assignment).where(Assignment.id.in_(select(Submission.assignment_id).where(*mine)))).all()
    places = [(mine, _("everything"), None), *(([*mine, Submission.assignment_id == each.id], each.title, each) for each in given)]
    found: dict[int, list[str]] = {}
    for where, name, assignment in places:
        counted = _counted(session, where, assignment)
        if counted is not None:
            found.setdefault(counted, []).append(name)
    return found


def _counted(session: Session, where: list[ColumnElement[bool]], assignment: Assignment | None) -> int | None:
    """Which of these submissions of one person and exercise makes the points, in an assignment or over everything."""
    attempts = read_attempts(session, *where)
    given = {each.assignment_id for each in attempts if each.assignment_id is not None}
    rules = {each.id: Rules.of(each) for each in session.scalars(select(Assignment).where(Assignment.id.in_(given)))}
    own = PRACTICE if assignment is None else Rules.of(assignment)
    counted = points.score(attempts, rules, own.counts).counted
    return None if counted is None else counted.submission_id


def _names(session: Session, people: set[int]) -> dict[int, str]:
    found = session.execute(select(Person.id, Person.name).where(Person.id.in_(people)))
    same = namesakes(session)
    return {person_id: f"{name} ({same[person_id]})" if person_id in same else name for person_id, name in found}
