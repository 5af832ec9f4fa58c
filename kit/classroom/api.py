"""/api/v1: what `kit join`, `kit submit` and `kit board` talk to. Whoever asks shows a client token, and gets what is theirs."""

from __future__ import annotations

import asyncio
from functools import partial
from time import monotonic
from typing import Annotated, Any, cast

import msgspec
from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.text import _
from kit.bank import Bank
from kit.classroom import assignments, people, submissions
from kit.classroom.errors import Refused
from kit.classroom.feedback import limited
from kit.classroom.identity import Member
from kit.classroom.messages import (
    Answer,
    AssignmentView,
    Entry,
    ExerciseView,
    Joined,
    Joining,
    Link,
    Me,
    Problem,
    Receipt,
    SubmissionList,
    SubmissionView,
)
from kit.classroom.parts import Somebody, address_of, parts_of, token_of
from kit.classroom.room import Room
from kit.classroom.schema import Assignment, Classroom, Counts, Credit, Feedback, Grading, GradingState, Person, Submission, VerdictRow
from kit.language import in_use

__all__ = ["router"]

LONGEST_WAIT = 30.0  # seconds of one long poll: proxies end what is silent for longer
LOOK_AGAIN = 2.0  # seconds: another process may have judged
MOST_LISTED = 100
LARGEST_KEY = 2**63 - 1

PROBLEMS: dict[int | str, dict[str, Any]] = {"4XX": {"model": Problem}, "5XX": {"model": Problem}}
router = APIRouter(prefix="/api/v1", responses=PROBLEMS, tags=["classroom"])


@router.post("/join", status_code=201)
def join(request: Request, asked: Joining) -> Joined:
    """Come in as a student by the class's code. The token that comes back is shown this once."""
    here = parts_of(request)
    room = here.room
    here.limits.joining(address_of(request), number=bool(asked.student_id or asked.email))
    try:
        with room.store.writing() as session:
            person = people.join(session, code=asked.code, name=asked.name, email=asked.email, student_id=asked.student_id, now=room.now())
            token = people.issue(session, person, "client", now=room.now(), label=asked.label)
            return Joined(token=token, me=_me(session, person))
    except Refused as error:
        here.limits.mistaken(address_of(request), error.code)
        raise


@router.post("/leave", status_code=204)
def leave(request: Request, _member: Somebody) -> Response:
    """End the token that is shown. What was handed in stays."""
    room, token = parts_of(request).room, token_of(request)
    assert token is not None
    with room.store.writing() as session:
        people.leave(session, token, room.now())
    return Response(status_code=204)


@router.get("/me")
def me(request: Request, member: Somebody) -> Me:
    """Who one is here."""
    with parts_of(request).room.store.reading() as session:
        return _me(session, session.get_one(Person, member.person_id))


@router.post("/sign-in-links", status_code=201)
def sign_in_link(request: Request, member: Somebody) -> Link:
    """A link that signs a browser in as the same person, once."""
    here = parts_of(request)
    here.limits.linking(member.person_id)
    room, now = here.room, here.room.now()
    with room.store.writing() as session:
        token = people.issue(session, session.get_one(Person, member.person_id), "link", now=now)
    lasts = people.LIFETIMES["link"]
    assert lasts is not None
    return Link(url=f"{(room.settings.base_url or str(request.base_url)).rstrip('/')}/signin?token={token}", expires_at=now + lasts)


@router.post("/submissions", status_code=201, responses={200: {"model": Receipt, "description": "The same answer as one's latest: nothing new"}})
async def submit(request: Request, response: Response, member: Somebody, answer: Answer) -> Receipt:
    """Hand in an answer. Sent twice, it is one submission."""
    here = parts_of(request)
    here.limits.submitting(member.person_id)
    given = {"assignment": answer.assignment, "spare_last": answer.spare_last}
    keep = partial(submissions.submit, here.room, member.person_id, answer.exercise, answer.source, **given)
    kept = await run_sync(keep, limiter=here.writers)
    if kept.new:
        here.grader.wake()
    else:
        response.status_code = 200
    tries = kept.tries
    return Receipt(
        id=kept.submission_id,
        new=kept.new,
        position=kept.position,
        age=max(kept.age, 0.0),
        attempt=tries.number,
        attempts=tries.limit,
        attempts_left=tries.left,
    )


