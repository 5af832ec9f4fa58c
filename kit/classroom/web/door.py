"""The door: joining by the class's code, signing in by a one-time link, signing out, the language; and what somebody may change about themselves."""

from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.text import LANGUAGES, _
from kit.classroom import people
from kit.classroom.errors import Refused
from kit.classroom.schema import Classroom, Person, Token
from kit.classroom.web import auth, speech
from kit.classroom.web.auth import SignedIn, Visiting, room_of
from kit.classroom.web.view import page, redirect, safe_path

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
checked = [Depends(auth.checked_csrf)]
MOST = 1000  # characters of a field; what each may hold, the service says
Text = Annotated[str, Form(max_length=MOST)]
BROWSERS = {"Edg/": "Edge", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}  # the first that fits: each names the ones after it
A_YEAR = int(timedelta(days=365).total_seconds())


class Joining(BaseModel):
    """What the form asks."""

    code: str = Field(default="", max_length=MOST)
    name: str = Field(default="", max_length=MOST)
    email: str = Field(default="", max_length=MOST)
    student_id: str = Field(default="", max_length=MOST)


@router.get("/join")
def show_join(request: Request, code: str = "") -> Response:
    """The form that students come in by; ?code= fills in the code."""
    return page(request, "join.html", form=Joining(code=code), error=None)


@router.post("/join", dependencies=checked)
def join(request: Request, who: Visiting, form: Annotated[Joining, Form()]) -> Response:
    """Let a student in and sign this browser in."""
    room, address = room_of(request), auth.address_of(request)
    limits = auth.limits_of(request)
    try:
        limits.entering(address)
        with room.store.writing() as session:
            person = people.join(session, code=form.code, name=form.name, email=form.email, student_id=form.student_id, now=room.now())
            token = people.issue(session, person, "session", now=room.now(), label=_browser(request))
    except Refused as error:
        if error.code in {"wrong-code", "unknown-number", "number-taken"}:
            limits.mistaken(address)
        return page(request, "join.html", status=error.http, error=error, form=form)
    said = _("Welcome, {name}. On the boards you are called {pseudonym}.").format(name=person.name, pseudonym=person.pseudonym)
    return _entered(request, who.classroom, token, said)


@router.get("/signin")
def show_signin(request: Request, who: Visiting, token: str = "") -> Response:
    """A button that uses the link: a preview of the link, by a mail program or a chat, must not use it up."""
    if who.person is not None and not token:
        return redirect(request, "/")
    return page(request, "signin.html", token=token, error=None)


@router.post("/signin", dependencies=checked)
def signin(request: Request, who: Visiting, token: Text = "") -> Response:
    """Turn a one-time link, or only its token, into a session of this browser."""
    room, address = room_of(request), auth.address_of(request)
    limits = auth.limits_of(request)
    try:
        limits.entering(address)
        with room.store.writing() as session:
            person, fresh = people.redeem(session, _token_in(token), room.now())
    except Refused as error:
        if error.code == "dead-link":
            limits.mistaken(address)
        return page(request, "signin.html", status=error.http, token="", error=error)
    return _entered(request, who.classroom, fresh, _("Welcome, {name}.").format(name=person.name))


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


def _me(request: Request, me: Person, *, status: int = 200, error: Refused | None = None, pseudonym: str = "", token: str = "") -> Response:
    room = room_of(request)
    with room.store.reading() as session:
        alive = _alive(session, me, room.now())
        person = session.get_one(Person, me.id)
    address = room.settings.base_url or str(request.base_url)
    shown = {"error": error, "pseudonym": pseudonym or person.pseudonym, "fresh": token, "tokens": alive, "address": address.rstrip("/")}
    return page(request, "me.html", status=status, person=person, **shown)


def _alive(session: Session, person: Person, now: datetime) -> list[Token]:
    """What lets this person in at present, newest first."""
    found = select(Token).where(
        Token.person_id == person.id,
        Token.kind.in_(("client", "session")),
        Token.revoked_at.is_(None),
        Token.expires_at.is_(None) | (Token.expires_at > now),
    )
    return list(session.scalars(found.order_by(Token.id.desc())))


def _entered(request: Request, classroom: Classroom, token: str, said: str) -> Response:
    response = redirect(request, "/", said)
    auth.remember(response, request, classroom, token)
    return response


def _token_in(text: str) -> str:
    """The token of a link that was pasted whole."""
    text = text.strip()
    return parse_qs(urlsplit(text).query).get("token", [text])[0] if "?" in text else text


def _browser(request: Request) -> str:
    """A word for the browser, for the list of what lets somebody in."""
    agent = request.headers.get("user-agent", "")
    return next((name for mark, name in BROWSERS.items() if mark in agent), "")
