"""People as the desk keeps them: who is in the class, in which role and section, and what lets them in."""

from typing import Annotated, Any

from fastapi import Form, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from grader.text import _, ngettext
from kit.classroom import audit, people, tokens
from kit.classroom.errors import Refused
from kit.classroom.schema import Person, Role, Section, Token
from kit.classroom.web.auth import room_of
from kit.classroom.web.desk_parts import Teaching, checked, desk, page_of, person_of, section_called
from kit.classroom.web.view import page, redirect

__all__ = ["router"]

PAGE = 100  # people
MOST = 1000  # characters of a field; what each may hold, the service says

router = desk()

Text = Annotated[str, Form(max_length=MOST)]


class Adding(BaseModel):
    """The form of somebody new. once: random, so that the form is known when it comes again."""

    once: str = Field(default_factory=tokens.new, min_length=43, max_length=43)
    name: str = Field(default="", max_length=MOST)
    email: str = Field(default="", max_length=MOST)
    student_id: str = Field(default="", max_length=MOST)
    section: str = Field(default="", max_length=MOST)
    role: Role = "student"


class Correcting(BaseModel):
    """The form of what may be written down wrongly about somebody."""

    name: str = Field(default="", max_length=MOST)
    email: str = Field(default="", max_length=MOST)
    student_id: str = Field(default="", max_length=MOST)


class Filter(BaseModel):
    """Who is listed. active: "yes", "no" or "" for both."""

    q: str = Field(default="", max_length=MOST)
    role: str = Field(default="", max_length=MOST)
    section: str = Field(default="", max_length=MOST)
    active: str = Field(default="yes", max_length=MOST)
    page: int = Field(default=1, ge=1, le=10_000)


@router.get("/people")
def show_all(request: Request, who: Teaching, given: Annotated[Filter, Query()]) -> Response:  # noqa: ARG001  # being a teacher is asked for
    """Everybody, or those whom a filter leaves; a form for one more."""
    return _list(request, given)


@router.post("/people", dependencies=checked)
def add(request: Request, who: Teaching, form: Annotated[Adding, Form()]) -> Response:
    """Somebody new, with a sign-in link that is shown once; the same form again, reloaded or sent by a second click, adds nobody."""
    room = room_of(request)
    now = room.now()
    try:
        with room.store.writing() as session:
            person, link = people.add_once(
                session,
                form.once,
                role=form.role,
                name=form.name,
                email=form.email,
                student_id=form.student_id,
                section=_known(session, form.section),
                now=now,
                label=_("made at the desk"),
            )
            if link is not None:
                audit.note(session, now, who.me, "person-add", f"person {person.id}", name=person.name, role=person.role)
    except Refused as error:
        return _list(request, Filter(), form=form, error=_told_whose(request, error))
    if link is None:
        said = _("This form was sent before: {name} has been in the class since then, and nobody was added now.").format(name=person.name)
        return redirect(request, f"/desk/people/{person.id}", said, "note")
    return _one(request, person.id, link=link)


@router.get("/people/{person_id}")
def show(request: Request, who: Teaching, person_id: int) -> Response:  # noqa: ARG001  # being a teacher is asked for
    """What can be changed about somebody."""
    return _one(request, person_id)


@router.post("/people/{person_id}", dependencies=checked)
def change(request: Request, who: Teaching, person_id: int, role: Annotated[Role, Form()], section: Text = "") -> Response:
    """Another role, another section."""
    room = room_of(request)
    try:
        with room.store.writing() as session:
            person = person_of(session, person_id)
            before = person.role, person.section.name if person.section else ""
            if role != person.role:
                people.change_role(session, person, role)
                audit.note(session, room.now(), who.me, "role-change", f"person {person_id}", name=person.name, before=before[0], after=role)
            if section.strip() != before[1]:
                people.move(session, person, _known(session, section))
                after = person.section.name if person.section else ""
                audit.note(session, room.now(), who.me, "section-move", f"person {person_id}", name=person.name, before=before[1], after=after)
    except Refused as error:
        return _one(request, person_id, error=error)
    return redirect(request, f"/desk/people/{person_id}", _("Saved."))


