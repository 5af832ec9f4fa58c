"""/api/v1/boards: the boards as JSON, ready-made, and one's own row."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import select

from grader.text import _
from grader.verdict import Device
from kit.classroom import speed
from kit.classroom.boards import BoardName, parse
from kit.classroom.errors import Refused
from kit.classroom.front import audience_of, reply
from kit.classroom.identity import Member
from kit.classroom.messages import BoardView, OwnRow, Problem, SpeedBoardView, Standing
from kit.classroom.parts import Anybody, Somebody, parts_of
from kit.classroom.room import Room
from kit.classroom.schema import Classroom
from kit.classroom.standings import no_board

__all__ = ["router"]

Kind = Literal["assignment", "exercise", "section"]
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"model": BoardView},
    304: {"description": "As it was at If-None-Match"},
    "4XX": {"model": Problem},
    "5XX": {"model": Problem},
}
MAY_BE_PUBLIC: dict[str, Any] = {"openapi_extra": {"security": [{}]}}  # no token, besides the token that the route names
router = APIRouter(prefix="/api/v1", tags=["boards"])


@router.get("/boards/overall", responses=RESPONSES, response_class=Response, **MAY_BE_PUBLIC)
async def overall(request: Request, member: Anybody) -> Response:
    """The board of everything that was handed in, practice too."""
    return await _board(request, member, BoardName("overall"))


@router.get("/boards/speed/{exercise}", responses={**RESPONSES, 200: {"model": SpeedBoardView}}, response_class=Response, **MAY_BE_PUBLIC)
def of_speed(request: Request, member: Anybody, exercise: Annotated[str, Path(max_length=60)], device: Device = "cpu") -> Response:
    """The speed board of an exercise."""
    room = parts_of(request).room
    _may_look(room, member)
    known = room.bank.by_slug.get(exercise)
    if known is None:
        raise Refused("no-board", _("there is no such board"), f"speed/{exercise}", _("Look at the exercise's name."), http=404)
    with room.store.reading() as session:
        body = speed.encoded(speed.board(session, known, audience_of(member.role if member else "student"), device))
    return Response(body, media_type="application/json")


@router.get("/boards/{kind}/{name:path}", responses=RESPONSES, response_class=Response, **MAY_BE_PUBLIC)
async def board(request: Request, member: Anybody, kind: Kind, name: Annotated[str, Path(max_length=200)]) -> Response:
    """The board of an assignment, an exercise or a section."""
    return await _board(request, member, BoardName(kind, name))


@router.get("/standing", responses={"4XX": {"model": Problem}, "5XX": {"model": Problem}})
def standing(
    request: Request, member: Somebody, board: Annotated[str, Query(max_length=220, description="overall, assignment/NAME, …")] = "overall"
) -> Standing:
    """One's own row of a board, with what a freeze hides from the others; null for who is not on it."""
    own = parts_of(request).standings.own(parse(board), member.person_id)
    if own is None:
        return Standing(row=None)
    row, later = own
    shown = OwnRow(
        rank=row.rank,
        points=row.points,
        solved=row.solved,
        submissions=row.submissions,
        later_points=later.points if later else None,
        later_solved=later.solved if later else None,
    )
    return Standing(row=shown)


async def _board(request: Request, member: Member | None, name: BoardName) -> Response:
    """A board's finished bytes. Without a token only where boards are public."""
    here = parts_of(request)
    if member is None:
        await run_sync(_may_look, here.room, member)
    revision = await here.hub.revision()
    served = await run_sync(here.standings.served, name, audience_of(member.role if member else "student"), revision)
    if not served.is_for(*((member.role, member.section) if member else (None, None))):
        raise no_board(name)
    status, body, headers = reply(served, request.headers.get("if-none-match", ""), request.headers.get("accept-encoding", ""))
    return Response(body, status, headers)


def _may_look(room: Room, member: Member | None) -> None:
    """Raise Refused (401) when somebody without a token asks for boards that are not public."""
    if member is not None:
        return
    with room.store.reading() as session:
        public = session.scalar(select(Classroom.public_boards).where(Classroom.id == 1))
    if not public:
        raise Refused("not-signed-in", _("a client token is needed"), remedy=_("Join the class: kit join URL CODE"), http=401)
