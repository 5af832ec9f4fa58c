"""Strict assignments: those that limit attempts or feedback. While one is open, its exercises cannot be tried out beside it.

Practice of them is refused, and what is handed in for another open assignment is told no more than the strictest of all tells.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, cast

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from grader.text import _
from kit.classroom.errors import Refused
from kit.classroom.schema import KEYS, Assignment, AssignmentExercise, Feedback, Instant

__all__ = ["Strict", "again", "refusal", "spelled", "strictest", "those"]

LEVELS: tuple[Feedback, ...] = ("full", "diagnosis", "verdict")  # each tells less than the one before


class Strict(NamedTuple):
    """An open assignment that limits attempts or feedback. since: from when on."""

    id: int
    slug: str
    feedback: Feedback
    since: datetime
    closes_at: datetime | None


# Built once: it costs more to build than to run.
_NOW = bindparam("now", type_=Instant())
_STRICT = (
    select(Assignment.id, Assignment.slug, Assignment.feedback, Assignment.opens_at, Assignment.created_at, Assignment.closes_at)
    .join(AssignmentExercise, and_(AssignmentExercise.assignment_id == Assignment.id, AssignmentExercise.exercise == bindparam("exercise")))
    .where(Assignment.published, or_(Assignment.section_id.is_(None), Assignment.section_id == bindparam("section", type_=KEYS)))
    .where(or_(Assignment.opens_at.is_(None), Assignment.opens_at <= _NOW), or_(Assignment.closes_at.is_(None), Assignment.closes_at >= _NOW))
    .where(or_(Assignment.attempts.is_not(None), Assignment.feedback != LEVELS[0]))
)


def those(session: Session, section_id: int | None, exercise: str, now: datetime) -> list[Strict]:
    """The strict assignments that hold an exercise and are open to a student of that section; the one that ends last is first."""
    rows = session.connection().execute(_STRICT, {"section": section_id, "exercise": exercise, "now": now})
    found = [Strict(row.id, row.slug, cast("Feedback", row.feedback), row.opens_at or row.created_at, row.closes_at) for row in rows]
    return sorted(found, key=lambda each: (each.closes_at is not None, -each.closes_at.timestamp() if each.closes_at else 0.0, each.id))


def refusal(strict: Iterable[Strict], exercise: str) -> Refused | None:
    """Why the exercise cannot be practised now, if that is so."""
    last = next(iter(strict), None)
    if last is None:
        return None
    if last.closes_at is None:
        what = _("{exercise} belongs to {assignment}: it cannot be handed in as practice while that is open")
    else:
        what = _("{exercise} belongs to {assignment} until {moment} UTC: practice of it is possible again after that")
    told = what.format(exercise=exercise, assignment=last.slug, moment=spelled(last.closes_at))
    remedy = _("Hand it in for that assignment, or practise something else.")
    return Refused("belongs-to-assignment", told, remedy=remedy, http=409)


def again(strict: Iterable[Strict]) -> str:
    """What to do for whom an assignment takes nothing any more."""
    last = next(iter(strict), None)
    if last is None:
        return _("Hand it in as practice, or ask your teacher.")
    if last.closes_at is None:
        return _("Ask your teacher.")
    return _("Ask your teacher; practice of it is possible again after {moment} UTC.").format(moment=spelled(last.closes_at))


def strictest(own: Feedback, strict: Iterable[Strict], submitted_at: datetime) -> Feedback:
    """How much is told of what was handed in then for an assignment that tells `own`."""
    told: list[Feedback] = [own, *(each.feedback for each in strict if each.since <= submitted_at)]
    return max(told, key=LEVELS.index)


def spelled(moment: datetime | None) -> str:
    """A moment as it stands in a sentence."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
