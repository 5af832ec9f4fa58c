"""What goes out of a classroom as a file: the gradebook, the submissions, the people, the audit.

CSV is for spreadsheets, quoted and formula-safe; JSON is for programs and says the same, and of submissions more. A class list comes in by
kit.classroom.classlist.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias, get_args

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.text import _
from grader.verdict import decode_verdict
from kit.classroom import assignments
from kit.classroom.boards import BoardName
from kit.classroom.cells import Cell, csv_text
from kit.classroom.gradebook import Gradebook, gradebook, table
from kit.classroom.results import CANVAS, POSSIBLE, Columns
from kit.classroom.room import Room
from kit.classroom.schema import Assignment, Audit, Grading, Person, Section, Submission, VerdictRow
from kit.classroom.standings import Standings

__all__ = ["FORMS", "THINGS", "Form", "Thing", "exported", "gradebook_table"]

Thing: TypeAlias = Literal["gradebook", "submissions", "people", "audit"]
Form: TypeAlias = Literal["csv", "json"]
THINGS: tuple[Thing, ...] = get_args(Thing)
FORMS: tuple[Form, ...] = get_args(Form)

MOODLE = ("Full name", "ID number", "Email address")
SUBMISSIONS = (
    "id", "name", "student_id", "pseudonym", "section", "exercise", "assignment", "number", "submitted_at", "state", "passed", "checks_passed",
    "checks_total", "seconds", "graded_at", "bank_version", "flags", "sha256",
)  # fmt: skip
CHUNK = 500  # rows that are read at once
PEOPLE = ("name", "role", "student_id", "email", "section", "pseudonym", "active", "submissions", "created_at")
AUDIT = ("at", "who", "action", "object", "detail")


def exported(room: Room, thing: Thing, form: Form, *, columns: Columns = "plain", assignment: str | None = None, whole: bool = False) -> bytes:
    """A file, ready to be sent or written. columns, assignment: of the gradebook; assignment None: everything that was handed in.

    whole: of submissions as JSON the source and every check too, which is much in a large class. Names and numbers are in it: for the staff only.
    Raises Refused when there is no such assignment.
    """
    if thing == "gradebook":
        if assignment:
            with room.store.reading() as session:
                _refuse_unknown(session, assignment)
        book = _gradebook(room, assignment)
        return _json(book) if form == "json" else csv_text(gradebook_table(book, columns)).encode()
    with room.store.reading() as session:
        headings, rows = {"submissions": _submissions, "people": _people, "audit": _audit}[thing](session)
    if form == "json":
        told = [dict(zip(headings, row, strict=True)) for row in rows]
        if whole and thing == "submissions":
            with room.store.reading() as session:
                _complete(session, told)
        return _json(told)
    return csv_text([headings, *([_cell(value) for value in row] for row in rows)]).encode()


def gradebook_table(book: Gradebook, columns: Columns) -> list[list[Cell]]:
    """The gradebook with headings: all that is known, or the columns that Canvas and Moodle read; empty where nothing counts yet."""
    if columns == "plain":
        return [list(row) for row in table(book)]
    slugs = [column.exercise for column in book.columns]
    rows: list[list[Cell]] = [[*(CANVAS if columns == "canvas" else MOODLE), *slugs]]
    if columns == "canvas":
        rows.append([POSSIBLE, *[None] * (len(CANVAS) - 1), *(column.worth for column in book.columns)])
    for line in book.lines:
        number = line.student_id or None
        about = [line.name, None, number, line.email or None, line.section] if columns == "canvas" else [line.name, number, line.email or None]
        rows.append([*about, *(None if cell is None or cell.state == "pending" else cell.points for cell in line.cells)])
    return rows


def _gradebook(room: Room, assignment: str | None) -> Gradebook:
    board = Standings(room.store, room.bank).board(BoardName("assignment", assignment) if assignment else BoardName("overall"), "staff")
    with room.store.reading() as session:
        return gradebook(session, board)


def _submissions(session: Session) -> tuple[Sequence[str], list[list[object]]]:
    state = select(Grading.state).where(Grading.submission_id == Submission.id).order_by(Grading.regrade_id.is_not(None), Grading.id.desc()).limit(1)
    query = (
        select(
            Submission.id, Person.name, Person.student_id, Person.pseudonym, Section.name, Submission.exercise, Assignment.slug, Submission.number,
            Submission.submitted_at, state.scalar_subquery(), VerdictRow.passed, VerdictRow.checks_passed, VerdictRow.checks_total,
            VerdictRow.seconds, VerdictRow.graded_at, VerdictRow.bank_version, Submission.flags, Submission.sha256,
        )
        .join(Person, Person.id == Submission.person_id)
        .outerjoin(Section, Section.id == Person.section_id)
        .outerjoin(Assignment, Assignment.id == Submission.assignment_id)
        .outerjoin(VerdictRow, VerdictRow.id == Submission.verdict_id)
        .order_by(Submission.id)
    )  # fmt: skip
    return SUBMISSIONS, [list(row) for row in session.execute(query)]


def _complete(session: Session, told: list[dict[str, object]]) -> None:
    """Put in what is too long for a table: the source, and of the verdict that counts each check."""
    query = select(Submission.id, Submission.source, VerdictRow.verdict).outerjoin(VerdictRow, VerdictRow.id == Submission.verdict_id)
    by_id = {submission["id"]: submission for submission in told}
    for row in session.execute(query.execution_options(yield_per=CHUNK)):
        verdict = None if row.verdict is None else decode_verdict(row.verdict)
        if row.id in by_id:
            by_id[row.id] |= {"source": row.source, "load": verdict and verdict.load, "checks": verdict and verdict.checks}


def _refuse_unknown(session: Session, assignment: str) -> None:
    slugs = [each.slug for each in assignments.all_of_them(session)]
    if assignment not in slugs:
        names = ", ".join(slugs)
        raise assignments.unknown(assignment, _("There are: {names}.").format(names=names) if slugs else _("There is none yet."))


def _people(session: Session) -> tuple[Sequence[str], list[list[object]]]:
    submissions = select(func.count()).where(Submission.person_id == Person.id).scalar_subquery()
    columns = Person.name, Person.role, Person.student_id, Person.email, Section.name, Person.pseudonym, Person.active, submissions, Person.created_at
    query = select(*columns).outerjoin(Section, Section.id == Person.section_id).order_by(Person.id)
    return PEOPLE, [list(row) for row in session.execute(query)]


def _audit(session: Session) -> tuple[Sequence[str], list[list[object]]]:
    query = select(Audit.at, Person.name, Audit.action, Audit.object, Audit.detail).outerjoin(Person, Person.id == Audit.person_id).order_by(Audit.id)
    return AUDIT, [list(row) for row in session.execute(query)]


def _cell(value: object) -> Cell:
    """As a spreadsheet takes it."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, (str, int, float)):
        return value
    return "; ".join(map(str, value)) if isinstance(value, list) else msgspec.json.encode(value).decode()


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"
