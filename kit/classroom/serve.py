"""The whole of `kit class serve`: from a database and a bank to a server that answers, and back without losing anything."""

from __future__ import annotations

import contextlib
import errno
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TextIO

import uvicorn
from fastapi import FastAPI
from sqlalchemy import select
from structlog.stdlib import BoundLogger

from grader.text import _
from kit.bank import Bank
from kit.classroom import people
from kit.classroom.app import create_app, revision_of
from kit.classroom.boards import BoardName
from kit.classroom.database import Store, open_store
from kit.classroom.events import Hub
from kit.classroom.executor import Executor, open_executor
from kit.classroom.grading_loop import Grader
from kit.classroom.heads import bounded
from kit.classroom.logs import configure
from kit.classroom.metrics import Metrics
from kit.classroom.room import Room, Settings, found
from kit.classroom.schema import Classroom, Person, Submission, VerdictRow
from kit.classroom.standings import Standings
from kit.classroom.upkeep import note_served
from kit.errors import KitError
from kit.remote import is_exposed

__all__ = ["Opening", "Plan", "serve"]

STOP_SECONDS = 10  # that requests which are being answered get, once we are told to stop
KEEP_ALIVE_SECONDS = 75
MANY_FILES = 65_536  # each browser that listens is one


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be served, and where. port 0: a free one."""

    database: str
    grade_on: str
    host: str
    port: int
    name: str
    settings: Settings


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What the teacher is told when it begins. link: signs the teacher in, once, within 24 hours. exposed: what is said can be read on the way."""

    classroom: str
    address: str
    link: str
    join_code: str
    exposed: bool


def serve(bank: Bank, plan: Plan, on_open: Callable[[Opening], None], log_to: TextIO) -> None:
    """Serve until SIGINT or SIGTERM; what is being judged then is finished, or is pending again.

    on_open is called once it listens. Raises KitError: the database, the executor, the sandbox or the port cannot be had.
    """
    quiet = log_to.isatty()  # the teacher's own terminal: the link must not scroll away
    log = configure(log_to, logging.WARNING if quiet else logging.INFO)
    with contextlib.ExitStack() as opened:
        store = open_store(plan.database)
        opened.callback(store.close)
        opened.enter_context(_alone(store))
        listening = opened.enter_context(_listening(plan.host, plan.port))
        address = plan.settings.base_url.rstrip("/") or _address(plan.host, listening)
        room = Room(store, bank, plan.settings)
        found(store, plan.name, room.now())
        executor = open_executor(plan.grade_on, bank=bank, sandbox=plan.settings.sandbox)
        opened.callback(executor.close)
        _run(room, executor, listening, log, lambda: on_open(_opening(room, address)))


def _run(room: Room, executor: Executor, listening: socket.socket, log: BoundLogger, on_listening: Callable[[], None]) -> None:
    """Judge and answer until told to stop."""
    _allow_many_files()
    hub = Hub(lambda: revision_of(room))

    def judged(submission_id: int) -> None:
        hub.judged(submission_id)
        _measure(room, app.state.parts.metrics, submission_id)

    grader = Grader(room, executor, on_verdict=judged)
    app = create_app(room, grader, hub, log=log)

    def begun() -> None:
        on_listening()
        threading.Thread(target=_warm, args=(app.state.parts.standings,), name="kit-boards", daemon=True).start()

    server = _Server(app, hub, begun)
    grader.start()
    try:
        with server.told_by_signals():
            server.run([listening])
            log.info("stopping")
            grader.stop()
    except BaseException:  # a second Ctrl-C: now
        grader.stop(graceful=False)
        raise
    log.info("stopped")


class _Server(uvicorn.Server):
    """Uvicorn that lets go those who wait as soon as it is to stop, and says when it listens."""

    def __init__(self, app: FastAPI, hub: Hub, on_listening: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            http=bounded(),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # the guard reads them, where the proxy is trusted
            ws="none",
            lifespan="on",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        super().__init__(config)
        self._hub, self._on_listening = hub, on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if not self.should_exit:
            self._on_listening()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal to stop."""
        self._hub.close()
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def told_by_signals(self) -> Generator[None]:
        """Before uvicorn listens to signals they tell it to stop all the same; afterwards, when it raises them again, they end nothing."""

        def stop(_sig: int, _frame: FrameType | None) -> None:
            self.should_exit = True

        before = {sig: signal.signal(sig, stop) for sig in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)


def _opening(room: Room, address: str) -> Opening:
    """A fresh link for the teacher, who is made when there is none."""
    now = room.now()
    with room.store.writing() as session:
        teacher = session.scalar(select(Person).where(Person.role == "teacher", Person.active).order_by(Person.id).limit(1))
        if teacher is None:
            teacher = people.add(session, role="teacher", name=_("Teacher"), now=now)
        link = people.issue(session, teacher, "link", now=now, label=_("printed at the start"))
        note_served(session, address, now)
        classroom = session.get_one(Classroom, 1)
        return Opening(
            classroom=classroom.name,
            address=address,
            link=f"{address}/signin?token={link}",
            join_code=classroom.join_code,
            exposed=is_exposed(address),
        )


def _measure(room: Room, metrics: Metrics, submission_id: int) -> None:
    """Count a verdict that was just written."""
    newest = select(VerdictRow.passed, VerdictRow.seconds).join(Submission, Submission.id == VerdictRow.submission_id)
    with contextlib.suppress(KitError), room.store.reading() as session:
        row = session.execute(newest.where(Submission.id == submission_id).order_by(VerdictRow.id.desc()).limit(1)).one_or_none()
        if row is None:
            metrics.verdict("error", 0.0)
        else:
            metrics.verdict("passed" if row.passed else "failed", row.seconds)


def _warm(standings: Standings) -> None:
    """Read all that was handed in: seconds in a large class, for which else the first who looks at a board would wait."""
    with contextlib.suppress(KitError):  # a database that is away: told to whoever asks
        standings.served(BoardName("overall"), "students")


@contextlib.contextmanager
def _listening(host: str, port: int) -> Generator[socket.socket]:
    """A socket at that address. Raises KitError when it cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        remedy = _("Choose another with --port.") if error.errno in {errno.EADDRINUSE, errno.EACCES} else _("Choose another with --host.")
        raise KitError(_("nothing can listen there ({reason})").format(reason=error.strerror), f"{host}:{port}", remedy) from error
    with listening:
        yield listening


def _address(host: str, listening: socket.socket) -> str:
    """How browsers reach it, as far as this machine can tell."""
    port = listening.getsockname()[1]
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104  # compared with, not bound to
        host = _outward()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _outward() -> str:
    """The address by which this machine leaves its network; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("192.0.2.1", 9))
            return asking.getsockname()[0]
        except OSError:
            return "127.0.0.1"


@contextlib.contextmanager
def _alone(store: Store) -> Generator[None]:
    """Nobody else serves this SQLite file meanwhile. Raises KitError when somebody does. PostgreSQL takes several."""
    if sys.platform == "win32" or store.engine.dialect.name != "sqlite" or store.url.database is None:
        yield
        return
    import fcntl  # noqa: PLC0415  # not on Windows

    path = Path(f"{store.url.database}.lock")
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            remedy = _("Stop it, or choose another with --database.")
            raise KitError(_("another server has this classroom open"), store.url.database, remedy) from error
        yield


def _allow_many_files() -> None:
    """Let this process have as many connections as the system allows."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  # not on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MANY_FILES if hard == resource.RLIM_INFINITY else min(hard, MANY_FILES)
    if soft < most:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
