"""What the routes of /api/v1 work with: the parts of the server, and who is asking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Request, Security
from fastapi.security import HTTPBearer
from structlog.stdlib import BoundLogger

from grader.text import _
from kit.classroom.errors import Refused
from kit.classroom.events import Hub
from kit.classroom.executor import Executor
from kit.classroom.identity import Identities, Member, bearer
from kit.classroom.limits import Limits
from kit.classroom.metrics import Metrics
from kit.classroom.room import Room
from kit.classroom.standings import Standings

__all__ = ["Anybody", "Judge", "Parts", "Somebody", "address_of", "parts_of", "token_of"]


WRITERS = 12


class Judge(Protocol):
    """What a server needs of its grader."""

    executor: Executor

    def wake(self) -> None:
        """There is something to judge."""
        ...


@dataclass(frozen=True)
class Parts:
    """The parts of one server. writers: how many hand in at once; more threads would only get into each other's way."""

    room: Room
    grader: Judge
    hub: Hub
    limits: Limits
    standings: Standings
    identities: Identities
    metrics: Metrics
    log: BoundLogger
    writers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(WRITERS))


def parts_of(request: Request) -> Parts:
    """The parts of the server that answers the request. A call, not a dependency: those cost a tenth of a millisecond each."""
    return request.app.state.parts


def token_of(request: Request) -> str | None:
    """The token that the request shows."""
    return bearer(request.headers.get("authorization"))


class _ClientToken(HTTPBearer):
    """Who is asking, by a client token."""

    def __init__(self, *, needed: bool) -> None:
        super().__init__(scheme_name="Client token", description="As POST /api/v1/join gives it.", auto_error=False)
        self._needed = needed

    async def __call__(self, request: Request) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  # there are no websockets
        """The member; None: no token is shown, and none is needed. Raises Refused (401)."""
        token = token_of(request)
        if token is None:
            if self._needed or "authorization" in request.headers:
                raise Refused("not-signed-in", _("a client token is needed"), remedy=_("Join the class: kit join URL CODE"), http=401)
            return None
        identities = parts_of(request).identities
        member = identities.known(token) or await run_sync(identities.whose, token)
        if member is None:
            raise Refused("not-signed-in", _("this token is not known, or was revoked"), remedy=_("Join the class again."), http=401)
        request.state.person_id = member.person_id
        return member


Anybody = Annotated[Member | None, Security(_ClientToken(needed=False))]
Somebody = Annotated[Member, Security(_ClientToken(needed=True))]


def address_of(request: Request) -> str:
    """Where a request came from."""
    return request.client.host if request.client is not None else ""