@router.get("/submissions")
def listed(
    request: Request,
    member: Somebody,
    exercise: Annotated[str | None, Query(max_length=60, pattern=r"^[A-Za-z0-9_-]+$")] = None,
    before: Annotated[int | None, Query(ge=1, le=LARGEST_KEY, description="Only submissions with a smaller id than this")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 20,
) -> SubmissionList:
    """One's own submissions, newest first."""
    state = (
        select(Grading.state).where(Grading.submission_id == Submission.id).order_by(Grading.regrade_id.is_not(None), Grading.id.desc()).limit(1)
    ).scalar_subquery()
    found = (
        select(Submission.id, Submission.exercise, Submission.number, Submission.submitted_at, Assignment.slug, state.label("state"))
        .add_columns(VerdictRow.passed, VerdictRow.checks_passed, VerdictRow.checks_total)
        .outerjoin(Assignment, Assignment.id == Submission.assignment_id)
        .outerjoin(VerdictRow, VerdictRow.id == Submission.verdict_id)
        .where(Submission.person_id == member.person_id)
        .order_by(Submission.id.desc())
        .limit(limit + 1)
    )
    if exercise is not None:
        found = found.where(Submission.exercise == exercise.replace("_", "-"))
    if before is not None:
        found = found.where(Submission.id < before)
    with parts_of(request).room.store.reading() as session:
        rows = session.execute(found).all()
    entries = [
        Entry(
            id=row.id,
            exercise=row.exercise,
            assignment=row.slug,
            number=row.number,
            submitted_at=row.submitted_at,
            state="done" if row.passed is not None else cast("GradingState", row.state or "pending"),
            passed=row.passed,
            checks_passed=row.checks_passed,
            checks_total=row.checks_total,
        )
        for row in rows[:limit]
    ]
    return SubmissionList(submissions=entries, more=len(rows) > limit)


@router.get("/submissions/{number}")
async def submission(
    request: Request,
    member: Somebody,
    number: Annotated[int, Path(ge=1, le=LARGEST_KEY, description="The submission's id")],
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for the verdict")] = 0.0,
) -> SubmissionView:
    """Where a submission stands, and its verdict within the feedback level. Somebody else's is not there, unless one is staff."""
    here, until = parts_of(request), monotonic() + wait
    with here.hub.awaiting(number) as judged:
        while True:
            judged.clear()
            status = await run_sync(submissions.status, here.room, number)
            if status.person_id != member.person_id and not member.is_staff:
                raise Refused("no-submission", _("there is no such submission"), number, _("Look at your submissions."), http=404)
            left = until - monotonic()
            if status.state in {"done", "failed"} or left <= 0 or here.hub.closed:
                return _view(status, member)
            try:
                async with asyncio.timeout(min(left, LOOK_AGAIN)):
                    await judged.wait()
            except TimeoutError:
                pass


@router.get("/assignments")
def assigned(request: Request, member: Somebody) -> list[AssignmentView]:
    """The assignments that one may know of, those due first first."""
    room = parts_of(request).room
    with room.store.reading() as session:
        visible = assignments.visible_to(session, session.get_one(Person, member.person_id))
    return [_assignment(each, room) for each in visible]


def _me(session: Session, person: Person) -> Me:
    classroom = session.get_one(Classroom, 1)
    section = person.section.name if person.section else None
    return Me.model_validate(
        {"name": person.name, "pseudonym": person.pseudonym, "role": person.role, "section": section, "classroom": classroom.name}
    )


def _view(status: submissions.Status, member: Member) -> SubmissionView:
    verdict = status.verdict
    if verdict is not None and not member.is_staff:
        verdict = limited(verdict, status.feedback)
    return SubmissionView(
        id=status.submission_id,
        exercise=status.exercise,
        assignment=status.assignment,
        number=status.number,
        submitted_at=status.submitted_at,
        state=status.state,
        position=status.position,
        age=max(status.age, 0.0),
        feedback="full" if member.is_staff else status.feedback,
        verdict=None if verdict is None else msgspec.to_builtins(verdict),
        attempt=status.tries.number,
        attempts=status.tries.limit,
        attempts_left=status.tries.left,
    )


def _assignment(assignment: Assignment, room: Room) -> AssignmentView:
    return AssignmentView(
        slug=assignment.slug,
        title=assignment.title,
        open=assignments.open_now(assignment, room.now()),
        opens_at=assignment.opens_at,
        due_at=assignment.due_at,
        closes_at=assignment.closes_at,
        late_per_day=assignment.late_per_day,
        attempts=assignment.attempts,
        feedback=cast("Feedback", assignment.feedback),
        counts=cast("Counts", assignment.counts),
        credit=cast("Credit", assignment.credit),
        exercises=[_exercise(row.exercise, row.weight, room.bank) for row in assignment.exercises],
    )


def _exercise(slug: str, weight: float, bank: Bank) -> ExerciseView:
    known = bank.by_slug.get(slug)
    return ExerciseView(slug=slug, title=known.title.say(in_use()) if known else slug, points=known.points * weight if known else 0.0)
