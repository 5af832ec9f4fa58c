"""Upkeep: what a teacher does to a classroom from the command line, each thing in one transaction and written into the audit."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit.classroom import audit, classlist, people, room
from kit.classroom.classlist import Changes
from kit.classroom.database import Store
from kit.classroom.schema import Audit, Classroom, Person, Role

__all__ = ["Appointed", "appoint", "last_served", "note_served", "rotate_code", "take_in"]

SERVED = "serve"  # in the audit: an address at which the classroom was opened


class Appointed(NamedTuple):
    """Somebody of the staff. token: of a link that signs them in, once, within 24 hours. new: they were nobody here before."""

    name: str
    role: str
    token: str
    new: bool


def appoint(store: Store, name: str, role: Role, now: datetime, *, email: str | None = None) -> Appointed:
    """A teacher or an assistant with a fresh sign-in link; who has that role already, by email or else by name, gets only the link.

    Names are the same whatever their case and spaces. Raises Refused for a name or an email that cannot be, or that is somebody else's.
    """
    wanted = people.cleaned_name(name)
    with store.writing() as session:
        known = session.scalars(select(Person).where(Person.role == role, Person.active).order_by(Person.id))
        person = next((each for each in known if (each.email == email.strip().lower() if email else _folded(each.name) == _folded(wanted))), None)
        new = person is None
        if person is None:
            person = people.add(session, role=role, name=wanted, email=email, now=now)
        token = people.issue(session, person, "link", now=now, label="kit class add-teacher")
        audit.note(session, now, None, "appoint" if new else "sign-in-link", person.name, role=role)
        return Appointed(person.name, person.role, token, new)


def note_served(session: Session, address: str, now: datetime) -> None:
    """Write down at which address the classroom was opened."""
    audit.note(session, now, None, SERVED, address)


def last_served(store: Store) -> str | None:
    """The address at which the classroom was opened last; None: never yet."""
    with store.reading() as session:
        return session.scalars(select(Audit.object).where(Audit.action == SERVED).order_by(Audit.id.desc()).limit(1)).first()


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def rotate_code(store: Store, now: datetime) -> tuple[str, bool]:
    """A fresh join code in the place of the old one, and whether joining is open."""
    with store.writing() as session:
        code = room.rotate_code(session)
        audit.note(session, now, None, "rotate-code")
        return code, session.get_one(Classroom, 1).join_open


def take_in(
    store: Store, data: bytes, file: str, now: datetime, *, encoding: str | None = None, look: bool = False
) -> tuple[Changes, tuple[str, ...]]:
    """Put in a class list, all of it or nothing; look: only say what would change. The second: headings of columns that are not used.

    Raises Refused for a list that cannot be read or taken.
    """
    rows, unused = classlist.read(data, encoding)
    if look:
        with store.reading() as session:
            return classlist.compare(session, rows), unused
    with store.writing() as session:
        changes = classlist.compare(session, rows)
        classlist.apply(session, changes, now)
        audit.note(session, now, None, "list-import", file, added=len(changes.new), changed=len(changes.changed), same=changes.same)
        return changes, unused
