"""Who is asking: the signed cookie of a browser, the roles that routes ask for, and the tokens that keep other sites from sending our forms."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from itsdangerous import BadSignature, URLSafeSerializer

from grader.text import _
from kit.classroom import people
from kit.classroom.errors import Refused, nul
from kit.classroom.limits import Limits
from kit.classroom.room import Room
from kit.classroom.schema import Classroom, Person, Role

__all__ = [
    "RANKS",
    "SESSION",
    "SignedIn",
    "Visiting",
    "Visitor",
    "address_of",
    "at_least",
    "checked_csrf",
    "forget",
    "is_secure",
    "limits_of",
    "remember",
    "remember_form",
    "room_of",
    "signed_in",
    "visitor",
]

SESSION = "kit_session"
FORM = "kit_form"  # of a browser that has not signed in: what its CSRF token belongs to
LIFETIME = timedelta(days=30)
RANKS: dict[Role, int] = {"student": 0, "assistant": 1, "teacher": 2}


@dataclass(frozen=True)
class Visitor:
    """Whose browser it is (None: nobody's that we know). csrf goes into every form. secret and basis: what csrf is made from."""

    person: Person | None
    classroom: Classroom
    basis: str

    @property
    def csrf(self) -> str:
        """What a form of this browser has to carry: nobody who lacks the cookie can compute it."""
        return hmac.new(self.classroom.secret, f"csrf {self.basis}".encode(), hashlib.sha256).hexdigest()

    @property
    def connect(self) -> str:
        """What the way to the university carries that is to connect the account there with this person: no other site can send a browser on it."""
        return hmac.new(self.classroom.secret, f"connect {self.basis}".encode(), hashlib.sha256).hexdigest()

    def is_at_least(self, role: Role) -> bool:
        """Whether somebody of that role, or of a higher one, is signed in."""
        return self.person is not None and rank(self.person) >= RANKS[role]

    @property
    def me(self) -> Person:
        """The person who is signed in; only for routes that ask for one."""
        if self.person is None:
            raise _nobody()
        return self.person


def room_of(request: Request) -> Room:
    """The classroom that this server serves."""
    return request.app.state.room


def limits_of(request: Request) -> Limits:
    """How often one may knock at this server."""
    return request.app.state.limits


def address_of(request: Request) -> str:
    """Where the request came from, as the server of HTTP says it: behind a trusted proxy what that says."""
    return request.client.host if request.client is not None else ""


def visitor(request: Request) -> Visitor:
    """A dependency: who is asking, read once for each request."""
    known = getattr(request.state, "visitor", None)
    if known is None:
        known = request.state.visitor = _visitor(request)
        request.state.person_id = known.person.id if known.person is not None else None  # for the log
    return known


def _visitor(request: Request) -> Visitor:
    room = room_of(request)
    with room.store.reading() as session:
        classroom = session.get_one(Classroom, 1)
        token = _unsigned(classroom, SESSION, request)
        person = people.whose(session, token, ("session",), room.now()) if token else None
    if person is not None and token is not None:
        return Visitor(person, classroom, token)
    return Visitor(None, classroom, _unsigned(classroom, FORM, request) or secrets.token_urlsafe(24))


Visiting = Annotated[Visitor, Depends(visitor)]


def signed_in(who: Visiting) -> Visitor:
    """A dependency: the person who is signed in. Raises Refused (401)."""
    if who.person is None:
        raise _nobody()
    return who


SignedIn = Annotated[Visitor, Depends(signed_in)]


@lru_cache
def at_least(role: Role) -> Callable[..., Visitor]:
    """A dependency: somebody of that role or of a higher one. Raises Refused (401, 403)."""

    def of_rank(who: SignedIn) -> Visitor:
        if not who.is_at_least(role):
            asked = {"teacher": _("this page is for teachers"), "assistant": _("this page is for teachers and assistants")}
            raise Refused("forbidden", asked.get(role, _("this page is not for you")), remedy=_("Ask your teacher."), http=403)
        return who

    return of_rank


async def checked_csrf(request: Request, who: Visiting) -> None:
    """A dependency of every route that changes something: the form came from a page of ours. Raises Refused (403; 422: a text holds NUL)."""
    given, form = request.headers.get("x-csrf-token"), await request.form()
    if given is None:
        given = form.get("csrf")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), who.csrf.encode()):
        remedy = _("Go back, load the page again and send it once more.")
        raise Refused("csrf", _("this form is too old, or it came from another site"), remedy=remedy, http=403)
    if any(isinstance(value, str) and "\0" in value for _name, value in form.multi_items()):
        raise nul()


def rank(person: Person) -> int:
    """How high the person's role is; an unknown one is the lowest."""
    return next((number for role, number in RANKS.items() if role == person.role), 0)


def remember(response: Response, request: Request, classroom: Classroom, token: str) -> None:
    """Let this browser be signed in by a session token, until LIFETIME has passed or the token is revoked."""
    _set(response, request, SESSION, _signer(classroom, SESSION).dumps(token), LIFETIME)
    response.delete_cookie(FORM, httponly=True, samesite="lax")


def remember_form(response: Response, request: Request, who: Visitor) -> None:
    """Let the forms of a browser that has not signed in be known again."""
    if who.person is None and _unsigned(who.classroom, FORM, request) != who.basis:
        _set(response, request, FORM, _signer(who.classroom, FORM).dumps(who.basis), None)


def forget(response: Response) -> None:
    """Let the browser be nobody's again."""
    response.delete_cookie(SESSION, httponly=True, samesite="lax")


def is_secure(request: Request) -> bool:
    """Whether the browser speaks https with us, perhaps through a proxy."""
    return request.url.scheme == "https" or (room_of(request).settings.base_url or "").startswith("https:")


def _set(response: Response, request: Request, name: str, value: str, lifetime: timedelta | None) -> None:
    age = None if lifetime is None else int(lifetime.total_seconds())
    response.set_cookie(name, value, max_age=age, httponly=True, samesite="lax", secure=is_secure(request))


def _signer(classroom: Classroom, name: str) -> URLSafeSerializer:
    return URLSafeSerializer(classroom.secret, salt=name)


def _unsigned(classroom: Classroom, name: str, request: Request) -> str | None:
    """What a cookie says, when it is ours."""
    try:
        value: Any = _signer(classroom, name).loads(request.cookies.get(name, ""))
    except BadSignature:
        return None
    return value if isinstance(value, str) else None


def _nobody() -> Refused:
    remedy = _("Join with your class's code, or open a sign-in link from your teacher.")
    return Refused("not-signed-in", _("nobody is signed in in this browser"), remedy=remedy, http=401)
