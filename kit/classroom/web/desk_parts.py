"""What the pages of the desk share: who may see and change things, what exercises are called, and moments as a form says them."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from grader.text import _, current_language
from kit.classroom import assignments
from kit.classroom.errors import Refused
from kit.classroom.room import Room
from kit.classroom.schema import Person, Section
from kit.classroom.web import auth
from kit.classroom.web.auth import Visitor

__all__ = [
    "Chosen", "Sent", "Staff", "Teaching", "as_field", "checked", "desk", "moment", "namesakes", "page_of", "person_of", "section_called", "text_of",
    "titles",
]  # fmt: skip

T = TypeVar("T")

Staff = Annotated[Visitor, Depends(auth.at_least("assistant"))]
Teaching = Annotated[Visitor, Depends(auth.at_least("teacher"))]
checked = [Depends(auth.checked_csrf)]

FIELD = "%Y-%m-%dT%H:%M"
YEARS = range(2000, 2101)  # others are mistyped
LONGEST = 2000  # characters of a field of a form; what each may hold, the service says


async def _sent(request: Request) -> FormData:
    return await request.form()


Sent = Annotated[FormData, Depends(_sent)]
"""What a form holds, where the names of its fields are not the same for every classroom."""


def desk() -> APIRouter:
    """A router of the desk: no route of it is for students, even one that should forget to say so."""
    return APIRouter(prefix="/desk", include_in_schema=False, dependencies=[Depends(auth.at_least("assistant"))])


def titles(room: Room) -> dict[str, str]:
    """By exercise, what it is called in the reader's language."""
    return {exercise.slug: exercise.title.say(current_language()) for exercise in room.bank.exercises}


class Chosen:
    """What a page is about: an assignment, or everything; ids and titles for what is asked of the database, choices for the form."""

    def __init__(self, session: Session, slug: str) -> None:
        """slug: of the assignment, "" for everything. Raises Refused when there is none of that name."""
        self.assignment = assignments.named(session, slug) if slug else None
        self.slug = slug
        self.choices = [("", _("everything")), *((each.slug, each.title) for each in assignments.all_of_them(session))]

    @property
    def id(self) -> int | None:
        """The assignment's."""
        return None if self.assignment is None else self.assignment.id


def person_of(session: Session, person_id: int) -> Person:
    """The person. Raises Refused."""
    person = session.get(Person, person_id)
    if person is None:
        raise Refused("no-person", _("there is no such person"), person_id, _("Look at the list of people."), http=404)
    return person


def namesakes(session: Session) -> dict[int, str]:
    """By person who is called like somebody else, what tells them apart: the student number, else the email, else the pseudonym."""
    found = session.execute(select(Person.id, Person.name, Person.student_id, Person.email, Person.pseudonym)).all()
    called = Counter(row.name.casefold() for row in found)
    return {row.id: row.student_id or row.email or row.pseudonym for row in found if called[row.name.casefold()] > 1}


def section_called(session: Session, name: str) -> Section | None:
    """The section of that name, however it is spaced and whatever its capitals."""
    wanted = " ".join(name.split()).casefold()
    return next((each for each in session.scalars(select(Section).order_by(Section.id)) if each.name.casefold() == wanted), None)


def text_of(form: FormData, name: str) -> str:
    """A field of a form, "" when it has none. Raises Refused for one that no form of ours could hold."""
    value = form.get(name)
    if not isinstance(value, str):
        return ""
    if len(value) > LONGEST:
        raise Refused("too-long", _("this is too long"), value[:60], _("Give at most {longest} characters.").format(longest=LONGEST), http=422)
    return value.strip()


def moment(text: str) -> datetime | None:
    """What a field of date and time says, in UTC; None for an empty one. Raises Refused, also for a year that was mistyped."""
    if not text.strip():
        return None
    try:
        when = datetime.strptime(re.sub(r"(T\d\d:\d\d):\d\d(\.\d+)?$", r"\1", text.strip()), FIELD).replace(tzinfo=UTC)
    except ValueError as error:
        remedy = _("Write it as year-month-dayThour:minute, in UTC.")
        raise Refused("bad-time", _("this is no moment"), text[:60], remedy, http=422) from error
    if when.year not in YEARS:
        remedy = _("Give a year from {first} to {last}.").format(first=YEARS[0], last=YEARS[-1])
        raise Refused("bad-time", _("this is no moment for a class"), text[:60], remedy, http=422)
    return when


def as_field(when: datetime | None) -> str:
    """A moment as a field of date and time takes it, in UTC."""
    return "" if when is None else when.astimezone(UTC).strftime(FIELD)


def page_of(everything: Sequence[T], at: int, size: int) -> tuple[Sequence[T], int, int]:
    """The part of a list that stands on a page, the page's number (the last one for a larger one), and how many pages there are."""
    pages = max(-(-len(everything) // size), 1)
    at = min(max(at, 1), pages)
    return everything[(at - 1) * size : at * size], at, pages
