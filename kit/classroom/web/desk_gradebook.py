"""The gradebook as a page and as a file: students × exercises, with their real names."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from kit.classroom.boards import BoardName
from kit.classroom.cells import csv_text
from kit.classroom.gradebook import Gradebook, gradebook, table
from kit.classroom.schema import Section
from kit.classroom.web.auth import room_of
from kit.classroom.web.boards_pages import standings_of
from kit.classroom.web.desk_parts import Chosen, Staff, desk, namesakes, page_of, titles
from kit.classroom.web.view import page

__all__ = ["router"]

PAGE = 100  # students

router = desk()

Order = Literal["name", "points"]


@router.get("/gradebook")
def show(
    request: Request,
    who: Staff,  # noqa: ARG001  # being of the staff is asked for
    *,
    assignment: str = "",
    section: str = "",
    order: Order = "name",
    at: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> Response:
    """Everybody's points in each exercise: of an assignment, or of everything that anybody has handed in."""
    room = room_of(request)
    with room.store.reading() as session:
        chosen = Chosen(session, assignment)
        book = _book(request, session, chosen, section)
        sections = session.scalars(select(Section.name).order_by(Section.name)).all()
        same = namesakes(session)
    lines = sorted(book.lines, key=lambda line: -line.points) if order == "points" else book.lines
    solved = [sum(cell is not None and cell.state == "passed" for cell in book.column(column.exercise)) for column in book.columns]
    shown, at, pages = page_of(lines, at, PAGE)
    values: dict[str, Any] = {"lines": shown, "at": at, "pages": pages, "solved": solved, "section": section, "sections": sections, "order": order}
    return page(request, "desk/gradebook.html", book=book, chosen=chosen, namesakes=same, titles=titles(room), **values)


@router.get("/gradebook.csv")
def download(request: Request, who: Staff, assignment: str = "", section: str = "") -> Response:  # noqa: ARG001  # being of the staff is asked for
    """The same for a spreadsheet."""
    room = room_of(request)
    with room.store.reading() as session:
        book = _book(request, session, Chosen(session, assignment), section)
    name = f"gradebook-{assignment or 'everything'}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(csv_text(table(book)), media_type="text/csv; charset=utf-8", headers=headers)


def _book(request: Request, session: Session, chosen: Chosen, section: str) -> Gradebook:
    """The gradebook, of one section where it is asked for."""
    name = BoardName("assignment", chosen.slug) if chosen.slug else BoardName("overall")
    book = gradebook(session, standings_of(request).board(name, "staff"))
    return replace(book, lines=tuple(line for line in book.lines if not section or line.section == section))
