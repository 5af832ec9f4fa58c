"""The ledger: what every person's submissions of every exercise come to, kept in memory and brought up to date from the database.

The database says what is true. To count hundreds of thousands of submissions anew for each verdict would take seconds, so only the cells (a person
and an exercise) that something happened to are read again: those of new submissions, of new verdicts, of submissions that began or ceased to wait,
of assignments whose rules changed, of regrades that were applied, and of what lies around a moment of freezing that was moved. When the counts of
rows then disagree with what was read, all is read again.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from kit.classroom.boards import Entrant
from kit.classroom.points import Attempt, Rules, Tally, tally
from kit.classroom.schema import Assignment, Classroom, Grading, Person, Regrade, Section, Submission, VerdictRow

__all__ = ["Ledger", "Plan", "Tallies", "read_attempts"]

Tallies = dict[int, dict[str, Tally]]
Cells = set[tuple[int, str]]

OPEN = ("pending", "running")
MANY, EVERYTHING = 200, 0.25  # when more cells than this, and more of all than this, would be read again, all of them are
CHUNK = 1000  # of ids in one query
UNSETTLED = 32  # as many transactions may be under way at once


class Plan(Struct, frozen=True):
    """An assignment: its exercises with their weights, in order."""

    id: int
    created_at: datetime
    slug: str
    title: str
    published: bool
    section: str
    rules: Rules
    weights: dict[str, float]


class _Extent(NamedTuple):
    """How far a table has grown: rows, the last key of which all before it can be seen, and rows up to that one."""

    rows: int
    settled: int
    settled_rows: int


class _State(Struct):
    """What was read, and up to where."""

    revision: int
    founded: datetime
    freeze_at: datetime | None
    people: dict[int, datetime]
    entrants: tuple[Entrant, ...]
    sections: frozenset[str]
    plans: dict[int, Plan]
    regrades: frozenset[tuple[int, str | None, int | None]]
    open: frozenset[int]
    submissions: _Extent
    verdicts: _Extent


class Ledger:
    """The tallies of all people at the state of one revision. Not for two threads at once."""

    def __init__(self) -> None:
        self._state: _State | None = None
        self.tallies: Tallies = {}
        self._frozen: Tallies = {}  # only where it differs

    @property
    def revision(self) -> int:
        """That of the classroom when it was read last; -1 before."""
        return self._state.revision if self._state else -1

    @property
    def freeze_at(self) -> datetime | None:
        """From when on students see nothing new."""
        return self._state.freeze_at if self._state else None

    @property
    def entrants(self) -> tuple[Entrant, ...]:
        """The active students."""
        return self._state.entrants if self._state else ()

    @property
    def sections(self) -> frozenset[str]:
        """The names of the sections."""
        return self._state.sections if self._state else frozenset()

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The assignments."""
        return tuple(self._state.plans.values()) if self._state else ()

    def frozen(self) -> Tallies:
        """The tallies of what was handed in before freeze_at, whenever it was judged."""
        return {person_id: own | self._frozen.get(person_id, {}) for person_id, own in self.tallies.items()}

    def refresh(self, session: Session) -> bool:
        """Bring it up to date, and say whether there was anything to do. After an exception it starts afresh the next time."""
        before, self._state = self._state, None
        if before is not None and session.scalar(select(Classroom.revision).where(Classroom.id == 1)) == before.revision:
            self._state = before
            return False
        if session.get_bind().dialect.name == "postgresql":
            session.rollback()
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})  # all of what follows is one state
        now = _state(session)
        touched = None if before is None else _touched(session, before, now)
        if touched is None or not self._reread(session, now, touched):
            self.tallies, self._frozen = {}, {}
            self._read(session, now)
        self._state = now
        return True

    def _reread(self, session: Session, now: _State, touched: Cells) -> bool:
        """Read these cells again; False, with nothing done, when reading everything is quicker."""
        if len(touched) > max(MANY, EVERYTHING * sum(map(len, self.tallies.values()))):
            return False
        of_exercise: dict[str, list[int]] = {}
        for person_id, exercise in touched:
            of_exercise.setdefault(exercise, []).append(person_id)
            for kept in (self.tallies, self._frozen):
                kept.get(person_id, {}).pop(exercise, None)
        for exercise, people in of_exercise.items():
            self._read(session, now, Submission.exercise == exercise, Submission.person_id.in_(people))
        return True

    def _read(self, session: Session, now: _State, *where: ColumnElement[bool]) -> None:
        """Tally what the database has under these conditions, which leave cells whole."""
        rules = {plan.id: plan.rules for plan in now.plans.values()}
        for (person_id, exercise), own in groupby(_attempts(session, now.open, *where), key=_cell):
            attempts = list(own)
            self.tallies.setdefault(person_id, {})[exercise] = tally(attempts, rules)
            if now.freeze_at is not None and any(attempt.submitted_at >= now.freeze_at for attempt in attempts):
                early = [attempt for attempt in attempts if attempt.submitted_at < now.freeze_at]
                self._frozen.setdefault(person_id, {})[exercise] = tally(early, rules)


def read_attempts(session: Session, *where: ColumnElement[bool]) -> list[Attempt]:
    """The submissions under conditions on Submission, as the boards see them: by person, exercise and number."""
    return list(_attempts(session, _open(session), *where))


def _cell(attempt: Attempt) -> tuple[int, str]:
    return attempt.person_id, attempt.exercise


