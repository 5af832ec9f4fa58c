"""The application: every route, and what lies around them."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

from anyio.to_thread import run_sync
from fastapi import FastAPI
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.stdlib import BoundLogger

from kit.classroom import api, boards_api, gradings, health, problems, web
from kit.classroom.events import Hub
from kit.classroom.front import Front
from kit.classroom.gradings import QueueState
from kit.classroom.guard import Guard, security_headers
from kit.classroom.identity import Identities
from kit.classroom.limits import Limits
from kit.classroom.logs import open_log
from kit.classroom.metrics import Metrics
from kit.classroom.parts import Judge, Parts, address_of, parts_of, token_of
from kit.classroom.room import Room
from kit.classroom.schema import Classroom
from kit.classroom.standings import Standings
from kit.classroom.web import auth, boards_pages

__all__ = ["create_app", "revision_of"]

SUBMISSIONS = "/api/v1/submissions"


class _App(FastAPI):
    """An application with layers around everything, the answers to its own failures included."""

    around: Callable[[ASGIApp], ASGIApp]

    def build_middleware_stack(self) -> ASGIApp:
        """FastAPI's own layers, in ours."""
        return self.around(super().build_middleware_stack())


def create_app(room: Room, grader: Judge, hub: Hub, *, log: BoundLogger | None = None, limits: Limits | None = None) -> FastAPI:
    """The classroom over HTTP. Its state has parts (Parts); the hub runs as long as it does.

    log None: warnings and worse to stderr. limits None: the usual ones.
    """
    log = log or open_log(sys.stderr, logging.WARNING)
    limits = limits or Limits(room.now)
    standings, identities = Standings(room.store, room.bank), Identities(room)
    metrics = Metrics(lambda: _queue(room), lambda: hub.listeners)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        producer = asyncio.create_task(hub.run())
        try:
            yield
        finally:
            hub.close()
            producer.cancel()
            with suppress(asyncio.CancelledError):
                await producer

    def changed(path: str) -> None:
        """A request may have changed something: boards nearly always, who is who only where nothing is handed in."""
        hub.changed()
        if path != SUBMISSIONS:
            identities.forget()

    def around(inner: ASGIApp) -> ASGIApp:
        guarded = Guard(inner, settings=room.settings, log=log, metrics=metrics, on_change=changed)
        headers = security_headers(room.settings)
        return Front(guarded, hub=hub, identities=identities, standings=standings, metrics=metrics, headers=headers)

    app = _App(
        title="The kit's classroom",
        version="1",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False},  # it would tell messages
        lifespan=lifespan,
    )
    app.around = around
    app.state.parts = Parts(room, grader, hub, limits, standings, identities, metrics, log)
    app.state.room, app.state.grader, app.state.limits, app.state.standings = room, grader, limits, standings  # for the pages
    problems.install(app, log)
    app.include_router(api.router)
    app.include_router(boards_api.router)
    app.include_router(health.router)
    app.router.routes.append(Route(_Listening.path, _Listening(hub), methods=["GET"]))
    web.mount(app)
    if room.settings.oidc_issuer:
        from kit.classroom import oidc  # noqa: PLC0415  # heavy, and seldom configured

        oidc.install(app, room.settings)
    return app


def revision_of(room: Room) -> int:
    """The classroom's revision as the database has it. Raises KitError when that does not answer."""
    with room.store.reading() as session:
        return session.scalars(select(Classroom.revision).where(Classroom.id == 1)).one()


def _queue(room: Room) -> QueueState:
    with room.store.reading() as session:
        return gradings.queue(session, room.now())


class _Listening:
    """GET /events, for whoever may see the boards, as an application of its own: a thousand cost little. path: for the log, as a route has it."""

    path = "/events"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self
        if scope["method"] != "GET":  # a stream without an end is no answer to anything else
            await Response(status_code=405, headers={"Allow": "GET"})(scope, receive, send)
            return
        request = Request(scope, receive)
        await self._hub.listen(receive, send, await run_sync(_listener, request))


def _listener(request: Request) -> int | str:
    """Who wants to listen: the person's id, by a client token or the cookie of a browser; where boards are public else the address.

    Raises Refused (401).
    """
    token = token_of(request)
    if token is not None:
        member = parts_of(request).identities.whose(token)
        if member is not None:
            return member.person_id
    who = boards_pages.viewer(auth.visitor(request))
    return address_of(request) if who.person is None else who.person.id
