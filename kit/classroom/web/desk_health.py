"""The health of the grading: the queue, those who judge, and what could not be judged."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Form, Request
from fastapi.responses import Response
from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from grader.text import _, ngettext
from kit.classroom import audit, gradings
from kit.classroom.errors import Refused
from kit.classroom.line import WAITING, since
from kit.classroom.schema import Grading, Person, Submission
from kit.classroom.web.auth import room_of
from kit.classroom.web.desk_parts import Staff, Teaching, checked, desk, titles
from kit.classroom.web.view import page, redirect

__all__ = ["router"]

NEXT = 10  # of the line
MOST = 200  # failures shown

router = desk()


@dataclass(frozen=True, kw_only=True)
class Item:
    """A grading in a list. since: when it was asked for, claimed or given up. why: what failed; worker: who has it."""

    grading_id: int
    submission_id: int
    name: str
    exercise: str
    number: int
    device: str
    regrade: bool
    since: datetime | None
    worker: str
    why: str


@router.get("/health")
def show(request: Request, who: Staff) -> Response:  # noqa: ARG001  # being of the staff is asked for
    """The queue, the workers, the failures."""
    room = room_of(request)
    workers = request.app.state.grader.executor.describe()
    with room.store.reading() as session:
        queue = gradings.queue(session, room.now())
        waiting = session.execute(
            _items().join(WAITING, WAITING.c.id == Grading.id).order_by(WAITING.c.again, WAITING.c.turn, WAITING.c.id).limit(NEXT), since(room.now())
        ).all()
        running = session.execute(_items().where(Grading.state == "running").order_by(Grading.claimed_at)).all()
        failed = session.execute(_items().where(Grading.state == "failed").order_by(Grading.id.desc()).limit(MOST)).all()
        stranded = _stranded(session, {device for worker in workers if worker.fine for device in worker.devices})
    shown: dict[str, Any] = {
        "waiting": [_item(row, row.Grading.created_at) for row in waiting],
        "running": [_item(row, row.Grading.claimed_at) for row in running],
        "failed": [_item(row, row.Grading.finished_at) for row in failed],
    }
    return page(request, "desk/health.html", queue=queue, workers=workers, stranded=stranded, titles=titles(room), **shown)


@router.post("/health/retry", dependencies=checked)
def retry(request: Request, who: Teaching, grading: Annotated[int | None, Form()] = None) -> Response:
    """Have a failed grading tried again, or without a number all of them."""
    room = room_of(request)
    with room.store.writing() as session:
        failed = select(Grading.id, Grading.submission_id).where(Grading.state == "failed").order_by(Grading.id)
        if grading is not None:
            failed = failed.where(Grading.id == grading)
        again = [submission_id for grading_id, submission_id in session.execute(failed).all() if gradings.retry(session, grading_id)]
        if not again:
            remedy = _("Look at the health page: it may be judged by now.")
            raise Refused("not-failed", _("there is nothing to be tried again"), remedy=remedy, http=409)
        for submission_id in again:
            audit.note(session, room.now(), who.me, "grading-retry", f"submission {submission_id}")
    request.app.state.grader.wake()
    said = ngettext("{n} submission is judged again.", "{n} submissions are judged again.", len(again)).format(n=len(again))
    return redirect(request, "/desk/health", said)


def _items() -> Select[Grading, int, str, str]:
    """Gradings with their submissions and people."""
    found = select(Grading, Submission.number, Submission.exercise, Person.name)
    return found.join(Submission, Submission.id == Grading.submission_id).join(Person, Person.id == Submission.person_id)


def _item(row: Row[Grading, int, str, str], when: datetime | None) -> Item:
    grading = row[0]
    return Item(
        grading_id=grading.id,
        submission_id=grading.submission_id,
        name=row[3],
        exercise=row[2],
        number=row[1],
        device=grading.device,
        regrade=grading.regrade_id is not None,
        since=when,
        worker=grading.worker,
        why=grading.failure,
    )


def _stranded(session: Session, devices: set[str]) -> dict[str, int]:
    """How many wait for each kind of device that nobody has."""
    waiting = session.scalars(select(Grading.device).where(Grading.state == "pending", Grading.device.not_in(sorted(devices))))
    return dict(Counter(waiting))
