"""Speed results that are too good for the hardware: a teacher lets them count, or keeps them off the board."""

from typing import Annotated, Literal

from fastapi import Form, Request
from fastapi.responses import Response

from grader.text import _
from kit.classroom import speed
from kit.classroom.web.auth import room_of
from kit.classroom.web.desk_parts import Staff, Teaching, checked, desk, titles
from kit.classroom.web.view import page, redirect

__all__ = ["router"]

router = desk()


@router.get("/speed")
def show(request: Request, who: Staff) -> Response:  # noqa: ARG001  # being of the staff is asked for
    """What is held, what nobody has looked at first."""
    room = room_of(request)
    with room.store.reading() as session:
        held = speed.held(session)
    return page(request, "desk/speed.html", held=held, titles=titles(room))


@router.post("/speed/{result_id}", dependencies=checked)
def review(request: Request, who: Teaching, result_id: int, verdict: Annotated[Literal["counts", "off"], Form()]) -> Response:
    """Let a result count, or keep it off the board. The service writes it down."""
    room = room_of(request)
    with room.store.writing() as session:
        speed.review(session, result_id, by=who.me, counts=verdict == "counts", now=room.now())
    return redirect(request, "/desk/speed", _("It counts now.") if verdict == "counts" else _("It stays off the board."))
