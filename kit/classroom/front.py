"""In front of everything: boards that were made already are answered from memory, without the database and without a framework.

After each change every open board is read again at once, by the whole class; that must not slow down the submissions.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from kit.classroom.boards import parse
from kit.classroom.errors import Refused
from kit.classroom.events import Hub
from kit.classroom.identity import Identities, bearer
from kit.classroom.metrics import Metrics
from kit.classroom.standings import Audience, Served, Standings

__all__ = ["PREFIX", "Front", "audience_of", "reply"]

PREFIX = "/api/v1/boards/"
HEADERS = {"content-type": "application/json", "cache-control": "private, no-cache", "vary": "authorization, accept-encoding"}
WORTH_PACKING = 1000  # bytes


class Front:
    """Answers GET /api/v1/boards/… when everything that it takes is at hand; else passes the request on."""

    def __init__(
        self, app: ASGIApp, *, hub: Hub, identities: Identities, standings: Standings, metrics: Metrics, headers: list[tuple[bytes, bytes]]
    ) -> None:
        """headers: what every answer carries."""
        self._app, self._hub, self._identities, self._standings = app, hub, identities, standings
        self._count: Callable[[], None] = metrics.remembered
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX) and scope["method"] == "GET":
            headers: dict[bytes, bytes] = dict(scope["headers"])
            served = self._at_hand(scope["path"], headers)
            if served is not None:
                await self._answer(served, headers, send)
                return
        await self._app(scope, receive, send)

    def _at_hand(self, path: str, headers: dict[bytes, bytes]) -> Served | None:
        token = bearer(headers.get(b"authorization", b"").decode("latin-1"))
        member = self._identities.known(token) if token else None
        revision = self._hub.known
        if member is None or revision is None:
            return None
        try:
            name = parse(path[len(PREFIX) :])
        except Refused:
            return None
        served = self._standings.cached(name, audience_of(member.role), revision)
        return served if served is not None and served.is_for(member.role, member.section) else None

    async def _answer(self, served: Served, headers: dict[bytes, bytes], send: Send) -> None:
        self._count()
        status, body, own = reply(
            served, headers.get(b"if-none-match", b"").decode("latin-1"), headers.get(b"accept-encoding", b"").decode("latin-1")
        )
        sent = [*self._headers, *((name.encode(), value.encode()) for name, value in own.items()), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": body})


def reply(served: Served, if_none_match: str, accept_encoding: str) -> tuple[int, bytes, dict[str, str]]:
    """A board's answer to a request with these headers: status, body and the headers that go with it (RFC 9110, 13.1.2)."""
    headers = {
        "etag": served.etag,
        "content-type": "application/json",
        "cache-control": "private, no-cache",
        "vary": "authorization, accept-encoding",
    }
    if served.etag in if_none_match:
        return 304, b"", headers
    if len(served.body) <= WORTH_PACKING or "gzip" not in accept_encoding:
        return 200, served.body, headers
    return 200, _packed(served.etag, served.body), {**headers, "content-encoding": "gzip"}


@lru_cache(maxsize=500)
def _packed(_etag: str, body: bytes) -> bytes:
    return gzip.compress(body, 5, mtime=0)


def audience_of(role: str) -> Audience:
    """Who sees which board: students as of a freeze."""
    return "students" if role == "student" else "staff"
