"""The line of those who wait to be judged: who comes before whom, and how far it is."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Subquery, and_, bindparam, case, func, or_, select, union_all
from sqlalchemy.orm import Session

from kit.classroom.schema import Grading, Instant, Submission, VerdictRow

__all__ = ["FRESH", "RECENT", "WAITING", "Places", "position", "since"]

RECENT = timedelta(minutes=10)  # what somebody had judged within it counts against them
SHORT = 50  # as long as the line is no longer, it is looked at for everybody who asks
STALE = timedelta(seconds=1)  # else a picture of it serves for so long

FRESH: ColumnElement[bool] = func.coalesce(Grading.regrade_id, 0) == 0  # as a plain IS NULL, SQLite takes the index of all that are no regrade


def since(now: datetime) -> dict[str, datetime]:
    """The parameter of WAITING."""
    return {"since": now - RECENT}


def _recent() -> Subquery:
    """For each person how many of their gradings run, or were finished lately; regrades are not theirs.

    What was finished is asked of the verdicts, which have an index by time.
    """
    running = select(Submission.person_id).join(Grading).where(Grading.state == "running", FRESH)
    judged = (
        select(Submission.person_id)
        .join(VerdictRow, VerdictRow.submission_id == Submission.id)
        .join(Grading, and_(Grading.submission_id == Submission.id, Grading.bank_version == VerdictRow.bank_version))
        .where(VerdictRow.graded_at > bindparam("since", type_=Instant()), FRESH)
    )
    both = union_all(running, judged).subquery()
    return select(both.c.person_id, func.count().label("count")).group_by(both.c.person_id).subquery("recent")


def _waiting() -> Subquery:
    again = case((FRESH, 0), else_=1)
    before = func.row_number().over(partition_by=(Submission.person_id, again), order_by=Grading.id) - 1
    recent = _recent()
    return (
        select(Grading.id, Submission.person_id, again.label("again"), (func.coalesce(recent.c.count, 0) + before).label("turn"))
        .join(Submission, Submission.id == Grading.submission_id)
        .outerjoin(recent, recent.c.person_id == Submission.person_id)
        .where(Grading.state == "pending")
        .subquery("line")
    )


WAITING = _waiting()
"""Everything that waits: id, person_id, again (1 for a regrade), turn (how many of the person's come before it: judged lately, running, waiting).

Its order is again, turn, id: nobody waits for somebody else's second while their own first has not been judged. Its parameter is since(now).
"""

_MINE = WAITING.alias("mine")
_AHEAD = or_(
    WAITING.c.again < _MINE.c.again,
    and_(WAITING.c.again == _MINE.c.again, or_(WAITING.c.turn < _MINE.c.turn, and_(WAITING.c.turn == _MINE.c.turn, WAITING.c.id <= _MINE.c.id))),
)
_POSITION = select(func.count()).select_from(_MINE).join(WAITING, _AHEAD).where(_MINE.c.id == bindparam("grading_id"))
_LENGTH = select(func.count()).where(Grading.state == "pending")
_PICTURE = select(WAITING.c.id, WAITING.c.person_id, WAITING.c.again, WAITING.c.turn).order_by(WAITING.c.again, WAITING.c.turn, WAITING.c.id)


def position(session: Session, grading_id: int, now: datetime) -> int | None:
    """The place in the line, 1 for who is next; None when it does not wait."""
    return session.connection().scalar(_POSITION, {**since(now), "grading_id": grading_id}) or None


@dataclass(frozen=True)
class _Picture:
    """The line at a moment: places by grading; the turns of those that are no regrades, ascending; the turn that a person's next one would have."""

    taken_at: datetime
    places: dict[int, int]
    turns: list[int]
    next_turn: dict[int, int]


class Places:
    """The places of many who ask at once. In a long line, where one more or less means little, they are up to a second old."""

    def __init__(self) -> None:
        self._picture: _Picture | None = None
        self._taking = threading.Lock()

    def of(self, session: Session, grading_id: int, person_id: int, now: datetime) -> int | None:
        """The place of a person's grading that waits, or nearly so when the line is long; None when it does not wait any more."""
        picture = self._picture
        if picture is None or not timedelta(0) <= now - picture.taken_at < STALE:
            if (session.connection().scalar(_LENGTH) or 0) <= SHORT:
                self._picture = None
                return position(session, grading_id, now)
            if self._taking.acquire(blocking=picture is None):
                try:
                    newest = self._picture
                    if newest is None or newest is picture:  # else somebody took one while we waited
                        newest = self._picture = _take(session, now)
                    picture = newest
                finally:
                    self._taking.release()
            assert picture is not None  # whoever has none waits for the lock
        place = picture.places.get(grading_id)
        return place if place is not None else bisect_right(picture.turns, picture.next_turn.get(person_id, 0)) + 1


def _take(session: Session, now: datetime) -> _Picture:
    rows = session.connection().execute(_PICTURE, since(now)).all()
    turns = [turn for _id, _person, again, turn in rows if not again]
    next_turn: Counter[int] = Counter()
    for _id, person, again, turn in rows:
        if not again:
            next_turn[person] = max(next_turn[person], turn + 1)
    return _Picture(now, {row.id: place for place, row in enumerate(rows, 1)}, turns, dict(next_turn))
