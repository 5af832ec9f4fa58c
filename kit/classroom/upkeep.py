"""Upkeep: what a teacher does to a classroom from the command line, each thing in one transaction and written into the audit."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from kit.classroom import audit, classlist, people, room
from kit.classroom.classlist import Changes
from kit.classroom.database import Store
from kit.classroom.schema import Classroom, Person, Role

__all__ = ["Appointed", "appoint", "rotate_code", "take_in"]


class Appointed(NamedTuple):
    """Somebody of the staff. token: of a link that signs them in, once, within 24 hours. new: they were nobody here before."""

    name: str
    role: str
    token: str
    new: bool


def appoint(store: Store, name: str, role: Role, now: datetime, *, email: str | None = None) -> Appointed:
    """A teacher or an assistant with a fresh sign-in link; who has that role already, by email or else by name, gets only the link.

    Raises Refused for a name or an email that cannot be, or that is somebody else's.
    """
    wanted = people.cleaned_name(name)
    with store.writing() as session:
        known = select(Person).where(Person.role == role, Person.active).order_by(Person.id)
        same = Person.email == email.strip().lower() if email else Person.name == wanted
        person = session.scalars(known.where(same)).first()
        new = person is None
        if person is None:
            person = people.add(session, role=role, name=wanted, email=email, now=now)
        token = people.issue(session, person, "link", now=now, label="kit class add-teacher")
        audit.note(session, now, None, "appoint" if new else "sign-in-link", person.name, role=role)
        return Appointed(person.name, person.role, token, new)


def rotate_code(store: Store, now: datetime) -> tuple[str, bool]:
    """A fresh join code in the place of the old one, and whether joining is open."""
    with store.writing() as session:
        code = room.rotate_code(session)
        audit.note(session, now, None, "rotate-code")
        return code, session.get_one(Classroom, 1).join_open


def take_in(store: Store, data: bytes, file: str, now: datetime, *, encoding: str | None = None, look: bool = False) -> Changes:
    """Put in a class list, all of it or nothing; look: only say what would change. Raises Refused for a list that cannot be read or taken."""
    rows = classlist.read(data, encoding)
    if look:
        with store.reading() as session:
            return classlist.compare(session, rows)
    with store.writing() as session:
        changes = classlist.compare(session, rows)
        classlist.apply(session, changes, now)
        audit.note(session, now, None, "list-import", file, added=len(changes.new), changed=len(changes.changed), same=changes.same)
        return changes
