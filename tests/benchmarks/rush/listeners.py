"""Browsers that listen to /events, as many as are asked for, in one process of their own: python listeners.py, with a Plan as JSON on stdin.

A line of JSON says what they heard; they go on listening until stdin ends.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from time import perf_counter

AT_ONCE = 100  # that connect
QUIET = 3.0  # seconds without news before the next change: what follows from the last one, its verdict, is over
PATIENCE = 30.0


@dataclass(frozen=True)
class Plan:
    """So many listeners with these tokens in turn, and one change for each of the bodies: a submission that is handed in with the first of them."""

    port: int
    listeners: int
    tokens: list[str]
    bodies: list[str]


@dataclass(frozen=True)
class Heard:
    """Of one change: by how many listeners, and seconds from before it was handed in until the first and the last of them had it."""

    listeners: int
    first: float
    last: float


class Crowd:
    """Those who listen. before: a change is whatever comes after this revision; heard: who heard of one, and when."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._listening = 0
        self._newest = self._before = -1
        self._heard: dict[int, float] = {}
        self._news = asyncio.Event()

    async def run(self) -> list[Heard]:
        """Connect everybody, then make the changes."""
        self._tasks: list[asyncio.Task[None]] = []
        while len(self._tasks) < self._plan.listeners:
            begun = len(self._tasks)
            self._tasks += [asyncio.create_task(self._listen(number)) for number in range(begun, min(begun + AT_ONCE, self._plan.listeners))]
            while self._listening < len(self._tasks):
                await asyncio.sleep(0.01)
        return [await self._change(body) for body in self._plan.bodies]

    async def _listen(self, number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._plan.port)
        token = self._plan.tokens[number % len(self._plan.tokens)]
        writer.write(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        self._listening += head.startswith(b"HTTP/1.1 200")
        async for line in reader:
            if line.startswith(b"data:"):
                revision = int(line[5:])
                if revision > self._before:
                    self._heard.setdefault(number, perf_counter())
                self._newest = max(self._newest, revision)
                self._news.set()

    async def _change(self, body: str) -> Heard:
        while True:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), QUIET)
            except TimeoutError:
                break
        self._before = self._newest
        self._heard.clear()
        begun = perf_counter()
        await self._submit(body)
        while len(self._heard) < self._plan.listeners and perf_counter() - begun < PATIENCE:
            await asyncio.sleep(0.005)
        times = [at - begun for at in self._heard.values()]
        return Heard(len(times), min(times, default=0.0), max(times, default=0.0))

    async def _submit(self, body: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._plan.port)
        head = f"POST /api/v1/submissions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self._plan.tokens[0]}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        answer = await reader.read()
        if not answer.startswith(b"HTTP/1.1 201"):
            raise RuntimeError(answer.decode())


@contextmanager
def listening(plan: Plan) -> Generator[list[Heard]]:
    """What the listeners heard; they go on listening until the end of the block."""
    with subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{json.dumps(asdict(plan))}\n")
        process.stdin.flush()
        yield [Heard(**each) for each in json.loads(process.stdout.readline())]
        process.stdin.close()


async def _main() -> None:
    plan = Plan(**json.loads(sys.stdin.readline()))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    heard = await Crowd(plan).run()
    print(json.dumps([asdict(each) for each in heard]), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main())
