"""The desk's first page: what waits for a teacher, and what happened last."""

from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kit.classroom import assignments, gradings, speed
from kit.classroom.gradings import QueueState
from kit.classroom.schema import Assignment, Person, Regrade, Submission
from kit.classroom.web.auth import room_of
from kit.classroom.web.desk_entries import FLAGGED, Entry, entries
from kit.classroom.web.desk_parts import Staff, desk, namesakes, titles
from kit.classroom.web.desk_regrades import Listed, listed
from kit.classroom.web.view import page

__all__ = ["router"]

RECENT = 10  # submissions shown
LOOKED_AT = 1000  # of the newest submissions, for suspicious ones

router = desk()


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What somebody has to look at, and what the class is doing."""

    queue: QueueState
    silent: int
    held: int
    regrades: list[Listed]
    recent: list[Entry]
    flagged: list[Entry]
    students: int
    namesakes: dict[int, str]
    assignments: list[Assignment]


@router.get("")
def home(request: Request, who: Staff) -> Response:  # noqa: ARG001  # being of the staff is asked for
    """What waits, and what happened last."""
    room = room_of(request)
    silent = sum(not worker.fine for worker in request.app.state.grader.executor.describe())
    names = titles(room)
    open_ones = select(Regrade).where(Regrade.state.in_(("running", "preview"))).order_by(Regrade.id)
    with room.store.reading() as session:
        found = Waiting(
            queue=gradings.queue(session, room.now()),
            silent=silent,
            held=sum(not each.reviewed for each in speed.held(session)),
            regrades=listed(session, names, list(session.scalars(open_ones))),
            recent=entries(session, limit=RECENT),
            flagged=_flagged(session),
            students=session.scalars(select(func.count()).select_from(Person).where(Person.role == "student", Person.active)).one(),
            namesakes=namesakes(session),
            assignments=[each for each in assignments.all_of_them(session) if assignments.open_now(each, room.now())],
        )
    address = (room.settings.base_url or str(request.base_url)).rstrip("/")
    return page(request, "desk/home.html", waiting=found, titles=names, address=address)


def _flagged(session: Session) -> list[Entry]:
    """Of the newest submissions those with something suspicious, of one person and exercise the last."""
    newest = session.scalar(select(func.max(Submission.id))) or 0
    found: dict[tuple[int, str], Entry] = {}
    for entry in entries(session, Submission.id > newest - LOOKED_AT, FLAGGED):
        found.setdefault((entry.person_id, entry.exercise), entry)
    return list(found.values())[:RECENT]
