"""What goes out of the classroom as a file, and a class list that comes in: looked at before anybody is added."""

from typing import Annotated, Any

import msgspec
from fastapi import File, Form, Query, Request, UploadFile
from fastapi.responses import Response

from grader.text import _, ngettext
from kit.classroom import audit, classlist, transfer
from kit.classroom.classlist import Listed
from kit.classroom.errors import Refused
from kit.classroom.results import COLUMNS, Columns
from kit.classroom.transfer import Form as FileForm
from kit.classroom.transfer import Thing
from kit.classroom.web.auth import room_of
from kit.classroom.web.desk_parts import Chosen, Teaching, checked, desk
from kit.classroom.web.view import page, redirect

__all__ = ["router"]

MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/json"}

router = desk()


@router.get("/files")
def show(request: Request, who: Teaching) -> Response:  # noqa: ARG001  # being a teacher is asked for
    """What can be brought in and taken out."""
    return _show(request)


@router.get("/files/{thing}.{form}")
def download(
    request: Request,
    who: Teaching,  # noqa: ARG001  # being a teacher is asked for
    thing: Thing,
    form: FileForm,
    *,
    columns: Columns = "plain",
    assignment: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """The gradebook, the submissions, the people or the audit."""
    room = room_of(request)
    body = transfer.exported(room, thing, form, columns=columns, assignment=assignment or None)
    parts = [thing, assignment if thing == "gradebook" else "", columns if thing == "gradebook" and columns != "plain" else ""]
    name = "-".join(part for part in [*parts, f"{room.now():%Y-%m-%d}"] if part)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "Cache-Control": "private, no-store"}
    return Response(body, media_type=MEDIA[form], headers=headers)


@router.post("/files/list", dependencies=checked)
def look(
    request: Request,
    who: Teaching,  # noqa: ARG001  # being a teacher is asked for
    *,
    file: Annotated[UploadFile | None, File()] = None,
    text: Annotated[str, Form()] = "",
    encoding: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """What a class list would change; nothing is changed yet."""
    room = room_of(request)
    try:
        rows, unused = classlist.read(*_given(file, text, encoding))
    except Refused as error:
        return _show(request, error, text=text)
    with room.store.reading() as session:
        changes = classlist.compare(session, rows)
    return page(request, "desk/list.html", changes=changes, unused=unused, rows=msgspec.json.encode(rows).decode())


@router.post("/files/list/import", dependencies=checked)
def put_in(request: Request, who: Teaching, rows: Annotated[str, Form()] = "") -> Response:
    """Put in the list that was looked at."""
    room = room_of(request)
    try:
        listed = msgspec.json.decode(rows, type=list[Listed])
    except msgspec.DecodeError as error:
        raise Refused("bad-list", _("this is no class list"), remedy=_("Choose the file again."), http=422) from error
    try:
        with room.store.writing() as session:
            changes = classlist.compare(session, listed)
            classlist.apply(session, changes, room.now(), who.me)
            audit.note(session, room.now(), who.me, "list-import", "people", added=len(changes.new), changed=len(changes.changed), same=changes.same)
    except Refused as error:
        return _show(request, error)
    added = ngettext("{n} person was added", "{n} people were added", len(changes.new)).format(n=len(changes.new))
    changed = ngettext("{n} was changed", "{n} were changed", len(changes.changed)).format(n=len(changes.changed))
    return redirect(request, "/desk/people", _("{added}, {changed}.").format(added=added, changed=changed))


def _given(file: UploadFile | None, text: str, encoding: str) -> tuple[bytes, str | None]:
    """The bytes of a list and their encoding: a file's, else what was pasted."""
    if file is not None and file.filename:
        return file.file.read(), encoding or None
    return text.strip().encode("utf-8", "replace"), None


def _show(request: Request, error: Refused | None = None, *, text: str = "") -> Response:
    with room_of(request).store.reading() as session:
        chosen = Chosen(session, "")
    values: dict[str, Any] = {"chosen": chosen, "columns": COLUMNS, "text": text, "error": error}
    return page(request, "desk/files.html", status=error.http if error is not None else 200, **values)
