"""The door: joining by the class's code, signing in by a one-time link, signing out, the language; and what somebody may change about themselves."""

import hmac
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from grader.text import LANGUAGES, _
from kit.classroom import people, tokens
from kit.classroom.errors import Refused
from kit.classroom.schema import Person, Token
from kit.classroom.web import auth, speech
from kit.classroom.web.auth import SignedIn, Visiting, Visitor, room_of
from kit.classroom.web.view import entered, first_page, page, redirect, safe_path

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
checked = [Depends(auth.checked_csrf)]
MOST = 1000  # characters of a field; what each may hold, the service says
Text = Annotated[str, Form(max_length=MOST)]
BROWSERS = {"Edg/": "Edge", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}  # the first that fits: each names the ones after it
A_YEAR = int(timedelta(days=365).total_seconds())


TWICE = timedelta(minutes=2)  # within which a form that comes again is a second click


class Joining(BaseModel):
    """What the form asks. once: random, so that the form is known when it comes again."""

    once: str = Field(default_factory=tokens.new, min_length=43, max_length=43)
    code: str = Field(default="", max_length=MOST)
    name: str = Field(default="", max_length=MOST)
    email: str = Field(default="", max_length=MOST)
    student_id: str = Field(default="", max_length=MOST)


@router.get("/join")
def show_join(request: Request, code: Annotated[str, Query(max_length=MOST)] = "") -> Response:
    """The form that students come in by; ?code= fills in the code."""
    return page(request, "join.html", form=Joining(code=code), error=None)


@router.post("/join", dependencies=checked)
def join(request: Request, who: Visiting, form: Annotated[Joining, Form()]) -> Response:
    """Let a student in and sign this browser in; the same form again, by a second click, is the same student."""
    room, address = room_of(request), auth.address_of(request)
    limits = auth.limits_of(request)
    try:
        limits.joining(address, number=bool(form.student_id or form.email))
        with room.store.writing() as session:
            person, token = _come_in(session, request, who, form)
    except Refused as error:
        if error.code == "form-used":
            form.once = tokens.new()
        limits.mistaken(address, error.code)
        return page(request, "join.html", status=error.http, error=error, form=form)
    said = _("Welcome, {name}. On the boards you are called {pseudonym}.").format(name=person.name, pseudonym=person.pseudonym)
    return entered(request, who.classroom, token, said, person.role)


@router.get("/signin")
def show_signin(request: Request, who: Visiting, token: str = "") -> Response:
    """A button that uses the link: a preview of the link, by a mail program or a chat, must not use it up."""
    if who.person is not None and not token:
        return redirect(request, first_page(who.person.role))
    return page(request, "signin.html", token=token, error=None)


@router.post("/signin", dependencies=checked)
def signin(request: Request, who: Visiting, token: Text = "") -> Response:
    """Turn a one-time link, or only its token, into a session of this browser."""
    room = room_of(request)
    try:
        auth.limits_of(request).entering("link", auth.address_of(request))
        with room.store.writing() as session:
            person, fresh = people.redeem(session, _token_in(token), room.now(), _browser(request))
    except Refused as error:
        return page(request, "signin.html", status=error.http, token="", error=error)
    return entered(request, who.classroom, fresh, _("Welcome, {name}.").format(name=person.name), person.role)


@router.post("/signout", dependencies=checked)
def signout(request: Request, who: Visiting) -> Response:
    """End this browser's session."""
    room = room_of(request)
    if who.person is not None:
        with room.store.writing() as session:
            people.leave(session, who.basis, room.now())
    response = redirect(request, "/signin", _("You are signed out."))
    auth.forget(response)
    return response


@router.post("/language", dependencies=checked)
def choose_language(request: Request, lang: Text = "", next: Text = "/") -> Response:  # noqa: A002  # the name of the field
    """Speak a language in this browser from now on."""
    response = redirect(request, safe_path(next))
    if lang in LANGUAGES:
        response.set_cookie(speech.COOKIE, lang, max_age=A_YEAR, httponly=True, samesite="lax", secure=auth.is_secure(request))
    return response


@router.get("/me")
def show_me(request: Request, who: SignedIn) -> Response:
    """What the classroom knows of somebody, and what lets them in."""
    return _me(request, who.me)