@router.post("/people/{person_id}/correct", dependencies=checked)
def correct(request: Request, who: Teaching, person_id: int, form: Annotated[Correcting, Form()]) -> Response:
    """Another name, student number or email: misspelt, or changed since."""
    room = room_of(request)
    try:
        with room.store.writing() as session:
            person = person_of(session, person_id)
            changed = people.correct(session, person, name=form.name, email=form.email, student_id=form.student_id)
            if changed:
                audit.note(session, room.now(), who.me, "person-correct", f"person {person_id}", **({"name": person.name} | changed))
    except Refused as error:
        return _one(request, person_id, error=_told_whose(request, error), form=form)
    return redirect(request, f"/desk/people/{person_id}", _("Saved."))


@router.post("/people/{person_id}/active", dependencies=checked)
def activate(request: Request, who: Teaching, person_id: int, active: Annotated[bool, Form()]) -> Response:
    """Keep somebody out, or let them in again."""
    room = room_of(request)
    try:
        with room.store.writing() as session:
            person = person_of(session, person_id)
            people.activate(session, person, active)
            audit.note(session, room.now(), who.me, "activate" if active else "deactivate", f"person {person_id}", name=person.name)
    except Refused as error:
        return _one(request, person_id, error=error)
    return redirect(request, f"/desk/people/{person_id}", _("They are let in again.") if active else _("They are kept out; their work is kept."))


@router.post("/people/{person_id}/pseudonym", dependencies=checked)
def rename(request: Request, who: Teaching, person_id: int) -> Response:
    """Draw another pseudonym, when somebody has chosen one that nobody wants to read."""
    room = room_of(request)
    with room.store.writing() as session:
        person = person_of(session, person_id)
        before, after = person.pseudonym, people.rename(session, person)
        audit.note(session, room.now(), who.me, "pseudonym-change", f"person {person_id}", name=person.name, before=before, after=after)
    return redirect(request, f"/desk/people/{person_id}", _("On the boards they are called {pseudonym} now.").format(pseudonym=after))


@router.post("/people/{person_id}/link", dependencies=checked)
def make_link(request: Request, who: Teaching, person_id: int) -> Response:
    """A fresh sign-in link, shown on the page that answers and never again."""
    room = room_of(request)
    with room.store.writing() as session:
        person = person_of(session, person_id)
        if not person.active:
            raise Refused("not-active", _("whoever is kept out cannot sign in"), person.name, _("Let them in again first."), http=409)
        link = people.issue(session, person, "link", now=room.now(), label=_("made at the desk"))
        audit.note(session, room.now(), who.me, "link-issue", f"person {person_id}", name=person.name)
    return _one(request, person_id, link=link)


@router.post("/people/{person_id}/revoke", dependencies=checked)
def revoke(request: Request, who: Teaching, person_id: int, token: Annotated[int | None, Form()] = None) -> Response:
    """End one of somebody's tokens; without a number all of them."""
    room = room_of(request)
    with room.store.writing() as session:
        person = person_of(session, person_id)
        if token is None:
            count = people.revoke_all(session, person, room.now())
        else:
            theirs = session.scalar(select(Token.id).where(Token.id == token, Token.person_id == person_id))
            if theirs is None:
                raise Refused("no-token", _("they have no such token"), remedy=_("Look at the list again."), http=404)
            count = int(people.revoke(session, token, room.now()))
        audit.note(session, room.now(), who.me, "token-revoke", f"person {person_id}", name=person.name, tokens=count)
    said = ngettext("{n} token lets nobody in any more.", "{n} tokens let nobody in any more.", count).format(n=count)
    return redirect(request, f"/desk/people/{person_id}", said)


