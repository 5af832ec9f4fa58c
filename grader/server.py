"""The warm judge: torch and pytest imported, a zygote for workers; each job is run in a fork of its own."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from grader.prepared import Shelf, next_job, receive
from grader.verdict import Job, Speed, Verdict, decode_job, uses_compiler

if TYPE_CHECKING:
    from grader.workers import Workers

IDLE_SECONDS = 600.0
MAX_JOB = 16 << 20
MAX_REPLY = 256 << 20
LENGTH = struct.Struct("<Q")
STOP = b"stop"
BACKLOG = 64
ASKING_SECONDS = 2.0  # for a whole job to arrive: one who is silent must not hold up the others


class Reply(msgspec.Struct, omit_defaults=True):
    """What comes back for a job: verdicts or a speed, or why there is none (refused: the job's fault; failed: the judge's)."""

    verdict: Verdict | None = None
    verdicts: list[Verdict] | None = None
    speed: Speed | None = None
    refused: str = ""
    failed: str = ""


def reply_to(job: Job, workers: Workers) -> bytes:
    """Run a job; the reply's bytes. Raises ForkServerGone, and nothing else."""

    def run_it() -> Reply:
        from grader.panel import judge_each  # noqa: PLC0415 - imports torch and pytest
        from grader.runner import run  # noqa: PLC0415 - the same
        from grader.timing import measure  # noqa: PLC0415 - the same

        if job.speed is not None:
            return Reply(speed=measure(job, workers))
        if job.sources:
            return Reply(verdicts=judge_each(job, workers))
        return Reply(verdict=run(job, workers))

    return reply_of(run_it)


def reply_of(run: Callable[[], Reply]) -> bytes:
    """What run returns, or why there is nothing, as bytes. Raises ForkServerGone, and nothing else."""
    try:
        from grader.plugin import JudgeFault  # noqa: PLC0415 - imports torch and pytest
        from grader.runner import JobError  # noqa: PLC0415 - the same
        from grader.workers import ForkServerGone, WorkerUnavailable  # noqa: PLC0415 - imports torch
    except ImportError as error:
        return msgspec.json.encode(Reply(failed=str(error)))
    try:
        reply = run()
    except JobError as error:
        reply = Reply(refused=str(error))
    except ForkServerGone:
        raise  # no reply: whoever asked has a judge without a server do it
    except (WorkerUnavailable, JudgeFault) as error:
        reply = Reply(failed=str(error))
    except BaseException as error:  # noqa: BLE001 - a fault of ours must reach the one who asked
        import traceback  # noqa: PLC0415 - rare

        traceback.print_exc()
        reply = Reply(failed=f"{type(error).__name__}: {error}")
    return msgspec.json.encode(reply)


def listen(path: str) -> socket.socket:
    """A listening socket at path, which lies in a folder that only the user can enter."""
    with contextlib.suppress(FileNotFoundError):
        Path(path).unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    Path(path).chmod(0o600)
    listener.listen(BACKLOG)
    return listener


def send_bytes(connection: socket.socket, data: bytes) -> None:
    """One message: its length and its bytes."""
    connection.sendall(LENGTH.pack(len(data)) + data)


def receive_bytes(connection: socket.socket, limit: int, deadline: float | None = None) -> bytes:
    """One message. Raises ConnectionError when it is cut short or too long, TimeoutError when it is not whole at the deadline (time.monotonic)."""
    (size,) = LENGTH.unpack(_exactly(connection, LENGTH.size, deadline))
    if size > limit:
        raise ConnectionError("a message too long")
    return _exactly(connection, size, deadline)


def _exactly(connection: socket.socket, size: int, deadline: float | None) -> bytes:
    data = bytearray()
    while len(data) < size:
        if deadline is not None:
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
        piece = connection.recv(min(size - len(data), 1 << 20))
        if not piece:
            raise ConnectionError("the connection ended early")
        data += piece
    return bytes(data)


