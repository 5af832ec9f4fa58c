"""Submissions as the desk lists them: whose, of what, what came of it, and what the scan found suspicious in the source."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Text, and_, cast, select
from sqlalchemy.orm import Session

from kit.classroom.schema import Assignment, Grading, Person, Submission, VerdictRow
from kit.classroom.web.work import State

__all__ = ["FLAGGED", "Entry", "Flag", "entries", "flags_of"]

FLAGGED: ColumnElement[bool] = cast(Submission.flags, Text).not_in(("[]", "null"))


@dataclass(frozen=True)
class Flag:
    """A line that a teacher may want to see, and the name that it uses."""

    line: int
    rule: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A submission without its source. assignment: its title, None for practice."""

    id: int
    person_id: int
    name: str
    exercise: str
    number: int
    submitted_at: datetime
    assignment_id: int | None
    assignment: str | None
    state: State
    passed: int
    total: int
    flags: tuple[Flag, ...]


def entries(session: Session, *where: ColumnElement[bool], limit: int | None = None) -> list[Entry]:
    """The submissions under conditions on Submission, newest first."""
    found = (
        select(
            Submission.id, Submission.person_id, Person.name, Submission.exercise, Submission.number, Submission.submitted_at, Submission.flags,
            Submission.assignment_id, Assignment.title, VerdictRow.passed, VerdictRow.checks_passed, VerdictRow.checks_total, Grading.state,
        )
        .join(Person, Person.id == Submission.person_id)
        .outerjoin(Assignment, Assignment.id == Submission.assignment_id)
        .outerjoin(VerdictRow, VerdictRow.id == Submission.verdict_id)
        .outerjoin(Grading, and_(Grading.submission_id == Submission.id, Grading.regrade_id.is_(None)))
        .where(*where)
        .order_by(Submission.id.desc())
        .limit(limit)
    )  # fmt: skip
    return [
        Entry(
            id=row.id,
            person_id=row.person_id,
            name=row.name,
            exercise=row.exercise,
            number=row.number,
            submitted_at=row.submitted_at,
            assignment_id=row.assignment_id,
            assignment=row.title,
            state=_state(row.passed, row.state),
            passed=row.checks_passed or 0,
            total=row.checks_total or 0,
            flags=flags_of(row.flags),
        )
        for row in session.execute(found)
    ]


def flags_of(found: Iterable[str]) -> tuple[Flag, ...]:
    """What the judge wrote as "12: os"; anything else is about the first line."""
    flags: list[Flag] = []
    for text in found:
        line, _colon, rule = text.partition(": ")
        flags.append(Flag(int(line), rule) if line.isascii() and line.isdigit() else Flag(1, text))
    return tuple(flags)


def _state(passed: bool | None, grading: str | None) -> State:
    if passed is not None:
        return "passed" if passed else "failed"
    if grading == "failed":
        return "broken"
    return "running" if grading == "running" else "pending"