@router.post("/people/{person_id}/release", dependencies=checked)
def release(request: Request, who: Teaching, person_id: int) -> Response:
    """Undo that somebody else joined with a student's number: nothing lets them in any more, and the number can be joined with again."""
    room = room_of(request)
    try:
        with room.store.writing() as session:
            person = person_of(session, person_id)
            count = people.release(session, person)
            audit.note(session, room.now(), who.me, "join-undo", f"person {person_id}", name=person.name, tokens=count)
    except Refused as error:
        return _one(request, person_id, error=error)
    return redirect(request, f"/desk/people/{person_id}", _("Nothing lets them in any more, and the student number can be joined with again."))


def _list(request: Request, given: Filter, *, form: Adding | None = None, error: Refused | None = None) -> Response:
    room = room_of(request)
    with room.store.reading() as session:
        found = _found(session, given)
        sections = _sections(session)
        counts = {role: count for role, count in session.execute(select(Person.role, func.count()).where(Person.active).group_by(Person.role))}  # noqa: C416  # dict() cannot be told the types of a row
    shown, at, pages = page_of(found, given.page, PAGE)
    values: dict[str, Any] = {"people": shown, "count": len(found), "at": at, "pages": pages, "counts": counts, "sections": sections}
    status = error.http if error is not None else 200
    return page(request, "desk/people.html", status=status, given=given, form=form or Adding(), error=error, **values)


def _found(session: Session, given: Filter) -> list[Person]:
    found = select(Person).order_by(func.lower(Person.name), Person.id)
    if given.q.strip():
        columns = (Person.name, Person.pseudonym, Person.email, Person.student_id)
        found = found.where(or_(*(func.lower(column).contains(given.q.strip().lower(), autoescape=True) for column in columns)))
    if given.role:
        found = found.where(Person.role == given.role)
    if given.section:
        found = found.where(Person.section.has(name=given.section))
    if given.active in {"yes", "no"}:
        found = found.where(Person.active == (given.active == "yes"))
    return list(session.scalars(found))


def _one(request: Request, person_id: int, *, link: str = "", error: Refused | None = None, form: Correcting | None = None) -> Response:
    room = room_of(request)
    with room.store.reading() as session:
        person = person_of(session, person_id)
        alive = select(Token).where(Token.person_id == person_id, Token.revoked_at.is_(None), Token.used_at.is_(None))
        alive = alive.where(or_(Token.expires_at.is_(None), Token.expires_at > room.now())).order_by(Token.id.desc())
        tokens = list(session.scalars(alive))
        joined = person.role == "student" and bool(session.scalar(select(people.has_come_in(person_id))))
        sections = _sections(session)
    address = (room.settings.base_url or str(request.base_url)).rstrip("/")
    values: dict[str, Any] = {"tokens": tokens, "joined": joined, "sections": sections, "link": f"{address}/signin?token={link}" if link else ""}
    form = form or Correcting(name=person.name, email=person.email or "", student_id=person.student_id or "")
    return page(request, "desk/person.html", status=error.http if error is not None else 200, person=person, error=error, form=form, **values)


def _told_whose(request: Request, error: Refused) -> Refused:
    """At the desk it may be said whose a number or an email is, be they kept out or not."""
    if error.code != "taken":
        return error
    with room_of(request).store.reading() as session:
        owner = session.scalar(select(Person).where(or_(Person.email == error.where, Person.student_id == error.where)))
    if owner is None:
        return error
    remedy = _("It belongs to {name}. Correct it there first, or take another.").format(name=owner.name)
    return Refused(error.code, error.what, error.where, remedy, http=error.http)


def _known(session: Session, section: str) -> str:
    """The section as it is written already, else as it was typed."""
    present = section_called(session, section)
    return section if present is None else present.name


def _sections(session: Session) -> list[str]:
    return list(session.scalars(select(Section.name).order_by(Section.name)))
