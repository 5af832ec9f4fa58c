"""The audit as a page: who with rights did what, and what the server had to refuse."""

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from kit.classroom.schema import Audit, Person
from kit.classroom.web.auth import room_of
from kit.classroom.web.desk_parts import Teaching, desk
from kit.classroom.web.view import page

__all__ = ["router"]

PAGE = 50
MOST = 1000  # characters of a field

router = desk()


class Filter(BaseModel):
    """What is listed: by whom ("0": the server itself), which action, on what."""

    person: str = Field(default="", pattern=r"^\d{0,18}$")
    action: str = Field(default="", max_length=MOST)
    q: str = Field(default="", max_length=MOST)
    page: int = Field(default=1, ge=1, le=1_000_000)


@router.get("/audit")
def show(request: Request, who: Teaching, given: Annotated[Filter, Query()]) -> Response:  # noqa: ARG001  # being a teacher is asked for
    """What happened, newest first."""
    room = room_of(request)
    with room.store.reading() as session:
        asked = _conditions(given)
        count = session.scalars(select(func.count(Audit.id)).where(*asked)).one()
        pages = max(-(-count // PAGE), 1)
        at = min(given.page, pages)
        rows = select(Audit).where(*asked).options(joinedload(Audit.person)).order_by(Audit.id.desc())
        found = list(session.scalars(rows.limit(PAGE).offset((at - 1) * PAGE)))
        actions = list(session.scalars(select(Audit.action).distinct().order_by(Audit.action)))
        acted = select(Person.id, Person.name).where(Person.id.in_(select(Audit.person_id).distinct())).order_by(func.lower(Person.name))
        actors = session.execute(acted).all()
    return page(request, "desk/audit.html", found=found, count=count, at=at, pages=pages, given=given, actions=actions, actors=actors)


def _conditions(given: Filter) -> list[ColumnElement[bool]]:
    """What the filter asks for."""
    asked: list[ColumnElement[bool]] = []
    if given.person == "0":
        asked.append(Audit.person_id.is_(None))
    elif given.person:
        asked.append(Audit.person_id == int(given.person))
    if given.action:
        asked.append(Audit.action == given.action)
    if given.q.strip():
        asked.append(func.lower(Audit.object).contains(given.q.strip().lower(), autoescape=True))
    return asked