class Server:
    """Accepts jobs until nobody has asked for ten minutes, or its zygote is gone."""

    def __init__(self, listener: socket.socket, control: socket.socket, zygote: int, path: str) -> None:
        for name in ("grader.compare", "grader.data", "grader.runner", "numpy.random"):  # what checks import, before the first job is forked
            importlib.import_module(name)
        self._listener = listener
        self._control = control
        self._zygote = zygote
        self._path = path
        self._inode = Path(path).stat().st_ino
        self._children: set[int] = set()
        self._prepared: set[int] = set()  # those of the children that stay
        self._shelf = Shelf(self._prepare)
        self._asker: socket.socket | None = None
        warm_pytest()
        gc.collect()
        gc.freeze()
        gc.enable()

    def loop(self) -> None:
        """Serve."""
        last = time.monotonic()
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with _wakeup_on_signals() as wakeup:
            while True:
                ready, _w, _e = select.select([self._listener, wakeup], [], [], 30.0)
                if wakeup in ready:
                    with contextlib.suppress(BlockingIOError):
                        wakeup.recv(4096)
                self._reap()
                if self._zygote == 0 or not self._still_ours():
                    break
                if self._listener in ready:
                    connection, _address = self._listener.accept()
                    if self._serve(connection):
                        break
                    last = time.monotonic()
                elif self._children <= self._prepared and time.monotonic() - last > IDLE_SECONDS:
                    break
        self._listener.close()
        if self._still_ours():
            with contextlib.suppress(FileNotFoundError):
                Path(self._path).unlink()
        self._control.close()
        self._shelf.clear()
        for child in self._children:  # jobs that are running finish
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)
        os._exit(0)

    def _still_ours(self) -> bool:
        try:
            return Path(self._path).stat().st_ino == self._inode
        except FileNotFoundError:
            return False

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                self._children.discard(pid)
                self._prepared.discard(pid)
                if pid == self._zygote:
                    self._zygote = 0

    def _serve(self, connection: socket.socket) -> bool:
        """Have a judge forked for one connection; True when it asks us to stop."""
        try:
            message = receive_bytes(connection, MAX_JOB, time.monotonic() + ASKING_SECONDS)
            job = None if message == STOP else decode_job(message)
        except (OSError, msgspec.MsgspecError):
            connection.close()
            return False
        if job is None:
            self._asker = connection  # hears of the end when there is one: once the socket's file is gone
            return True
        if uses_compiler(job):
            importlib.import_module("torch._dynamo")  # once here, not in the fork of every job
        connection.settimeout(None)
        if not self._shelf.judge(job, connection):
            self._fork(lambda: self._judge(connection, job))
        connection.close()
        return False

    def _fork(self, act: Callable[[], None]) -> int:
        """A child that does this and ends."""
        from grader.workers import ForkServerGone  # noqa: PLC0415 - imported already, named late

        pid = os.fork()
        if pid:
            self._children.add(pid)
            return pid
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._listener.close()
            self._shelf.clear()
            act()
            code = 0
        except (OSError, msgspec.MsgspecError, ForkServerGone):
            pass
        finally:
            os._exit(code)

    def _judge(self, connection: socket.socket, job: Job) -> None:
        """In a fork: one job, one reply."""
        threading.Thread(target=_leave_with, args=(connection,), daemon=True).start()
        send_bytes(connection, reply_to(job, self._workers()))

    def _prepare(self, job: Job, line: socket.socket) -> None:
        """Fork a process that collects the checks of a job, and whose forks judge what comes along the line."""
        self._prepared.add(self._fork(lambda: self._judge_next(job, line)))

    def _judge_next(self, known: Job, line: socket.socket) -> None:
        """In a fork: collect; in each fork of that: one job, one reply."""
        from grader.runner import run_next  # noqa: PLC0415 - imported already, named late

        connections: list[socket.socket] = []

        def following() -> tuple[Job, Workers]:
            job, connection = next_job(line)
            connections.append(connection)
            threading.Thread(target=_leave_with, args=(connection,), daemon=True).start()
            return job, self._workers()

        reply = reply_of(lambda: Reply(verdict=run_next(known, following)))
        if not connections:  # they cannot be collected: whoever asked hears why
            first = receive(line)
            connections += [first[1]] if first is not None else []
        for connection in connections:
            send_bytes(connection, reply)

    def _workers(self) -> Workers:
        from grader.workers import ForkedWorkers  # noqa: PLC0415 - imported already, named late

        return ForkedWorkers(self._control)


def _leave_with(connection: socket.socket) -> None:
    """End this judge (its workers follow) when the one who asked has gone."""
    with contextlib.suppress(OSError):
        if not connection.recv(1):
            os._exit(1)


@contextlib.contextmanager
def _wakeup_on_signals() -> Iterator[socket.socket]:
    """A socket that becomes readable when a child ends."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    try:
        yield ours
    finally:
        signal.set_wakeup_fd(-1)


def warm_pytest() -> None:
    """Run an empty session once: pytest imports half of itself late."""
    import tempfile  # noqa: PLC0415 - once

    from grader.plugin import Nobody  # noqa: PLC0415 - imports torch
    from grader.runner import run_checks  # noqa: PLC0415 - imports torch
    from grader.text import use_language  # noqa: PLC0415 - next to its use

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test_warm.py"
        path.write_text("def test_warm():\n    pass\n", encoding="utf-8")
        job = Job(slug="warm", source="", filename="warm.py", checks=str(path))
        for lang in ("zh", "en"):
            use_language(lang)
        run_checks(job, Nobody(), 0, lambda _judge: None)


__all__ = ["Reply", "Server", "listen", "receive_bytes", "reply_to", "send_bytes"]
