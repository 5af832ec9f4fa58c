"""People: how they come in, what stands for them, and what changes about them."""

import hmac
import re
import unicodedata
from collections.abc import Collection, Generator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, Update, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from grader.text import _
from kit.classroom import pseudonyms, tokens
from kit.classroom.errors import Refused
from kit.classroom.room import bump
from kit.classroom.schema import Classroom, Person, Role, Section, Token, TokenKind

__all__ = [
    "LIFETIMES", "activate", "add", "change_role", "cleaned_name", "issue", "join", "leave", "move", "named_section", "redeem", "rename", "revoke",
    "revoke_all", "whose",
]  # fmt: skip

LIFETIMES: dict[TokenKind, timedelta | None] = {"link": timedelta(hours=24), "session": timedelta(days=30), "client": None}
LONGEST_NAME, LONGEST_EMAIL, LONGEST_NUMBER, LONGEST_PSEUDONYM = 100, 320, 100, 40


def join(session: Session, *, code: str, name: str, email: str | None = None, student_id: str | None = None, now: datetime) -> Person:
    """Let a student in by the join code. A student number takes the place of the person imported with it, who keeps the imported name.

    Raises Refused: a wrong code, joining closed, a number that is not on the class list or whose person is here already, an email that is taken.
    """
    classroom = session.get_one(Classroom, 1)
    if not hmac.compare_digest(_letters(code), _letters(classroom.join_code)):
        raise Refused("wrong-code", _("this is not the join code"), remedy=_("Ask your teacher for the present one."), http=403)
    if not classroom.join_open:
        raise Refused("join-closed", _("nobody can join at present"), remedy=_("Ask your teacher for a sign-in link."), http=403)
    if not student_id or not student_id.strip():
        return add(session, role="student", name=name, email=email, now=now)
    number = _line(student_id, LONGEST_NUMBER)
    listed = select(Person).where(Person.student_id == number, Person.role == "student", Person.active)
    person = session.scalar(listed.with_for_update(of=Person))
    if person is None:
        remedy = _("Leave the number out, or ask your teacher to add it.")
        raise Refused("unknown-number", _("this student number is not on the class list"), number, remedy, http=404)
    if session.scalar(select(exists().where(Token.person_id == person.id, Token.kind != "link"))):
        remedy = _("Ask your teacher for a sign-in link.")
        raise Refused("number-taken", _("somebody has joined with this student number already"), number, remedy, http=409)
    if email and email.strip() and person.email is None:
        address = _cleaned_email(email)
        with _unique(session, email=address):
            person.email = address
    return person


def add(
    session: Session,
    *,
    role: Role,
    name: str,
    email: str | None = None,
    student_id: str | None = None,
    subject: str | None = None,
    section: str | None = None,
    now: datetime,
) -> Person:
    """A new person with a drawn pseudonym; a section that does not exist is made. Raises Refused for what cannot be, or is somebody else's."""
    person = Person(
        role=role,
        name=cleaned_name(name),
        pseudonym=_drawn(session),
        email=_cleaned_email(email) if email and email.strip() else None,
        student_id=_line(student_id, LONGEST_NUMBER) if student_id and student_id.strip() else None,
        subject=subject,
        section=named_section(session, section) if section and section.strip() else None,
        created_at=now,
    )
    with _unique(session, email=person.email, student_id=person.student_id, subject=subject):
        session.add(person)
    bump(session)
    return person


def issue(session: Session, person: Person, kind: TokenKind, *, now: datetime, label: str = "", lifetime: timedelta | None = None) -> str:
    """A fresh token of the person, to be shown once. lifetime None: that of LIFETIMES, where None means until it is revoked."""
    token = tokens.new()
    lasts = lifetime if lifetime is not None else LIFETIMES[kind]
    session.add(
        Token(
            person_id=person.id,
            kind=kind,
            sha256=tokens.hashed(token),
            label=_line(label, 100),
            created_at=now,
            expires_at=None if lasts is None else now + lasts,
        )
    )
    session.flush()
    return token


def whose(session: Session, token: str, kinds: Collection[TokenKind], now: datetime) -> Person | None:
    """The active person for whom the token stands, if it is of one of these kinds, not revoked, not expired and (a link) not used."""
    found = select(Person).join(Token, Token.person_id == Person.id).where(*_alive(token, now), Token.kind.in_(kinds), Person.active)
    return session.scalar(found)


def redeem(session: Session, token: str, now: datetime) -> tuple[Person, str]:
    """Turn a sign-in link into a session, once. Raises Refused for a link that was used, has expired or never was."""
    used = update(Token).where(*_alive(token, now), Token.kind == "link").values(used_at=now)
    person = None
    if _changed(session, used):  # one statement: of two that come together only one finds it unused
        person = session.scalar(select(Person).join(Token, Token.person_id == Person.id).where(Token.sha256 == tokens.hashed(token), Person.active))
    if person is None:
        remedy = _("Ask your teacher for a new one; teachers run: kit class add-teacher")
        raise Refused("dead-link", _("this sign-in link was used already or is too old"), remedy=remedy, http=403)
    return person, issue(session, person, "session", now=now)


def revoke(session: Session, token_id: int, now: datetime) -> bool:
    """End one token for good; whether it was alive until now."""
    return _changed(session, update(Token).where(Token.id == token_id, Token.revoked_at.is_(None)).values(revoked_at=now)) == 1


