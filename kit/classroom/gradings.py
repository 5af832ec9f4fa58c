"""Gradings: who is judged next, by whom, what came of it, and how often it may go wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import CursorResult, Update, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from grader.text import _
from grader.verdict import Verdict, encode
from kit.classroom import audit
from kit.classroom.line import WAITING, position, since
from kit.classroom.room import bump
from kit.classroom.schema import Grading, GradingState, Instant, Submission, VerdictRow

__all__ = [
    "LEASE", "TRIES", "Claimed", "Left", "QueueState", "claim", "enqueue", "fail", "finish", "heartbeat", "position", "queue", "recover", "release",
    "renew", "retry",
]  # fmt: skip

LEASE = timedelta(seconds=60)  # after so long without a heartbeat a worker is given up
TRIES = 3


_INSERT = insert(Grading)
_NEXT = (
    select(Grading.id, and_(Grading.worker != "", Grading.attempts >= TRIES - 1).label("alone"))
    .join(WAITING, WAITING.c.id == Grading.id)
    .where(Grading.state == "pending", Grading.device.in_(bindparam("devices", expanding=True)))
    .where(or_(Grading.not_before.is_(None), Grading.not_before <= bindparam("now", type_=Instant())))
    .order_by(WAITING.c.again, WAITING.c.turn, WAITING.c.id)
    .limit(1)
    .with_for_update(of=Grading, skip_locked=True)  # PostgreSQL: of two servers each gets another; SQLite has one writer
)


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A grading that a worker has taken on.

    bank_version: for which it was asked; attempts: how often the infrastructure failed at it; alone: nothing else is to be judged meanwhile;
    lang: which language the verdict is to speak, None: the server's.
    """

    grading_id: int
    submission_id: int
    person_id: int
    exercise: str
    source: str
    device: str
    bank_version: str
    attempts: int
    alone: bool
    regrade: bool
    lang: str | None


class Left(NamedTuple):
    """What had nobody behind it: how many are made again, and which submissions are given up."""

    again: int
    given_up: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class QueueState:
    """How long the queue is. oldest: the age in seconds of the oldest pending submission, None for an empty queue."""

    pending: int
    running: int
    failed: int
    oldest: float | None


def enqueue(session: Session, submission_id: int, bank_version: str, now: datetime, *, device: str = "cpu", regrade_id: int | None = None) -> int:
    """Ask for a judgement; its id."""
    asked: dict[str, Any] = {"submission_id": submission_id, "bank_version": bank_version, "device": device, "state": "pending", "attempts": 0}
    row = session.connection().execute(_INSERT, {**asked, "worker": "", "failure": "", "created_at": now, "regrade_id": regrade_id})
    assert row.inserted_primary_key is not None
    return cast("int", row.inserted_primary_key[0])


def claim(session: Session, worker: str, now: datetime, *, devices: frozenset[str], busy: bool = False) -> Claimed | None:
    """The next grading for a worker that has these devices; it is running from now on. None: there is nothing to do.

    The order is fair: by how many gradings the person had judged or running in the last 10 minutes plus how many of theirs wait before it, then by
    id. Regrades come after everything else. busy: the worker judges something meanwhile; what is to be judged alone waits, and all behind it.
    """
    # What was under way at two deaths of a server is judged alone the third time: an answer that kills servers is charged with its own three deaths
    # and with nobody else's, and everybody else with two at most (and what chance adds).
    following = session.connection().execute(_NEXT, {**since(now), "now": now, "devices": sorted(devices)}).one_or_none()
    if following is None or (following.alone and busy):
        return None
    grading_id: int = following.id
    taken = update(Grading).where(Grading.id == grading_id, Grading.state == "pending")
    if not _changed(session, taken.values(state="running", worker=worker, claimed_at=now, not_before=None)):
        return None
    answer = (Submission.person_id, Submission.exercise, Submission.source, Submission.lang)
    found = select(Grading, *answer).join(Submission).where(Grading.id == grading_id)
    grading, person_id, exercise, source, lang = session.execute(found.execution_options(populate_existing=True)).one()
    return Claimed(
        grading_id=grading.id,
        submission_id=grading.submission_id,
        person_id=person_id,
        exercise=exercise,
        source=source,
        device=grading.device,
        bank_version=grading.bank_version,
        attempts=grading.attempts,
        alone=following.alone,
        regrade=grading.regrade_id is not None,
        lang=lang,
    )


def renew(session: Session, grading_id: int, bank_version: str) -> bool:
    """Say that a claimed grading is made with another version of the bank than it was asked for: the exercise changed while it waited.

    False: a grading of that version exists; this one is dropped.
    """
    grading = session.get(Grading, grading_id, with_for_update=True)
    if grading is None:
        return False
    other = select(Grading.id).where(Grading.submission_id == grading.submission_id, Grading.bank_version == bank_version, Grading.id != grading_id)
    if session.scalar(other) is not None:
        session.delete(grading)
        return False
    grading.bank_version = bank_version
    return True


