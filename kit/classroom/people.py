"""People: how they come in, what stands for them, and what changes about them."""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Collection, Generator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, Delete, Exists, Update, delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from grader.text import _
from kit.classroom import audit, pseudonyms, spelling, tokens
from kit.classroom.errors import Refused
from kit.classroom.room import bump
from kit.classroom.schema import Audit, Classroom, Person, Role, Section, Token, TokenKind

__all__ = [
    "LIFETIMES", "activate", "add", "add_once", "change_role", "cleaned_name", "correct", "has_come_in", "issue", "join", "leave", "move",
    "named_section", "redeem", "release", "rename", "revoke", "revoke_all", "whose",
]  # fmt: skip

LIFETIMES: dict[TokenKind, timedelta | None] = {"link": timedelta(hours=24), "session": timedelta(days=30), "client": None}
LONGEST_NAME, LONGEST_EMAIL, LONGEST_NUMBER, LONGEST_PSEUDONYM = 100, 320, 100, 40


def join(session: Session, *, code: str, name: str, email: str | None = None, student_id: str | None = None, now: datetime) -> Person:
    """Let a student in by the join code.

    A student number takes the place of the person imported with it, who keeps the imported name; without a number the imported email does. The name
    that is given has to be the imported one. Until it is, nothing is told of them: not even that they are on the list. Raises Refused: a wrong code,
    joining closed, a number and a name that do not stand on the class list together, a person who is here already or has a sign-in link, an email
    that is somebody's.
    """
    classroom = session.get_one(Classroom, 1)
    if not hmac.compare_digest(_letters(code), _letters(classroom.join_code)):
        raise Refused("wrong-code", _("this is not the join code"), remedy=_("Ask your teacher for the present one."), http=403)
    if not classroom.join_open:
        raise Refused("join-closed", _("nobody can join at present"), remedy=_("Ask your teacher for a sign-in link."), http=403)
    typed, address = cleaned_name(name), _cleaned_email(email) if email and email.strip() else None
    try:
        if student_id and student_id.strip():
            return _claim(session, spelling.line(student_id, LONGEST_NUMBER), typed, address, now)
        return _claim_by_email(session, address, typed, now) or add(session, role="student", name=typed, email=address, now=now)
    except Refused as error:
        if error.code == "taken":
            raise _not_listed(error.where) from error
        raise


def _claim(session: Session, number: str, name: str, email: str | None, now: datetime) -> Person:
    """The person of the class list whose number it is. Raises Refused."""
    listed = select(Person.id, Person.student_id).where(Person.student_id.is_not(None), Person.role == "student", Person.active)
    written = session.execute(listed.order_by(Person.student_id != number, Person.id))  # the one that is written so comes first
    alike = (person_id for person_id, theirs in written if spelling.folded(theirs or "") == spelling.folded(number))
    person = session.get(Person, next(alike, -1), with_for_update={"of": Person}, populate_existing=True)
    if person is None or not spelling.same(name, person.name):
        raise _not_listed(number)
    if session.scalar(select(has_come_in(person.id))):
        remedy = _("Ask your teacher for a sign-in link.")
        raise Refused("number-taken", _("somebody has joined with this student number already"), number, remedy, http=409)
    _spare_linked(session, person, number, now)
    given = email if person.email is None else None
    if given:
        with _unique(session, email=given):
            person.email = given
    audit.note(session, now, None, "joined", f"person {person.id}", name=person.name, student_id=number, **({"email": given} if given else {}))
    return person


def _claim_by_email(session: Session, email: str | None, name: str, now: datetime) -> Person | None:
    """The person of a class list without numbers whose email and name they are, and who has not come in. Raises Refused."""
    if email is None:
        return None
    listed = select(Person).where(Person.email == email, Person.role == "student", Person.active)
    person = session.scalar(listed.with_for_update(of=Person))  # only who holds the row asks whether somebody has come in
    if person is None or not spelling.same(name, person.name) or session.scalar(select(has_come_in(person.id))):
        return None
    _spare_linked(session, person, email, now)
    audit.note(session, now, None, "joined", f"person {person.id}", name=person.name, listed_email=email)
    return person


def _spare_linked(session: Session, person: Person, given: str, now: datetime) -> None:
    """A link that can still be used is for one whom the teacher knows: nobody is faster."""
    waiting = Token.revoked_at.is_(None), Token.used_at.is_(None), Token.expires_at.is_(None) | (Token.expires_at > now)
    if session.scalar(select(exists().where(Token.person_id == person.id, Token.kind == "link", *waiting))):
        remedy = _("Open that link, or ask your teacher for a new one.")
        raise Refused("number-taken", _("this place is kept for who has the sign-in link to it"), given, remedy, http=409)


def _not_listed(given: str) -> Refused:
    """The same words for a number that nobody has, for one whose person is called otherwise, and for an email that is somebody's."""
    remedy = _("Write both as on the class list, or leave number and email out, or ask your teacher for a sign-in link.")
    return Refused("unknown-number", _("this and your name do not stand on the class list together"), given, remedy, http=404)


def has_come_in(person_id: int | InstrumentedAttribute[int]) -> Exists:
    """A condition: the person has or had something that lets them in, apart from links."""
    return exists().where(Token.person_id == person_id, Token.kind != "link")


