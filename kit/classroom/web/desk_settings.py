"""The classroom's settings: its name, who may join, who sees the boards, and the freeze."""

from typing import Annotated, Literal

from fastapi import Form, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from grader.text import _
from kit.classroom import audit
from kit.classroom.errors import Refused
from kit.classroom.room import bump, rotate_code
from kit.classroom.schema import Classroom
from kit.classroom.web.auth import room_of
from kit.classroom.web.desk_parts import Teaching, as_field, checked, desk, moment
from kit.classroom.web.view import page, redirect

__all__ = ["router"]

LONGEST = 200

router = desk()


class Given(BaseModel):
    """The form; what is not ticked is not sent."""

    name: str = Field(default="", max_length=10_000)
    join_open: bool = False
    public_boards: bool = False


@router.get("/settings")
def show(request: Request, who: Teaching) -> Response:  # noqa: ARG001  # being a teacher is asked for
    """What they are."""
    return _show(request)


@router.post("/settings", dependencies=checked)
def change(request: Request, who: Teaching, given: Annotated[Given, Form()]) -> Response:
    """Save them."""
    room = room_of(request)
    name = " ".join(given.name.split())
    if not name or len(name) > LONGEST or not name.isprintable():
        what, remedy = _("this cannot be the name of a class"), _("Give 1 to {longest} characters.").format(longest=LONGEST)
        return _show(request, Refused("bad-name", what, name[:LONGEST], remedy, http=422), name=given.name[:LONGEST])
    with room.store.writing() as session:
        classroom = session.get_one(Classroom, 1)
        after = {"name": name, "join_open": given.join_open, "public_boards": given.public_boards}
        differs = {field: [getattr(classroom, field), value] for field, value in after.items() if getattr(classroom, field) != value}
        for field, value in after.items():
            setattr(classroom, field, value)
        audit.note(session, room.now(), who.me, "settings-change", "classroom", **differs)
        session.flush()
        bump(session)
    return redirect(request, "/desk/settings", _("Saved."))


@router.post("/settings/code", dependencies=checked)
def rotate(request: Request, who: Teaching) -> Response:
    """Another join code; the old one lets nobody in any more."""
    room = room_of(request)
    with room.store.writing() as session:
        rotate_code(session)
        audit.note(session, room.now(), who.me, "code-rotate", "classroom")
    return redirect(request, "/desk/settings", _("The class has a new join code; the old one lets nobody in any more."))


@router.post("/settings/freeze", dependencies=checked)
def freeze(
    request: Request,
    who: Teaching,
    when: Annotated[Literal["now", "at", "off"], Form()],
    at: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Freeze the boards for students: now, from a moment on, or not any more."""
    room = room_of(request)
    try:
        freeze_at = {"now": room.now(), "at": moment(at) if when == "at" else None, "off": None}[when]
    except Refused as error:
        return _show(request, error)
    if when == "at" and freeze_at is None:
        remedy = _("Choose a day and a time, in UTC.")
        return _show(request, Refused("bad-time", _("say when the boards are to freeze"), remedy=remedy, http=422))
    with room.store.writing() as session:
        session.get_one(Classroom, 1).freeze_at = freeze_at
        audit.note(session, room.now(), who.me, "freeze", "classroom", at=None if freeze_at is None else freeze_at.isoformat())
        session.flush()
        bump(session)
    said = _("Students see what happens now again.") if freeze_at is None else _("The freeze is set.")
    return redirect(request, "/desk/settings", said)


def _show(request: Request, error: Refused | None = None, *, name: str | None = None) -> Response:
    room = room_of(request)
    with room.store.reading() as session:
        settings = session.get_one(Classroom, 1)
    address = (room.settings.base_url or str(request.base_url)).rstrip("/")
    values = {"name": settings.name if name is None else name, "freeze_at": as_field(settings.freeze_at), "address": address}
    return page(request, "desk/settings.html", status=error.http if error is not None else 200, settings=settings, error=error, **values)
