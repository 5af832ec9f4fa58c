"""/api/v1/boards: the boards as JSON, ready-made, and one's own row."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import select

from grader.text import _
from kit.classroom.boards import BoardName, parse
from kit.classroom.documents import BoardView, OwnRow, Problem, Standing
from kit.classroom.errors import Refused
from kit.classroom.front import audience_of, reply
from kit.classroom.identity import Member
from kit.classroom.parts import Anybody, Somebody, parts_of
from kit.classroom.room import Room
from kit.classroom.schema import Classroom

__all__ = ["router"]

Kind = Literal["assignment", "exercise", "section"]
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"model": BoardView},
    304: {"description": "As it was at If-None-Match"},
    "4XX": {"model": Problem},
    "5XX": {"model": Problem},
}
router = APIRouter(prefix="/api/v1", tags=["boards"])


@router.get("/boards/overall", responses=RESPONSES, response_class=Response)
async def overall(request: Request, member: Anybody) -> Response:
    """The board of everything that was handed in, practice too."""
    return await _board(request, member, BoardName("overall"))


@router.get("/boards/{kind}/{name:path}", responses=RESPONSES, response_class=Response)
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
    if member is None and not await run_sync(_is_public, here.room):
        raise Refused("not-signed-in", _("a client token is needed"), remedy=_("Join the class: kit join URL CODE"), http=401)
    revision = await here.hub.revision()
    served = await run_sync(here.standings.served, name, audience_of(member.role if member else "student"), revision)
    status, body, headers = reply(served, request.headers.get("if-none-match", ""), request.headers.get("accept-encoding", ""))
    return Response(body, status, headers)


def _is_public(room: Room) -> bool:
    with room.store.reading() as session:
        return bool(session.scalar(select(Classroom.public_boards).where(Classroom.id == 1)))