@router.post("/me/pseudonym", dependencies=checked)
def rename(request: Request, who: SignedIn, pseudonym: Text = "", draw: Text = "") -> Response:
    """Take another pseudonym, one's own or a drawn one."""
    room = room_of(request)
    try:
        with room.store.writing() as session:
            name = people.rename(session, session.get_one(Person, who.me.id), None if draw else pseudonym)
    except Refused as error:
        return _me(request, who.me, status=error.http, error=error, pseudonym=pseudonym)
    return redirect(request, "/me", _("On the boards you are called {pseudonym} now.").format(pseudonym=name))


@router.post("/me/tokens", dependencies=checked)
def make_token(request: Request, who: SignedIn, label: Text = "") -> Response:
    """A token for `kit join`, shown on the page that answers and never again."""
    room = room_of(request)
    auth.limits_of(request).linking(who.me.id)
    with room.store.writing() as session:
        token = people.issue(session, session.get_one(Person, who.me.id), "client", now=room.now(), label=label or _("made in the browser"))
    return _me(request, who.me, token=token)


@router.post("/me/tokens/{token_id}/revoke", dependencies=checked)
def revoke_token(request: Request, who: SignedIn, token_id: int) -> Response:
    """End one of one's own tokens. Raises Refused for somebody else's, in the words for one that never was."""
    room = room_of(request)
    with room.store.writing() as session:
        token = session.get(Token, token_id)
        if token is None or token.person_id != who.me.id:
            raise Refused("no-token", _("you have no such token"), remedy=_("Look at the list again."), http=404)
        people.revoke(session, token_id, room.now())
    return redirect(request, "/me", _("It lets nobody in any more."))


def _come_in(session: Session, request: Request, who: Visitor, form: Joining) -> tuple[Person, str]:
    """Whoever joins, and the token of a session, which is made from the form: when it comes again, from this browser, it is found by that.

    Raises Refused.
    """
    now = room_of(request).now()
    told = repr(("join", who.basis, form.once, form.name, form.student_id, form.email))
    token = urlsafe_b64encode(hmac.digest(who.classroom.secret, told.encode(), "sha256")).decode().rstrip("=")
    just_now = select(Person).join(Token, Token.person_id == Person.id)
    just_now = just_now.where(Token.sha256 == tokens.hashed(token), Token.revoked_at.is_(None), Token.created_at > now - TWICE, Person.active)
    person = session.scalar(just_now)
    if person is not None:
        return person, token
    try:
        with session.begin_nested():
            person = people.join(session, code=form.code, name=form.name, email=form.email, student_id=form.student_id, now=now)
            people.issue(session, person, "session", now=now, label=_browser(request), token=token)
    except (IntegrityError, Refused) as error:
        person = session.scalar(just_now)  # it came twice at once, and the other was faster
        if person is None and isinstance(error, IntegrityError):
            remedy = _("If you are somebody else, send it once more.")
            raise Refused("form-used", _("this form was sent before"), remedy=remedy, http=409) from error
        if person is None:
            raise
    return person, token


def _me(request: Request, me: Person, *, status: int = 200, error: Refused | None = None, pseudonym: str = "", token: str = "") -> Response:
    room = room_of(request)
    with room.store.reading() as session:
        alive = _alive(session, me, room.now())
        person = session.get_one(Person, me.id)
    address = room.settings.base_url or str(request.base_url)
    shown = {"error": error, "pseudonym": pseudonym or person.pseudonym, "fresh": token, "tokens": alive, "address": address.rstrip("/")}
    return page(request, "me.html", status=status, person=person, here=tokens.hashed(auth.visitor(request).basis), **shown)


def _alive(session: Session, person: Person, now: datetime) -> list[Token]:
    """What lets this person in at present, newest first."""
    found = select(Token).where(
        Token.person_id == person.id,
        Token.kind.in_(("client", "session")),
        Token.revoked_at.is_(None),
        Token.expires_at.is_(None) | (Token.expires_at > now),
    )
    return list(session.scalars(found.order_by(Token.id.desc())))


def _token_in(text: str) -> str:
    """The token of a link that was pasted whole."""
    text = text.strip()
    return parse_qs(urlsplit(text).query).get("token", [text])[0] if "?" in text else text


def _browser(request: Request) -> str:
    """A word for the browser, for the list of what lets somebody in."""
    agent = request.headers.get("user-agent", "")
    return next((name for mark, name in BROWSERS.items() if mark in agent), "")
