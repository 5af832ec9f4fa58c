"""A classroom that is served: the whole application, asked as a client asks it, with a judge that judges when it is told to."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
from fastapi import FastAPI
from scene import Clock

from grader.verdict import CheckResult, Diagnosis, Failure, Verdict
from kit.bank import Bank
from kit.classroom import gradings, people
from kit.classroom.app import create_app, revision_of
from kit.classroom.database import Store
from kit.classroom.events import Hub
from kit.classroom.executor import WorkerState
from kit.classroom.logs import open_log
from kit.classroom.room import Room, Settings, found
from kit.classroom.schema import Classroom, Person, Role

RIGHT = "def double(x):\n    return 2 * x\n"
WRONG = "def double(x):\n    return x * x\n"
DOCUMENT = "application/json"


class Executor:
    """Two places that do nothing."""

    capacity, devices, fine = 2, frozenset({"cpu"}), True

    def describe(self) -> list[WorkerState]:
        return [WorkerState("here", 2, 0, self.devices, fine=self.fine)]

    def grade(self, job: Any) -> Verdict:
        raise NotImplementedError

    def close(self) -> None:
        return None


@dataclass
class Judge:
    """Counts how often it was woken."""

    executor: Executor = field(default_factory=Executor)
    woken: int = 0

    def wake(self) -> None:
        self.woken += 1


class Client:
    """Asks an application as a client does, while its event loop runs in a thread. Between `with` and its end the application lives."""

    def __init__(self, app: FastAPI, address: str = "192.0.2.1") -> None:
        self._app = app
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 5000))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://testserver", timeout=30)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._life = self._app.router.lifespan_context(self._app)
        self._done(self._life.__aenter__())
        return self

    def __exit__(self, *_raised: object) -> None:
        self._done(self._life.__aexit__(None, None, None))
        self._done(self._client.aclose())
        self._done(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._done(self._client.request(method, path, **more))

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)

    def _done(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


class House:
    """The application over a store, and what a test does with it."""

    def __init__(self, store: Store, bank: Bank, clock: Clock, *, pause: float = 0.0, **settings: Any) -> None:
        found(store, "Deep learning", clock())
        self.clock, self.said = clock, io.StringIO()
        self.room = Room(store, bank, Settings(sandbox="local", **settings), clock)
        self.judge, self.hub = Judge(), Hub(lambda: revision_of(self.room), poll=0.02, pause=pause)
        self.app = create_app(self.room, self.judge, self.hub, log=open_log(self.said))
        self.client = Client(self.app)

    @property
    def code(self) -> str:
        with self.room.store.reading() as session:
            return session.get_one(Classroom, 1).join_code

    def person(self, name: str, role: Role = "student", section: str | None = None) -> Person:
        with self.room.store.writing() as session:
            return people.add(session, role=role, name=name, section=section, now=self.clock())

    def token(self, name: str, role: Role = "student", section: str | None = None) -> dict[str, str]:
        """The header of somebody new."""
        person = self.person(name, role, section)
        with self.room.store.writing() as session:
            token = people.issue(session, session.get_one(Person, person.id), "client", now=self.clock())
        return {"Authorization": f"Bearer {token}"}

    def submit(self, who: dict[str, str], source: str = RIGHT, exercise: str = "double", **more: Any):
        return self.client.post("/api/v1/submissions", headers=who, json={"exercise": exercise, "source": source, **more})

    def grade(self, *, passed: bool | None = None) -> int:
        """Judge the next in the queue: right is what doubles; its submission's id."""
        with self.room.store.writing() as session:
            claimed = gradings.claim(session, "worker", self.clock(), devices=frozenset({"cpu"}))
            assert claimed is not None
            verdict = judged("2 * x" in claimed.source if passed is None else passed, claimed.exercise)
            assert gradings.finish(session, claimed.grading_id, verdict, "here", self.clock())
        self.hub.judged(claimed.submission_id)
        return claimed.submission_id


def judged(passed: bool, slug: str = "double") -> Verdict:
    """A verdict of two checks."""
    failure = Failure(kind="values", lines=["largest error 0.41 at [2]"])
    wrong = CheckResult(name="values", title="values", status="failed", failure=failure, diagnosis=Diagnosis("squared", "You squared x."))
    right = CheckResult(name="values", title="values", status="passed")
    checks = [CheckResult(name="shape", title="shape", status="passed"), right if passed else wrong]
    return Verdict(slug=slug, passed=passed, complete=True, seed=7041, replayed=False, device="cpu", checks=checks, seconds=0.5, policy="server")