def finish(session: Session, grading_id: int, verdict: Verdict, machine: str, now: datetime) -> bool:
    """Write the verdict, once, and make the submission's first one count. False: there is another already; that is audited, and nothing changes.

    Whoever is late is believed as long as nobody else was faster: a worker that was given up too early has judged the same answer. This very verdict
    may come again: the database took it, and its receipt was lost.
    """
    if verdict.error is not None:
        raise ValueError("a verdict that says that the judge failed is no verdict")
    grading = session.get(Grading, grading_id, with_for_update=True)
    if grading is None:
        audit.note(session, now, None, "late-verdict", f"grading {grading_id}", machine=machine, passed=verdict.passed)
        return False
    body, machine = encode(verdict), machine[:100]
    there = select(VerdictRow.verdict, VerdictRow.machine)
    there = there.where(VerdictRow.submission_id == grading.submission_id, VerdictRow.bank_version == grading.bank_version)
    written = session.execute(there).one_or_none()
    if written is not None:
        if written == (body, machine):
            return True
        audit.note(
            session, now, None, "late-verdict", f"submission {grading.submission_id}", grading=grading_id, machine=machine, passed=verdict.passed
        )
        return False
    row = VerdictRow(
        submission_id=grading.submission_id,
        bank_version=grading.bank_version,
        passed=verdict.passed,
        checks_passed=sum(check.status == "passed" for check in verdict.checks),
        checks_total=len(verdict.checks),
        seconds=verdict.seconds,
        machine=machine,
        graded_at=now,
        verdict=body,
    )
    session.add(row)
    grading.state, grading.finished_at, grading.failure = "done", now, ""
    session.flush()
    first = update(Submission).where(Submission.id == grading.submission_id, Submission.verdict_id.is_(None))
    if _changed(session, first.values(verdict_id=row.id, flags=verdict.flags)):
        bump(session)
    return True


def fail(session: Session, grading_id: int, worker: str, reason: str, now: datetime) -> GradingState | None:
    """Say that the infrastructure failed: pending again, after 2, then 4 seconds, and after three times failed, for the teacher.

    The state now; None when it was not this worker's any more.
    """
    grading = _of_worker(session, grading_id, worker)
    if grading is None:
        return None
    grading.attempts += 1
    grading.worker, grading.claimed_at, grading.failure = "", None, reason[:2000]
    if grading.attempts >= TRIES:
        grading.state, grading.finished_at = "failed", now
        session.flush()
        bump(session)
        return "failed"
    grading.state, grading.not_before = "pending", now + timedelta(seconds=2**grading.attempts)
    return "pending"


def release(session: Session, grading_id: int, worker: str) -> bool:
    """Give back what will not be judged after all, because the server stops; whether it was this worker's."""
    grading = _of_worker(session, grading_id, worker)
    if grading is None:
        return False
    grading.state, grading.claimed_at = "pending", None  # its worker stays: a grading that is to be judged alone still is
    return True


def retry(session: Session, grading_id: int) -> bool:
    """Try a failed grading again, three times if needed; whether it was failed."""
    failed = update(Grading).where(Grading.id == grading_id, Grading.state == "failed")
    if not _changed(session, failed.values(state="pending", attempts=0, worker="", not_before=None, claimed_at=None, finished_at=None)):
        return False
    bump(session)
    return True


def heartbeat(session: Session, worker: str, grading_ids: Sequence[int], now: datetime) -> int:
    """Say that a worker is at these; how many of them are still its own. What else is its own, a claim that it never heard of, is given up."""
    own = update(Grading).where(Grading.worker == worker, Grading.state == "running", Grading.id.in_(grading_ids))
    return _changed(session, own.values(claimed_at=now))


def recover(session: Session, now: datetime, *, lease: timedelta | None = None) -> Left:
    """Put back what is running with nobody behind it, as another failure of the infrastructure: after three, it is failed, for the teacher.

    lease None: everything, at the start of the only server of a database; else what had no heartbeat for so long.
    """
    left = update(Grading).where(Grading.state == "running")
    if lease is not None:
        left = left.where(or_(Grading.claimed_at.is_(None), Grading.claimed_at < now - lease))
    left = left.values(attempts=Grading.attempts + 1, claimed_at=None, failure=_("the server died while this was judged"))
    last = left.where(Grading.attempts >= TRIES - 1).values(state="failed", worker="", finished_at=now).returning(Grading.submission_id)
    given_up = session.scalars(last.execution_options(synchronize_session=False)).all()
    again = _changed(session, left.values(state="pending"))  # by its worker, that is dead, claim() knows it
    if given_up:
        bump(session)
    return Left(again, tuple(given_up))


def queue(session: Session, now: datetime) -> QueueState:
    """How many wait, run and have failed, and how long the oldest has waited."""
    by_state = select(Grading.state, func.count()).where(Grading.state.in_(("pending", "running", "failed"))).group_by(Grading.state)
    counts = {state: count for state, count in session.execute(by_state)}  # noqa: C416  # dict() cannot be told the types of a row
    oldest = session.scalar(select(func.min(Grading.created_at)).where(Grading.state == "pending"))
    return QueueState(
        pending=counts.get("pending", 0),
        running=counts.get("running", 0),
        failed=counts.get("failed", 0),
        oldest=None if oldest is None else (now - oldest).total_seconds(),
    )


def _of_worker(session: Session, grading_id: int, worker: str) -> Grading | None:
    """The grading, locked, if it is still this worker's."""
    held = select(Grading).where(Grading.id == grading_id, Grading.state == "running", Grading.worker == worker)
    return session.scalar(held.with_for_update().execution_options(populate_existing=True))


def _changed(session: Session, statement: Update) -> int:
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    return result.rowcount
