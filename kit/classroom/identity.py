"""Whose client is asking: the token of a request, looked up once in a while and remembered for a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from kit.classroom import people, tokens
from kit.classroom.room import Room
from kit.classroom.schema import Person, Role

__all__ = ["Identities", "Member", "bearer"]

REMEMBERED = timedelta(seconds=10)  # how long a token that another process revoked may still work here
MANY = 20_000


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the classroom, as a request needs to know them."""

    person_id: int
    role: Role
    name: str
    pseudonym: str
    section_id: int | None
    section: str | None

    @property
    def is_staff(self) -> bool:
        """Whether a teacher or an assistant."""
        return self.role != "student"


class Identities:
    """The members behind client tokens."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._known: dict[str, tuple[Member, datetime]] = {}  # by the token's SHA-256

    def known(self, token: str) -> Member | None:
        """The member, if looked up a moment ago; never asks the database."""
        found = self._known.get(tokens.hashed(token))
        return found[0] if found is not None and found[1] > self._room.now() else None

    def whose(self, token: str) -> Member | None:
        """The active member whose client token this is. Raises KitError when the database does not answer."""
        member = self.known(token)
        if member is not None:
            return member
        known, now = self._known, self._room.now()
        with self._room.store.reading() as session:
            person = people.whose(session, token, ("client",), now)
        if person is None:
            return None
        member = _member(person)
        if len(known) >= MANY:
            known.clear()
        known[tokens.hashed(token)] = member, now + REMEMBERED  # not into self._known: what was forgotten meanwhile stays forgotten
        return member

    def forget(self) -> None:
        """Look everybody up again: somebody's rights or tokens may have changed."""
        self._known = {}


def bearer(authorization: str | None) -> str | None:
    """The token of an Authorization header (RFC 6750)."""
    scheme, _space, token = (authorization or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _member(person: Person) -> Member:
    return Member(
        person.id, cast("Role", person.role), person.name, person.pseudonym, person.section_id, person.section.name if person.section else None
    )
