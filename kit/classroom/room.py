"""The room: what every part of the classroom needs at hand, and the classroom's own row."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from grader.verdict import Policy
from kit.bank import Bank
from kit.classroom.database import Store
from kit.classroom.line import Places
from kit.classroom.schema import Classroom
from kit.classroom.together import Together

__all__ = ["Room", "Settings", "bump", "found", "join_code", "rotate_code"]

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another: no i, l, o, 0, 1

_BUMP = update(Classroom).where(Classroom.id == 1).values(revision=Classroom.revision + 1)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the one who starts the server decides.

    sandbox: how answers are confined; "server" refuses to start where a layer is missing. base_url: how browsers reach it, "" when that is the
    address it listens on. trusted_proxy: the address of a client is what the proxy in front says. max_body: bytes of a request. The oidc fields are
    empty where nobody signs in by OpenID Connect.
    """

    sandbox: Policy = "server"
    base_url: str = ""
    trusted_proxy: bool = False
    max_body: int = 2_000_000
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_label: str = ""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Room:
    """A classroom at work: its database, its exercises, its settings, and the time. places and together: what its threads share."""

    store: Store
    bank: Bank
    settings: Settings = field(default_factory=Settings)
    now: Callable[[], datetime] = _utc_now
    places: Places = field(default_factory=Places, init=False, repr=False, compare=False)
    together: Together = field(default_factory=Together, init=False, repr=False, compare=False)


def found(store: Store, name: str, now: datetime) -> Classroom:
    """The classroom of this database; it is made, with that name, a join code and a secret, when there is none."""
    with store.reading() as session:
        present = session.get(Classroom, 1)
    if present is not None:
        return present
    try:
        with store.writing() as session:
            present = session.get(Classroom, 1)
            if present is None:
                present = Classroom(id=1, name=name, join_code=join_code(), secret=secrets.token_bytes(32), created_at=now)
                session.add(present)
            return present
    except IntegrityError:  # another server was founding it
        with store.reading() as session:
            return session.get_one(Classroom, 1)


def bump(session: Session) -> None:
    """Say that a board could have changed. Last in its transaction: until the end of it no other one can say so."""
    session.connection().execute(_BUMP)


def join_code() -> str:
    """A fresh join code, "k7wd-m3xp": 39 bits, which the rate limit of joining keeps from being guessed."""
    drawn = "".join(secrets.choice(LETTERS) for _ in range(8))
    return f"{drawn[:4]}-{drawn[4:]}"


def rotate_code(session: Session) -> str:
    """Put a fresh join code in the place of the old one, which lets nobody in any more."""
    classroom = session.get_one(Classroom, 1)
    classroom.join_code = join_code()
    return classroom.join_code
