"""What is new, told to everybody who listens: one producer in each process watches the classroom's revision for any number of browsers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Generator
from typing import Any

import anyio.to_thread
from starlette.types import Receive, Send

from kit.errors import KitError

__all__ = ["Hub"]

POLL_SECONDS = 1.0  # how late a change by another process is seen
PAUSE_SECONDS = 1.0  # between two tellings: every listener reads its board again after each
HEARTBEAT_SECONDS = 15.0  # a comment now and then, so that proxies see life and we see who is gone
MOST_LISTENERS = 5_000
MOST_STRANGERS = MOST_LISTENERS // 2  # where boards are public: who is in the class finds a place all the same
MOST_OF_ONE = 20  # pages that one person has open
MOST_OF_AN_ADDRESS = 500  # strangers: a lecture hall may be behind one

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events back
]


class Hub:
    """Knows the classroom's revision without asking the database each time, and wakes whoever waits for a new one or for a verdict.

    Everything but changed(), judged() and close() belongs to the event loop that run() runs in.
    """

    def __init__(
        self, read: Callable[[], int], *, poll: float = POLL_SECONDS, pause: float = PAUSE_SECONDS, heartbeat: float = HEARTBEAT_SECONDS
    ) -> None:
        """read: the revision as the database has it; called in a thread. All times in seconds."""
        self._read, self._poll, self._pause, self._heartbeat = read, poll, pause, heartbeat
        self.known: int | None = None  # None: it may have changed since it was read
        self.closed = False
        self.listeners = self._strangers = 0
        self._of_one: dict[int | str, int] = {}  # by person or address, how many of the listeners
        self._changes = 0  # how often changed() was called: a read that was overtaken by one says nothing
        self._reading: asyncio.Future[int] | None = None
        self._told = -1
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self._news: asyncio.Future[int] | None = None
        self._verdicts: dict[int, list[asyncio.Event]] = {}

    def changed(self) -> None:
        """Something was committed that a board could show. From any thread."""
        self._call(self._forget)

    def judged(self, submission_id: int) -> None:
        """A submission has its verdict, or is given up. From any thread."""
        self._call(self._forget)
        self._call(self._judged, submission_id)

    def close(self) -> None:
        """Let everybody go who waits. From any thread, and from a signal handler."""
        self._call(self._close)

    async def run(self) -> None:
        """The producer: until the hub is closed or this is cancelled."""
        self._loop = asyncio.get_running_loop()
        while not self.closed:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._poll)
            woken = self._woken.is_set()
            self._woken.clear()
            with contextlib.suppress(KitError):  # a database that is away for a moment: tried again at the next turn
                revision = await self._fresh()
                if revision != self._told:
                    self._tell(revision)
            if woken:
                await asyncio.wait({self._next()}, timeout=self._pause)  # a pause that close() ends

    async def revision(self) -> int:
        """The revision as it is now; asks the database only when something may have changed. Raises KitError."""
        return self.known if self.known is not None else await self._fresh()

    @contextlib.contextmanager
    def awaiting(self, submission_id: int) -> Generator[asyncio.Event]:
        """An event that comes when this process has judged the submission, or the hub is closed. Look at the submission after this has begun."""
        judged = asyncio.Event()
        self._verdicts.setdefault(submission_id, []).append(judged)
        if self.closed:
            judged.set()
        try:
            yield judged
        finally:
            left = [each for each in self._verdicts[submission_id] if each is not judged]
            if left:
                self._verdicts[submission_id] = left
            else:
                del self._verdicts[submission_id]

    async def listen(self, receive: Receive, send: Send, who: int | str) -> None:
        """Answer GET /events: `event: board` with the revision as its data, at once and whenever there is a new one.

        who: a person's id, or the address of somebody who shows no token.
        """
        if self.closed or self._is_full(who):
            await send({"type": "http.response.start", "status": 503, "headers": [(b"retry-after", b"30"), (b"content-length", b"0")]})
            await send({"type": "http.response.body"})
            return
        self._count(who, 1)
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await send(_body(b"retry: 5000\n\n" + (_event(self._told) if self._told >= 0 else b": hello\n\n")))
            while not self.closed:
                news = self._next()
                done, _waiting = await asyncio.wait({gone, news}, timeout=self._heartbeat, return_when=asyncio.FIRST_COMPLETED)
                if gone in done:
                    return
                if not self.closed:
                    await send(_body(_event(news.result()) if news in done else b": still here\n\n"))
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._count(who, -1)
            gone.cancel()

    def _is_full(self, who: int | str) -> bool:
        """Whether whoever that is has to come again."""
        stranger = isinstance(who, str)
        if self.listeners >= MOST_LISTENERS or (stranger and self._strangers >= MOST_STRANGERS):
            return True
        return self._of_one.get(who, 0) >= (MOST_OF_AN_ADDRESS if stranger else MOST_OF_ONE)

    def _count(self, who: int | str, more: int) -> None:
        self.listeners += more
        self._strangers += more if isinstance(who, str) else 0
        self._of_one[who] = self._of_one.get(who, 0) + more
        if not self._of_one[who]:
            del self._of_one[who]

    async def _fresh(self) -> int:
        """Read the revision; those who ask at the same time share one reading, unless something changed after it began."""
        begun = self._changes
        if self._reading is None:
            self._reading = asyncio.ensure_future(anyio.to_thread.run_sync(self._read))
        reading = self._reading
        try:
            revision = await asyncio.shield(reading)
        finally:
            if self._reading is reading and reading.done():
                self._reading = None
        if begun == self._changes:
            self.known = revision
        return revision

    def _next(self) -> asyncio.Future[int]:
        """What comes true at the next telling."""
        if self._news is None or self._news.done():
            self._news = asyncio.get_running_loop().create_future()
        return self._news

    def _tell(self, revision: int) -> None:
        self._told = revision
        if self._news is not None and not self._news.done():
            self._news.set_result(revision)

    def _forget(self) -> None:
        self.known = None
        self._changes += 1
        self._reading = None
        self._woken.set()

    def _judged(self, submission_id: int) -> None:
        for waiting in self._verdicts.get(submission_id, ()):
            waiting.set()

    def _close(self) -> None:
        self.closed = True
        self._woken.set()
        self._tell(self._told)
        for submission_id in list(self._verdicts):
            self._judged(submission_id)

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        """Have it done in the event loop: at once when that is where we are, or when there is none."""
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if self._loop is None or self._loop is here or self._loop.is_closed():
            function(*arguments)
            return
        with contextlib.suppress(RuntimeError):  # it was closed this very moment
            self._loop.call_soon_threadsafe(function, *arguments)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(revision: int) -> bytes:
    return b"event: board\ndata: %d\n\n" % revision


def _body(data: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": True}