def release(session: Session, person: Person) -> int:
    """Undo that somebody has come in: all that lets them in is gone, and the number can be joined with again. How many tokens that were.

    The university's account goes, too, and the email that they gave when they claimed the number; what was handed in stays. Raises Refused for others
    than students.
    """
    if person.role != "student":
        raise Refused("no-student", _("this is no student"), person.name, _("Revoke their tokens instead."), http=409)
    claims = select(Audit.detail).where(Audit.action == "joined", Audit.object == f"person {person.id}").order_by(Audit.id.desc())
    claim = session.scalars(claims).first() or {}
    if person.email is not None and person.email == claim.get("email"):
        person.email = None
    person.subject = None
    return _changed(session, delete(Token).where(Token.person_id == person.id))


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
        student_id=spelling.line(student_id, LONGEST_NUMBER) if student_id and student_id.strip() else None,
        subject=subject,
        section=named_section(session, section) if section and section.strip() else None,
        created_at=now,
    )
    with _unique(session, email=person.email, student_id=person.student_id, subject=subject):
        session.add(person)
    bump(session)
    return person


def add_once(
    session: Session, form: str, *, role: Role, name: str, email: str, student_id: str, section: str, now: datetime, label: str
) -> tuple[Person, str | None]:
    """As `add`, for a form that may be sent twice: the person, and the token of a link that signs them in.

    form: random, and in no other form; the token is made from it and the name. Sent again with that name it adds nobody, and the token is None.
    """
    secret = session.get_one(Classroom, 1).secret
    token = urlsafe_b64encode(hmac.digest(secret, f"person-add {form} {cleaned_name(name)}".encode(), "sha256")).decode().rstrip("=")
    brought = select(Person).join(Token, Token.person_id == Person.id).where(Token.sha256 == tokens.hashed(token))
    known = session.scalar(brought)
    if known is None:
        try:
            with session.begin_nested():
                person = add(session, role=role, name=name, email=email, student_id=student_id, section=section, now=now)
                _keep(session, person, "link", token, now=now, label=label)
        except (IntegrityError, Refused):
            known = session.scalar(brought)  # it came twice at once, and the other was faster
            if known is None:
                raise
        else:
            return person, token
    return known, None


def correct(session: Session, person: Person, *, name: str, email: str, student_id: str) -> dict[str, list[str]]:
    """Write down how somebody is really called and known; an empty email or number is taken away. By field that changed, before and after.

    Raises Refused for what cannot be, or is somebody else's.
    """
    number = spelling.line(student_id, LONGEST_NUMBER)
    wanted = {"name": cleaned_name(name), "email": _cleaned_email(email) if email.strip() else "", "student_id": number}
    changed = {field: [getattr(person, field) or "", value] for field, value in wanted.items() if value != (getattr(person, field) or "")}
    with _unique(session, **{field: after for field, (_before, after) in changed.items() if field != "name"}):
        for field, (_before, after) in changed.items():
            setattr(person, field, after or None)
    return changed


def issue(
    session: Session, person: Person, kind: TokenKind, *, now: datetime, label: str = "", lifetime: timedelta | None = None, token: str = ""
) -> str:
    """A fresh token of the person, to be shown once. lifetime None: that of LIFETIMES, where None means until it is revoked.

    token: as hard to guess, where it has to be this one.
    """
    token = token or tokens.new()
    _keep(session, person, kind, token, now=now, label=label, lifetime=lifetime)
    return token


def whose(session: Session, token: str, kinds: Collection[TokenKind], now: datetime) -> Person | None:
    """The active person for whom the token stands, if it is of one of these kinds, not revoked, not expired and (a link) not used."""
    found = select(Person).join(Token, Token.person_id == Person.id).where(*_alive(token, now), Token.kind.in_(kinds), Person.active)
    return session.scalar(found)


def redeem(session: Session, token: str, now: datetime, label: str = "") -> tuple[Person, str]:
    """Turn a sign-in link into a session of that label, once. Raises Refused for a link that was used, has expired or never was."""
    used = update(Token).where(*_alive(token, now), Token.kind == "link").values(used_at=now)
    person = None
    if _changed(session, used):  # one statement: of two that come together only one finds it unused
        person = session.scalar(select(Person).join(Token, Token.person_id == Person.id).where(Token.sha256 == tokens.hashed(token), Person.active))
    if person is None:
        remedy = _("Ask your teacher for a new one; teachers run: kit class add-teacher")
        raise Refused("dead-link", _("this sign-in link was used already or is too old"), remedy=remedy, http=403)
    return person, issue(session, person, "session", now=now, label=label)


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
    wanted = spelling.line(name, LONGEST_NAME)
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
    clean = spelling.line(name, len(name))
    if not spelling.is_visible(clean) or len(clean) > LONGEST_NAME:
        remedy = _("Give 1 to {longest} characters.").format(longest=LONGEST_NAME)
        raise Refused("bad-name", _("this cannot be a name"), clean[:LONGEST_NAME], remedy, http=422)
    return clean


def _cleaned_email(email: str) -> str:
    clean = spelling.line(email, len(email)).lower()
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


def _keep(
    session: Session, person: Person, kind: TokenKind, token: str, *, now: datetime, label: str = "", lifetime: timedelta | None = None
) -> None:
    lasts = lifetime if lifetime is not None else LIFETIMES[kind]
    until = None if lasts is None else now + lasts
    session.add(Token(person_id=person.id, kind=kind, sha256=tokens.hashed(token), label=spelling.line(label, 100), created_at=now, expires_at=until))
    session.flush()


def _alive(token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Token.sha256 == tokens.hashed(token),
        Token.revoked_at.is_(None),
        Token.used_at.is_(None),
        Token.expires_at.is_(None) | (Token.expires_at > now),
    )


def _changed(session: Session, statement: Update | Delete) -> int:
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
