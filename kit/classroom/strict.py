"""Strict assignments: those that limit attempts or feedback. While one is open, its exercises cannot be tried out beside it.

Practice of them is refused to every student, of whatever section: a second account, or a friend elsewhere, would try them out for the others. What
is handed in for another open assignment is told no more than the strictest tells of those that bind its author.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, cast

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from grader.text import _
from kit.classroom.errors import Refused
from kit.classroom.schema import Assignment, AssignmentExercise, Feedback, Instant

__all__ = ["IS_STRICT", "Strict", "again", "refusal", "spelled", "strictest", "those"]

LEVELS: tuple[Feedback, ...] = ("full", "diagnosis", "verdict")  # each tells less than the one before


class Strict(NamedTuple):
    """An open assignment that limits attempts or feedback. since: from when on. known: whether the student may know of it."""

    id: int
    slug: str
    title: str
    feedback: Feedback
    since: datetime
    closes_at: datetime | None
    known: bool


# Built once: they cost more to build than to run.
IS_STRICT = or_(Assignment.attempts.is_not(None), Assignment.feedback != LEVELS[0])
_NOW = bindparam("now", type_=Instant())
_STRICT = (
    select(
        Assignment.id,
        Assignment.slug,
        Assignment.title,
        Assignment.feedback,
        Assignment.opens_at,
        Assignment.created_at,
        Assignment.closes_at,
        Assignment.section_id,
    )
    .join(AssignmentExercise, and_(AssignmentExercise.assignment_id == Assignment.id, AssignmentExercise.exercise == bindparam("exercise")))
    .where(Assignment.published)
    .where(or_(Assignment.opens_at.is_(None), Assignment.opens_at <= _NOW), or_(Assignment.closes_at.is_(None), Assignment.closes_at >= _NOW))
    .where(IS_STRICT)
)


def those(session: Session, section_id: int | None, exercise: str, now: datetime) -> list[Strict]:
    """The open strict assignments of every section that hold an exercise; the one that ends last is first. section_id: the student's."""
    rows = session.connection().execute(_STRICT, {"exercise": exercise, "now": now})
    found = [
        Strict(
            id=row.id,
            slug=row.slug,
            title=row.title,
            feedback=cast("Feedback", row.feedback),
            since=row.opens_at or row.created_at,
            closes_at=row.closes_at,
            known=row.section_id in {None, section_id},
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (each.closes_at is not None, -each.closes_at.timestamp() if each.closes_at else 0.0, each.id))


def refusal(strict: Sequence[Strict], exercise: str) -> Refused | None:
    """Why the exercise cannot be practised now, if that is so. Of what the student may not know of, neither name nor end is told."""
    if not strict:
        return None
    last = next((each for each in strict if each.known), None)
    if last is None:
        what = _("this exercise belongs to an assignment that is open now")
        return Refused("belongs-to-assignment", what, remedy=_("Practise something else meanwhile."), http=409)
    if last.closes_at is None or last is not strict[0]:
        what = _("{exercise} belongs to {assignment}: it cannot be handed in as practice while that is open")
    else:
        what = _("{exercise} belongs to {assignment} until {moment} UTC: practice of it is possible again after that")
    told = what.format(exercise=exercise, assignment=last.slug, moment=spelled(last.closes_at))
    remedy = _("Hand it in for that assignment, or practise something else.")
    return Refused("belongs-to-assignment", told, remedy=remedy, http=409)


def again(strict: Sequence[Strict]) -> str:
    """What to do for whom an assignment takes nothing any more."""
    if not strict:
        return _("Hand it in as practice, or ask your teacher.")
    last = strict[0]
    if last.closes_at is None or not last.known:
        return _("Ask your teacher.")
    return _("Ask your teacher; practice of it is possible again after {moment} UTC.").format(moment=spelled(last.closes_at))


def strictest(own: Feedback, strict: Sequence[Strict], submitted_at: datetime) -> Strict | None:
    """Which one limits what is told of something handed in then, for an assignment that tells `own`; None: no other does."""
    less = [each for each in strict if each.known and each.since <= submitted_at and LEVELS.index(each.feedback) > LEVELS.index(own)]
    return max(less, key=lambda each: LEVELS.index(each.feedback), default=None)


def spelled(moment: datetime | None) -> str:
    """A moment as it stands in a sentence."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
