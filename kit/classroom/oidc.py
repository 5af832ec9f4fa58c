"""Signing in by a university's OpenID Connect, where one is configured: the authorisation code flow with PKCE (OpenID Connect Core 1.0, RFC 7636).

It lets nobody in who is not on the class list: the first time somebody is known by an email that the university has verified and that nobody has
used to come in yet, from then on by the issuer's own name for them. Whoever came in by the join code connects their account on their own page. Only
GET, because the policy of our pages lets no form lead elsewhere.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime
from typing import Annotated, Any, cast
from urllib.parse import quote, urlsplit

import httpx
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadSignature, URLSafeSerializer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from grader.text import _
from kit.classroom import audit, people
from kit.classroom.errors import Refused
from kit.classroom.room import Settings
from kit.classroom.schema import Classroom, Person
from kit.classroom.web import auth
from kit.classroom.web.view import entered, redirect
from kit.errors import KitError

__all__ = ["PATH", "Provider", "install"]

PATH = "/oidc"
COOKIE = "kit_oidc"
MINUTES = 10  # that signing in at the university may take
SECONDS = 10.0  # that the university's server may take to answer
LEEWAY = 60  # seconds that its clock may differ
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")  # none that a public key could forge
LONGEST = 2000  # characters of what comes back


class Provider:
    """The university's side. Each method raises Refused when it does not answer, or answers what cannot be believed."""

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None = None) -> None:
        """transport: another way than the network. Raises KitError for settings that are not complete."""
        if not (settings.oidc_client_id and settings.oidc_client_secret and settings.base_url):
            remedy = _("Set KIT_OIDC_CLIENT_ID and KIT_OIDC_CLIENT_SECRET, and give --url.")
            raise KitError(_("signing in by OpenID Connect is configured in part only"), settings.oidc_issuer, remedy)
        if not _is_safe(settings.oidc_issuer):
            raise KitError(_("an issuer's address begins with https://"), settings.oidc_issuer, _("Correct KIT_OIDC_ISSUER."))
        self.issuer = settings.oidc_issuer
        self._id, self._secret = settings.oidc_client_id, settings.oidc_client_secret
        self._back = f"{settings.base_url.rstrip('/')}{PATH}/callback"
        self._transport = transport
        self._metadata: dict[str, Any] | None = None

    def begin(self, state: str, nonce: str, verifier: str) -> str:
        """Where to send the browser."""
        with self._client() as client:
            asking = self._oauth(client).create_authorization_url(
                self._about(client)["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce
            )
        return asking[0]

    def claims(self, code: str, nonce: str, verifier: str, now: datetime) -> dict[str, Any]:
        """What the university says of whoever came back with this code: sub, and perhaps email and email_verified."""
        try:
            with self._client() as client:
                about = self._about(client)
                keys = KeySet.import_key_set(cast("Any", self._asked(client, about["jwks_uri"])))
                asked = {"code": code, "code_verifier": verifier, "grant_type": "authorization_code", **self._in_body(about)}
                token = self._oauth(client).fetch_token(about["token_endpoint"], auth=self._auth(about), **asked)
            algorithms = [each for each in about.get("id_token_signing_alg_values_supported", ["RS256"]) if each in ALGORITHMS]
            read = jwt.decode(token["id_token"], keys, algorithms=algorithms)
            options = {"iss": {"essential": True, "value": self.issuer}, "aud": {"essential": True, "value": self._id}}
            told = CodeIDToken(read.claims, read.header, options=cast("Any", options), params={"nonce": nonce, "client_id": self._id})
            told.validate(now=int(now.timestamp()), leeway=LEEWAY)
        except (OAuth2Error, JoseError, httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            raise _disbelieved() from error
        return dict(told)

    def _about(self, client: httpx.Client) -> dict[str, Any]:
        """Its metadata (OpenID Connect Discovery 1.0), asked for once."""
        if self._metadata is None:
            try:
                found = self._asked(client, get_well_known_url(self.issuer, external=True))
                places: list[Any] = [found[name] for name in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")]
            except (httpx.HTTPError, KeyError, ValueError) as error:
                raise _disbelieved() from error
            if places[0] != self.issuer or not all(isinstance(place, str) and _is_safe(place) for place in places):
                raise _disbelieved()
            self._metadata = found
        return self._metadata

    def _asked(self, client: httpx.Client, url: str) -> dict[str, Any]:
        answer = client.get(url)
        answer.raise_for_status()
        found: Any = answer.json()
        if not isinstance(found, dict):
            raise _disbelieved()
        return cast("dict[str, Any]", found)

    def _client(self) -> httpx.Client:
        return httpx.Client(timeout=SECONDS, follow_redirects=False, transport=self._transport)

    def _oauth(self, client: httpx.Client) -> OAuth2Client:
        return OAuth2Client(client, self._id, scope="openid email", redirect_uri=self._back, code_challenge_method="S256")

    def _posts(self, about: dict[str, Any]) -> bool:
        """Whether the secret goes into the body: where the provider knows no other way (Core, 9)."""
        return "client_secret_basic" not in about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])

    def _in_body(self, about: dict[str, Any]) -> dict[str, str]:
        return {"client_id": self._id, "client_secret": self._secret} if self._posts(about) else {}

    def _auth(self, about: dict[str, Any]) -> httpx.Auth:
        if self._posts(about):
            return httpx.Auth()
        return httpx.BasicAuth(quote(self._id, safe=""), quote(self._secret, safe=""))  # RFC 6749, 2.3.1


def install(app: FastAPI, settings: Settings, transport: httpx.BaseTransport | None = None) -> None:
    """Add the routes to an application whose state has `room` and `limits`; nothing where no issuer is configured. Raises KitError."""
    if not settings.oidc_issuer:
        return
    provider = Provider(settings, transport)
    router = APIRouter(include_in_schema=False)

    @router.get(PATH)
    def begin(request: Request, connect: Annotated[str, Query(max_length=LONGEST)] = "") -> Response:
        """Go to the university to sign in; connect: what one's own page gives, to connect the account there with who is signed in here."""
        auth.limits_of(request).entering("university", auth.address_of(request))
        me = _connecting(request, connect) if connect else None
        state, nonce, verifier = (secrets.token_urlsafe(32) for _each in range(3))
        response = RedirectResponse(provider.begin(state, nonce, verifier), status_code=303)
        until = int(auth.room_of(request).now().timestamp()) + MINUTES * 60
        value = str(_signer(request).dumps([state, nonce, verifier, until, me]))
        response.set_cookie(COOKIE, value, max_age=MINUTES * 60, path=PATH, httponly=True, samesite="lax", secure=auth.is_secure(request))
        return response

    @router.get(f"{PATH}/callback")
    def come_back(
        request: Request,
        state: Annotated[str, Query(max_length=LONGEST)] = "",
        code: Annotated[str, Query(max_length=LONGEST)] = "",
    ) -> Response:
        """Come back from there, signed in or not."""
        room = auth.room_of(request)
        auth.limits_of(request).entering("university", auth.address_of(request))
        nonce, verifier, me = _begun(request, state)
        if not code:
            raise Refused("oidc-denied", _("the university did not sign you in"), remedy=_("Try again, or use your teacher's link."), http=403)
        claims = provider.claims(code, nonce, verifier, room.now())
        if me is not None:
            if (person := auth.visitor(request).person) is None or person.id != me:
                raise Refused("oidc-stale", _("somebody else is signed in by now"), remedy=_("Begin it again."), http=403)
            with room.store.writing() as session:
                _connect(session, session.get_one(Person, me), provider.issuer, claims, room.now())
            response = redirect(request, "/me", _("Your university account is connected: from now on you can sign in with it."))
            response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax")
            return response
        with room.store.writing() as session:
            person = _person(session, provider.issuer, claims)
            token = people.issue(session, person, "session", now=room.now(), label=settings.oidc_label or "OpenID Connect")
            classroom = session.get_one(Classroom, 1)
        response = entered(request, classroom, token, _("Welcome, {name}.").format(name=person.name), person.role)
        response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax")
        return response

    app.include_router(router)


def _begun(request: Request, state: str) -> tuple[str, str, int | None]:
    """Nonce and verifier of a sign-in that this browser began here not long ago, and the person who wants to connect it. Raises Refused."""
    try:
        known: Any = _signer(request).loads(request.cookies.get(COOKIE, ""))
        expected, nonce, verifier, until, me = cast("tuple[str, str, str, int, int | None]", known)
    except (BadSignature, TypeError, ValueError):
        expected, nonce, verifier, until, me = "", "", "", 0, None
    if not expected or not hmac.compare_digest(expected.encode(), state.encode()) or auth.room_of(request).now().timestamp() > until:
        raise Refused("oidc-stale", _("this sign-in was not begun in this browser, or too long ago"), remedy=_("Begin it again."), http=403)
    return nonce, verifier, me


def _connecting(request: Request, connect: str) -> int:
    """Who is signed in, sent by a page of ours. Raises Refused."""
    who = auth.signed_in(auth.visitor(request))
    if not hmac.compare_digest(connect.encode(), who.connect.encode()):
        raise Refused("oidc-stale", _("this did not come from your own page"), remedy=_("Begin there again."), http=403)
    return who.me.id


def _connect(session: Session, person: Person, issuer: str, claims: dict[str, Any], now: datetime) -> None:
    """Know somebody by the issuer's name from now on. Raises Refused: the account or its email is somebody else's, or they have another one."""
    subject, email = f"{issuer} {claims['sub']}", _verified_email(claims)
    theirs = [Person.subject == subject, *([Person.email == email] if email else [])]
    if person.subject not in {None, subject} or session.scalar(select(exists().where(Person.id != person.id, or_(*theirs)))):
        remedy = _("Sign out and sign in with it, or ask your teacher.")
        raise Refused("oidc-taken", _("this account is somebody else's here, or you have another one"), remedy=remedy, http=409)
    person.subject = subject
    audit.note(session, now, person, "account-connect", f"person {person.id}", name=person.name)


def _verified_email(claims: dict[str, Any]) -> str | None:
    """What the university vouches for."""
    email = claims.get("email")
    return email.strip().lower() if claims.get("email_verified") in {True, "true"} and isinstance(email, str) else None


def _person(session: Session, issuer: str, claims: dict[str, Any]) -> Person:
    """The active person whom the issuer means. Raises Refused for everybody else."""
    subject = f"{issuer} {claims['sub']}"
    person = session.scalar(select(Person).where(Person.subject == subject))
    if person is None and (email := _verified_email(claims)):
        person = session.scalar(select(Person).where(Person.email == email, Person.subject.is_(None), Person.active))
        if person is not None and session.scalar(select(people.has_come_in(person.id))):  # an email that somebody gave when joining proves nothing
            remedy = _("Sign in as you did before, or by a link from your teacher, and connect your university account on your page.")
            raise Refused("oidc-joined", _("somebody with your email is in this class by the join code"), remedy=remedy, http=403)
        if person is not None:
            person.subject = subject
    if person is None or not person.active:
        remedy = _("Join with the class's code, or ask your teacher to put your email on the class list.")
        raise Refused("oidc-unknown", _("the university knows you, and this class does not"), remedy=remedy, http=403)
    return person


def _signer(request: Request) -> URLSafeSerializer:
    with auth.room_of(request).store.reading() as session:
        return URLSafeSerializer(session.get_one(Classroom, 1).secret, salt=COOKIE)


def _is_safe(url: str) -> bool:
    """https, or a server on this very machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}))


def _disbelieved() -> Refused:
    remedy = _("Try again in a moment, or use your teacher's link.")
    return Refused("oidc-failed", _("the university's sign-in does not answer as it should"), remedy=remedy, http=502)
