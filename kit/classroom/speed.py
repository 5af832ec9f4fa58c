"""The speed board: how long passing answers take beside the reference, who is fastest, and what a teacher must look at first.

What counts is a ratio, the answer's time over the reference's in the same minutes on the same core (grader.timing), so that machines may differ.
A smaller one is better. The order: the ratio; then who handed in earlier; then the pseudonym. Ratios that agree when rounded share their rank.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, json, structs
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from grader.text import _
from grader.verdict import Device, Job, Policy, Speed
from kit.classroom.audit import note
from kit.classroom.errors import Refused
from kit.classroom.executor import job_for
from kit.classroom.room import bump
from kit.classroom.schema import Classroom, Person, SpeedResult, Submission, VerdictRow

if TYPE_CHECKING:
    from kit.exercise import Exercise

__all__ = ["Held", "SpeedBoard", "SpeedRow", "allowed", "board", "encoded", "held", "record", "review", "speed_job"]

Audience = Literal["students", "staff"]

PLACES = 3  # of a ratio: what is behind them is noise


class SpeedRow(Struct, frozen=True):
    """Somebody's fastest answer. at: when it was handed in. person_id and submission_id never leave the server."""

    rank: int
    pseudonym: str
    ratio: float
    machine: str
    at: datetime
    person_id: int
    submission_id: int


class SpeedBoard(Struct, frozen=True):
    """The board of an exercise on a kind of device."""

    exercise: str
    device: str
    freeze_at: datetime | None
    rows: tuple[SpeedRow, ...]


class Held(Struct, frozen=True):
    """A result too good for the hardware that it is said to be of. reviewed: a teacher has looked and kept it off the board."""

    result_id: int
    submission_id: int
    exercise: str
    person: str
    pseudonym: str
    ratio: float
    ratios: tuple[float, ...]
    device: str
    machine: str
    measured_at: datetime
    reviewed: bool


def allowed(exercise: Exercise) -> bool:
    """Whether the exercise has a speed board: a file speed_….py beside its checks."""
    return exercise.speed.is_file()


def speed_job(exercise: Exercise, source: str, *, sandbox: Policy, device: Literal["default"] | Device = "default", lang: str) -> Job | None:
    """The job of measuring an answer that has passed; None when the exercise has no speed board. Raises KitError as job_for() does."""
    if not allowed(exercise):
        return None
    return structs.replace(job_for(exercise, source, sandbox=sandbox, device=device, lang=lang), speed=str(exercise.speed))


def record(session: Session, submission_id: int, speed: Speed, now: datetime, *, machine: str = "") -> SpeedResult | None:
    """Write down a measurement, once for a submission and a device: a later one gives back the first. None for an answer that could not be measured.

    machine: the name of the machine, where it is another one than this.
    """
    if speed.ratio is None:
        return None
    known = select(SpeedResult).where(SpeedResult.submission_id == submission_id, SpeedResult.device == speed.device)
    present = session.scalar(known)
    if present is not None:
        return present
    result = SpeedResult(
        submission_id=submission_id,
        device=speed.device,
        machine=(f"{speed.machine} ({machine})" if machine else speed.machine)[:200],
        ratio=speed.ratio,
        ratios=list(speed.ratios),
        held=speed.held,
        measured_at=now,
    )
    try:
        with session.begin_nested():
            session.add(result)
    except IntegrityError:  # another server was faster
        return session.scalars(known).one()
    bump(session)
    return result


def review(session: Session, result_id: int, *, by: Person, counts: bool, now: datetime) -> SpeedResult:
    """A teacher has looked at a result: it counts from now on, or it stays off the board. Raises Refused."""
    if by.role != "teacher":
        raise Refused("not-allowed", _("only a teacher releases a speed result"), http=403)
    result = session.get(SpeedResult, result_id)
    if result is None:
        raise Refused("no-speed-result", _("there is no such speed result"), result_id, _("See the list of held results."), http=404)
    result.held, result.reviewed_by = not counts, by.id
    note(session, now, by, "speed-released" if counts else "speed-kept-off", f"submission {result.submission_id}", ratio=result.ratio)
    bump(session)
    return result


def held(session: Session, exercise: str | None = None) -> list[Held]:
    """What is held, of an exercise or of all; what nobody has looked at comes first, then the newest."""
    query = select(SpeedResult, Submission.exercise, Person.name, Person.pseudonym).join(Submission, Submission.id == SpeedResult.submission_id)
    query = query.join(Person, Person.id == Submission.person_id).where(SpeedResult.held)
    if exercise is not None:
        query = query.where(Submission.exercise == exercise)
    query = query.order_by(SpeedResult.reviewed_by.is_not(None), SpeedResult.id.desc())
    return [
        Held(
            result.id, result.submission_id, slug, name, pseudonym, result.ratio, tuple(result.ratios), result.device, result.machine,
            result.measured_at, result.reviewed_by is not None,
        )
        for result, slug, name, pseudonym in session.execute(query)
    ]  # fmt: skip


def board(session: Session, exercise: Exercise, audience: Audience, device: Device = "cpu") -> SpeedBoard:
    """The fastest passing answer of each active student; students see what was handed in before a freeze. Raises Refused when it has no board."""
    if not allowed(exercise):
        remedy = _("Ask for its board of points: exercise/{slug}.").format(slug=exercise.slug)
        raise Refused("no-board", _("{slug} has no speed board").format(slug=exercise.slug), remedy=remedy, http=404)
    freeze_at = session.scalar(select(Classroom.freeze_at).where(Classroom.id == 1)) if audience == "students" else None
    query = (
        select(SpeedResult.ratio, SpeedResult.machine, Submission.id, Submission.submitted_at, Person.id, Person.pseudonym)
        .join(Submission, Submission.id == SpeedResult.submission_id)
        .join(VerdictRow, VerdictRow.id == Submission.verdict_id)
        .join(Person, Person.id == Submission.person_id)
        .where(Submission.exercise == exercise.slug, SpeedResult.device == device, ~SpeedResult.held)
        .where(VerdictRow.passed, Person.active, Person.role == "student")
    )
    if freeze_at is not None:
        query = query.where(Submission.submitted_at < freeze_at)
    best: dict[int, SpeedRow] = {}
    for ratio, machine, submission_id, at, person_id, pseudonym in session.execute(query):
        row = SpeedRow(0, pseudonym, round(ratio, PLACES), machine, at, person_id, submission_id)
        if person_id not in best or _place(row) < _place(best[person_id]):
            best[person_id] = row
    rows: list[SpeedRow] = []
    for position, row in enumerate(sorted(best.values(), key=_place), 1):
        level = rows and rows[-1].ratio == row.ratio
        rows.append(structs.replace(row, rank=rows[-1].rank if level else position))
    return SpeedBoard(exercise.slug, device, freeze_at, tuple(rows))


def _place(row: SpeedRow) -> tuple[float, datetime, str, int]:
    return row.ratio, row.at, row.pseudonym, row.submission_id


def encoded(board: SpeedBoard) -> bytes:
    """A speed board as JSON: pseudonyms and nothing else of anybody."""
    rows = [{"rank": row.rank, "pseudonym": row.pseudonym, "ratio": row.ratio, "machine": row.machine, "at": row.at} for row in board.rows]
    return json.encode({"board": "speed", "name": board.exercise, "device": board.device, "freeze_at": board.freeze_at, "rows": rows})
