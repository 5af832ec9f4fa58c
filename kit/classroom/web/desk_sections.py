"""Sections as the desk keeps them: the groups of students, their names, and those that nobody needs any more."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import Response
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from grader.text import _
from kit.classroom import audit, people
from kit.classroom.errors import Refused
from kit.classroom.room import bump
from kit.classroom.schema import Assignment, Person, Section
from kit.classroom.web.auth import room_of
from kit.classroom.web.desk_parts import Teaching, checked, desk, section_called
from kit.classroom.web.view import page, redirect

__all__ = ["router"]

router = desk()

Name = Annotated[str, Form(max_length=1000)]


@dataclass(frozen=True)
class Group:
    """A section, how many people are in it and how many assignments are for it alone."""

    id: int
    name: str
    people: int
    assignments: int


@router.get("/sections")
def show(request: Request, who: Teaching) -> Response:  # noqa: ARG001  # being a teacher is asked for
    """All of them."""
    return _list(request)


@router.post("/sections", dependencies=checked)
def add(request: Request, who: Teaching, name: Name = "") -> Response:
    """One more."""
    room = room_of(request)
    try:
        with room.store.writing() as session:
            _check_new(session, name)
            section = people.named_section(session, people.cleaned_name(name))
            audit.note(session, room.now(), who.me, "section-add", f"section {section.id}", name=section.name)
            bump(session)
    except Refused as error:
        return _list(request, error)
    return redirect(request, "/desk/sections", _("Saved."))


@router.post("/sections/{section_id}", dependencies=checked)
def rename(request: Request, who: Teaching, section_id: int, name: Name = "") -> Response:
    """Another name."""
    room = room_of(request)
    try:
        with room.store.writing() as session:
            section = _section(session, section_id)
            _check_free(session, section_id, name)
            before, section.name = section.name, people.cleaned_name(name)
            try:
                session.flush()
            except IntegrityError as error:
                raise Refused("taken", _("another section is called so"), name[:100], _("Choose another."), http=409) from error
            audit.note(session, room.now(), who.me, "section-rename", f"section {section_id}", before=before, after=section.name)
            bump(session)
    except Refused as error:
        return _list(request, error)
    return redirect(request, "/desk/sections", _("Saved."))


@router.post("/sections/{section_id}/delete", dependencies=checked)
def delete(request: Request, who: Teaching, section_id: int) -> Response:
    """Take an empty one away: with it an assignment for it alone would become everybody's."""
    room = room_of(request)
    try:
        with room.store.writing() as session:
            section = _section(session, section_id)
            _check_empty(session, section)
            session.delete(section)
            audit.note(session, room.now(), who.me, "section-delete", f"section {section_id}", name=section.name)
            session.flush()
            bump(session)
    except Refused as error:
        return _list(request, error)
    return redirect(request, "/desk/sections", _("It is gone."))


def _list(request: Request, error: Refused | None = None) -> Response:
    with room_of(request).store.reading() as session:
        groups = _groups(session)
    return page(request, "desk/sections.html", status=error.http if error is not None else 200, groups=groups, error=error)


def _groups(session: Session) -> list[Group]:
    inside = select(func.count()).where(Person.section_id == Section.id).scalar_subquery()
    given = select(func.count()).where(Assignment.section_id == Section.id).scalar_subquery()
    return [Group(*row) for row in session.execute(select(Section.id, Section.name, inside, given).order_by(Section.name))]


def _check_new(session: Session, name: str) -> None:
    """Raises Refused."""
    present = section_called(session, name)
    if present is not None:
        raise Refused("taken", _("this section exists already"), present.name, _("Choose another name, or rename that one."), http=409)


def _check_free(session: Session, section_id: int, name: str) -> None:
    """Raises Refused when another section is called so."""
    other = section_called(session, name)
    if other is not None and other.id != section_id:
        raise Refused("taken", _("another section is called so"), other.name, _("Choose another."), http=409)


def _check_empty(session: Session, section: Section) -> None:
    """Raises Refused."""
    [group] = [each for each in _groups(session) if each.id == section.id]
    if group.people or group.assignments:
        remedy = _("Move its people and its assignments first.")
        raise Refused("in-use", _("this section is not empty"), section.name, remedy, http=409)


def _section(session: Session, section_id: int) -> Section:
    section = session.get(Section, section_id)
    if section is None:
        raise Refused("no-section", _("there is no such section"), section_id, _("Look at the list of sections."), http=404)
    return section