def revoke_all(session: Session, person: Person, now: datetime) -> int:
    """End every token of a person; how many were alive until now."""
    return _changed(session, update(Token).where(Token.person_id == person.id, Token.revoked_at.is_(None)).values(revoked_at=now))


def leave(session: Session, token: str, now: datetime) -> bool:
    """End the token that somebody shows: signing out, `kit leave`. Whether it was alive until now."""
    return _changed(session, update(Token).where(*_alive(token, now)).values(revoked_at=now)) == 1


def rename(session: Session, person: Person, pseudonym: str | None = None) -> str:
    """Give a person another pseudonym; None draws one. Raises Refused for one that is taken or is not made of English letters."""
    wanted = _drawn(session) if pseudonym is None else pseudonym.strip().lower()
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", wanted) or not 3 <= len(wanted) <= LONGEST_PSEUDONYM:
        remedy = _("Take 3 to {longest} letters and digits of English, joined by hyphens.").format(longest=LONGEST_PSEUDONYM)
        raise Refused("bad-pseudonym", _("this cannot be a pseudonym"), wanted[:LONGEST_PSEUDONYM], remedy, http=422)
    with _unique(session, pseudonym=wanted):
        person.pseudonym = wanted
    bump(session)
    return wanted


def change_role(session: Session, person: Person, role: Role) -> None:
    """Make somebody a student, an assistant or a teacher. Raises Refused when no teacher would be left."""
    if role != "teacher":
        _spare_last_teacher(session, person)
    person.role = role
    bump(session)


def move(session: Session, person: Person, section: str | None) -> None:
    """Put somebody into a section, which is made when it does not exist; None: into none."""
    person.section = named_section(session, section) if section and section.strip() else None
    bump(session)


def activate(session: Session, person: Person, active: bool) -> None:
    """Let somebody in again, or keep them and their tokens out; what they handed in stays. Raises Refused when no teacher would be left."""
    if not active:
        _spare_last_teacher(session, person)
    person.active = active
    bump(session)


def named_section(session: Session, name: str) -> Section:
    """The section of that name, made when it does not exist."""
    wanted = _line(name, LONGEST_NAME)
    present = select(Section).where(Section.name == wanted)
    section = session.scalar(present)
    if section is None:
        try:
            with session.begin_nested():
                session.add(Section(name=wanted))
                session.flush()
        except IntegrityError:
            pass  # somebody else has just made it
        section = session.scalars(present).one()
    return section


def cleaned_name(name: str) -> str:
    """A name in one line, without what moves the cursor or hides. Raises Refused for an empty or endless one."""
    clean = _line(name, len(name))
    if not clean or len(clean) > LONGEST_NAME:
        remedy = _("Give 1 to {longest} characters.").format(longest=LONGEST_NAME)
        raise Refused("bad-name", _("this cannot be a name"), clean[:LONGEST_NAME], remedy, http=422)
    return clean


def _line(text: str, longest: int) -> str:
    """Normalised (NFC), white space as single spaces; control, format, private and unassigned characters and lone surrogates left out."""
    seen = "".join(character for character in text if character.isspace() or unicodedata.category(character)[0] != "C")
    return " ".join(unicodedata.normalize("NFC", seen).split())[:longest].strip()


def _cleaned_email(email: str) -> str:
    clean = _line(email, len(email)).lower()
    if len(clean) > LONGEST_EMAIL or not re.fullmatch(r"[^\s@]+@[^\s@]+", clean):
        raise Refused("bad-email", _("this is no email address"), clean[:LONGEST_EMAIL], _("Write it as name@place."), http=422)
    return clean


def _letters(code: str) -> bytes:
    """A join code as it is compared: case, hyphens and spaces do not matter."""
    return re.sub(r"[\W_]", "", code).lower().encode("utf-8", "replace")


def _drawn(session: Session) -> str:
    def taken(name: str) -> bool:
        return bool(session.scalar(select(exists().where(Person.pseudonym == name))))

    with session.no_autoflush:
        return pseudonyms.draw(taken)


@contextmanager
def _unique(session: Session, **values: str | None) -> Generator[None]:
    """A block that changes people; says it well when a value in it is somebody else's."""
    try:
        with session.begin_nested():
            yield
            session.flush()
    except IntegrityError as error:
        for column, value in values.items():
            if value is not None and session.scalar(select(exists().where(getattr(Person, column) == value))):
                raise Refused("taken", _("this is somebody else's already"), value, _("Choose another, or ask your teacher."), http=409) from error
        raise


def _alive(token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Token.sha256 == tokens.hashed(token),
        Token.revoked_at.is_(None),
        Token.used_at.is_(None),
        Token.expires_at.is_(None) | (Token.expires_at > now),
    )


def _changed(session: Session, statement: Update) -> int:
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    return result.rowcount


def _spare_last_teacher(session: Session, person: Person) -> None:
    """Somebody must be able to open the desk."""
    if person.role != "teacher" or not person.active:
        return
    others = session.scalar(select(func.count()).select_from(Person).where(Person.role == "teacher", Person.active, Person.id != person.id))
    if not others:
        remedy = _("Make somebody else a teacher first.")
        raise Refused("last-teacher", _("this is the only teacher"), person.name, remedy, http=409)