def _attempts(session: Session, waiting: frozenset[int], *where: ColumnElement[bool]) -> Iterator[Attempt]:
    """Ordered by person, exercise and number, as the unique index of the table is."""
    submission = (Submission.id, Submission.person_id, Submission.exercise, Submission.assignment_id, Submission.number, Submission.submitted_at)
    verdict = (Submission.verdict_id, VerdictRow.passed, VerdictRow.checks_passed, VerdictRow.checks_total)
    query = select(*submission, *verdict).outerjoin(VerdictRow, VerdictRow.id == Submission.verdict_id).where(*where)
    query = query.order_by(Submission.person_id, Submission.exercise, Submission.number).execution_options(yield_per=5000)
    for id_, person_id, exercise, assignment_id, number, at, verdict_id, passed, checks_passed, checks_total in session.connection().execute(query):
        if verdict_id is None:
            yield Attempt(id_, person_id, exercise, assignment_id, number, at, "pending" if id_ in waiting else "failed")
        else:
            yield Attempt(id_, person_id, exercise, assignment_id, number, at, "judged", passed, checks_passed, checks_total)


def _open(session: Session) -> frozenset[int]:
    """The submissions that wait for a verdict, or for one more."""
    return frozenset(session.scalars(select(Grading.submission_id).where(Grading.state.in_(OPEN))))


def _state(session: Session) -> _State:
    """What is small enough to be read each time."""
    revision, founded, freeze_at = session.execute(
        select(Classroom.revision, Classroom.created_at, Classroom.freeze_at).where(Classroom.id == 1)
    ).one()
    columns = (Person.id, Person.created_at, Person.pseudonym, Person.active, Person.role, Section.name)
    people = session.execute(select(*columns).outerjoin(Person.section).order_by(Person.pseudonym)).all()
    students = [row for row in people if row.active and row.role == "student"]
    applied = select(Regrade.id, Regrade.exercise, Regrade.assignment_id).where(Regrade.state == "applied")
    return _State(
        revision,
        founded,
        freeze_at,
        {row.id: row.created_at for row in people},
        tuple(Entrant(row.id, row.pseudonym, row.name or "") for row in students),
        frozenset(session.scalars(select(Section.name))),
        _plans(session),
        frozenset(session.execute(applied)),
        _open(session),
        _extent(session, Submission.id),
        _extent(session, VerdictRow.id),
    )


def _plans(session: Session) -> dict[int, Plan]:
    query = select(Assignment, Section.name).outerjoin(Section, Section.id == Assignment.section_id).order_by(Assignment.id)
    return {
        each.id: Plan(
            each.id,
            each.created_at,
            each.slug,
            each.title,
            each.published,
            section or "",
            Rules.of(each),
            {own.exercise: own.weight for own in each.exercises},
        )
        for each, section in session.execute(query)
    }


def _extent(session: Session, key: InstrumentedAttribute[int]) -> _Extent:
    """PostgreSQL gives out keys before their rows can be seen: the last ones are not settled."""
    rows = session.scalars(select(func.count()).select_from(key.class_)).one()  # apart from max(): each alone is quicker in SQLite
    settled = (session.scalar(select(func.max(key))) or 0) - (UNSETTLED if session.get_bind().dialect.name == "postgresql" else 0)
    return _Extent(rows, settled, rows - _after(session, key, settled))


def _after(session: Session, key: InstrumentedAttribute[int], settled: int) -> int:
    """How many rows come after a key."""
    return session.scalars(select(func.count()).where(key > settled)).one()


def _touched(session: Session, before: _State, now: _State) -> Cells | None:
    """The cells that something happened to since; None when that cannot be told."""
    if before.founded != now.founded or not before.people.items() <= now.people.items() or not before.regrades <= now.regrades:
        return None
    if any(plan.id not in now.plans or plan.created_at != now.plans[plan.id].created_at for plan in before.plans.values()):
        return None  # what was handed in for it is practice now
    for key, was, grown in ((Submission.id, before.submissions, now.submissions), (VerdictRow.id, before.verdicts, now.verdicts)):
        if grown.rows - _after(session, key, was.settled) != was.settled_rows:
            return None  # rows went, or took longer to be seen
    happened = [
        Submission.id > before.submissions.settled,
        Submission.id.in_(select(VerdictRow.submission_id).where(VerdictRow.id > before.verdicts.settled)),
        *(Submission.assignment_id == plan.id for plan in before.plans.values() if plan.rules != now.plans[plan.id].rules),
        *(_regraded(exercise, assignment_id) for _id, exercise, assignment_id in now.regrades - before.regrades),
    ]
    waiting = sorted(before.open ^ now.open)
    happened += [Submission.id.in_(waiting[start : start + CHUNK]) for start in range(0, len(waiting), CHUNK)]
    if before.freeze_at != now.freeze_at:
        happened.append(Submission.submitted_at >= min(moment for moment in (before.freeze_at, now.freeze_at) if moment is not None))
    cells = select(Submission.person_id, Submission.exercise).distinct()
    return {cell for each in happened for cell in session.execute(cells.where(each))}


def _regraded(exercise: str | None, assignment_id: int | None) -> ColumnElement[bool]:
    """What a regrade was about."""
    return and_(
        true() if exercise is None else Submission.exercise == exercise,
        true() if assignment_id is None else Submission.assignment_id == assignment_id,
    )
