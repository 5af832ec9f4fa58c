"""Around every request: where it comes from, its language, how large it may be, the headers that every answer carries, the log and the figures."""

from __future__ import annotations

from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from time import perf_counter
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.stdlib import BoundLogger

from grader.text import LANGUAGES, _, speaking
from kit.classroom.errors import Refused, nul
from kit.classroom.metrics import Metrics
from kit.classroom.problems import told
from kit.classroom.room import Settings
from kit.classroom.web.speech import COOKIE, preferred
from kit.language import Language

__all__ = ["CONTENT_POLICY", "Guard", "security_headers"]

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = [
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # addresses of sign-in links stay here
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]
HSTS = (b"strict-transport-security", b"max-age=31536000")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
QUIET = frozenset({"/healthz", "/readyz", "/metrics", "/static"})  # asked all the time, by machines: counted, not logged


def security_headers(settings: Settings) -> list[tuple[bytes, bytes]]:
    """What every answer carries."""
    return [*HEADERS, HSTS] if settings.base_url.startswith("https:") else list(HEADERS)


class Guard:
    """The outermost layer but for boards out of memory."""

    def __init__(self, app: ASGIApp, *, settings: Settings, log: BoundLogger, metrics: Metrics, on_change: Callable[[str], None]) -> None:
        """on_change gets the path of a request that may have changed something, before its answer is sent."""
        self._app, self._log, self._metrics, self._proxied = app, log, metrics, settings.trusted_proxy
        self.most, self.headers, self.on_change = settings.max_body, security_headers(settings), on_change

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if self._proxied:
            scope = _as_proxied(scope, headers)
        exchange = _Exchange(scope, receive, send, self)
        try:
            with speaking(_language(headers)):
                if _stated_length(headers) > self.most:
                    await exchange.refuse(_too_large())
                elif "\0" in scope["path"] or b"\0" in scope["query_string"] or b"%00" in scope["query_string"]:
                    await exchange.refuse(nul())
                else:
                    await self._app(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            pass
        except Exception as error:  # noqa: BLE001  # it was answered with 500; what is left is to write it down
            self._log.error("request failed", method=scope["method"], route=_route(scope), exc_info=error)
        finally:
            self._noted(scope, exchange.status, perf_counter() - begun)

    def _noted(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = scope["method"], _route(scope)
        self._metrics.request(method, route, status, seconds)
        if route not in QUIET or status >= 400:
            person_id = scope.get("state", {}).get("person_id")
            person = {"person": person_id} if person_id is not None else {}
            self._log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1), **person)


class _Exchange:
    """One request and its answer: so much body and no more, and an answer with every header. status: 0 until the answer has begun."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, guard: Guard) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._left, self._headers, self._on_change = guard.most, guard.headers, guard.on_change
        self._refused = False
        self.status = 0

    async def receive(self) -> Message:
        """The next part of the body; too much of it is refused, and the application hears that the client is gone."""
        message = await self._receive()
        if message["type"] == "http.request" and not self._refused:
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                await self.refuse(_too_large())
        return {"type": "http.disconnect"} if self._refused else message

    async def send(self, message: Message) -> None:
        """The next part of the answer; it is kept nowhere unless it says otherwise."""
        if self._refused:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._scope["method"] not in SAFE:
                self._on_change(self._scope["path"])
            headers = [*message.get("headers", ()), *self._headers]
            if not any(name.lower() == b"cache-control" for name, _value in headers):
                headers.append((b"cache-control", b"no-store"))
            message = {**message, "headers": headers}
        await self._send(message)

    async def refuse(self, refused: Refused) -> None:
        """Say why, unless the answer has begun, and hear no more of it."""
        if not self.status:
            response = JSONResponse(told(refused), refused.http, headers={"Connection": "close"})
            await response(self._scope, self._receive, self.send)
        self._refused = True


def _too_large() -> Refused:
    return Refused("too-large", _("the request is too large"), remedy=_("Send less at once."), http=413)


def _stated_length(headers: dict[bytes, bytes]) -> int:
    stated = headers.get(b"content-length", b"")
    return int(stated) if stated.isdigit() else 0


def _as_proxied(scope: Scope, headers: dict[bytes, bytes]) -> Scope:
    """The scope as the proxy in front saw it: of several addresses the last is the one that it added itself."""
    address = headers.get(b"x-forwarded-for", b"").decode("latin-1").rpartition(",")[2].strip()
    scheme = headers.get(b"x-forwarded-proto", b"").decode("latin-1").strip().lower()
    changed: dict[str, Any] = {"client": (address, 0)} if address else {}
    if scheme in {"http", "https"}:
        changed["scheme"] = scheme
    return {**scope, **changed}


def _language(headers: dict[bytes, bytes]) -> Language:
    """What the browser chose here before, else what it prefers, else English."""
    cookies = headers.get(b"cookie")
    if cookies and COOKIE.encode() in cookies:
        try:
            chosen = SimpleCookie(cookies.decode("latin-1")).get(COOKIE)
        except CookieError:
            chosen = None
        if chosen is not None and chosen.value in LANGUAGES:
            return chosen.value
    return preferred(headers.get(b"accept-language", b"").decode("latin-1"))


def _route(scope: Scope) -> str:
    """The pattern of a request's path: a path itself may hold what is nobody's business."""
    if scope["path"].startswith("/static/"):
        return "/static"
    return getattr(scope.get("route"), "path", "") or "none"
