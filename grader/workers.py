"""Where workers come from: forked in milliseconds by a warm zygote, or spawned as processes of their own where forking is not possible."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from typing import Any, cast

from grader import protocol as wire
from grader.interpreter import clean_environment, isolated_python
from grader.packing import Unpacker
from grader.verdict import Job, Layer, uses_compiler

START_SECONDS = 60.0
EXIT_SECONDS = 1.0
BUFFER = 4 << 20
CPU_GRACE = 2  # the wall clock is the limit that a learner meets; processor time is for what hides from it


class WorkerUnavailable(Exception):
    """No worker could be started: the judge's own failure, never the answer's."""


class ForkServerGone(WorkerUnavailable):
    """The process that workers are forked from has ended, and they with it."""


@dataclass
class Process:
    """A worker at the other end of a socket."""

    connection: socket.socket
    output: socket.socket
    layers: list[Layer] = field(default_factory=list[Layer])

    def end(self, *, gone: bool = False) -> str:
        """Kill it. gone: it hung up by itself; then the name of its signal or its exit status is returned, when it tells in time."""
        raise NotImplementedError


class Workers:
    """A source of workers. One can be asked for ahead, so that it is ready when it is needed."""

    def __init__(self) -> None:
        self._spare: tuple[dict[str, Any], Process] | None = None

    def prepare(self, job: Job) -> None:
        """Ask for a worker now, and wait for it later, in start(). Raises WorkerUnavailable."""
        if self._spare is None or self._spare[0] != settings_of(job):
            self.forget()
            self._spare = (settings_of(job), self._ask(job))

    def start(self, job: Job) -> Process:
        """A fresh worker, ready to load the answer. Raises WorkerUnavailable."""
        self.prepare(job)
        assert self._spare is not None
        (_settings, process), self._spare = self._spare, None
        _greet(process)
        return process

    def forget(self) -> None:
        """End a worker that was asked for and is not needed."""
        if self._spare is not None:
            (_settings, process), self._spare = self._spare, None
            process.end()
            process.output.close()

    def _ask(self, job: Job) -> Process:
        raise NotImplementedError


def settings_of(job: Job) -> dict[str, Any]:
    """What a worker must know of a job: no path of the bank, no seed."""
    return {
        "forbid": list(job.forbid), "memory_mb": job.memory_mb, "cpu_seconds": int(job.seconds) + CPU_GRACE, "device": job.device, "lang": job.lang,
        "compiler": uses_compiler(job), "core": job.core,
    }  # fmt: skip


def _pair() -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, option, BUFFER)
    return ours, theirs


def _greet(process: Process) -> None:
    """Wait until the worker says that it is ready, and note the layers of its sandbox."""
    try:
        body, _block = wire.Channel(process.connection).receive(time.monotonic() + START_SECONDS)
        reply = wire.decode_reply(body)
        assert isinstance(reply, wire.Value)
        rows = Unpacker(bytearray(), _no_handle).unpack(reply.value)
        process.layers = [Layer(str(name), bool(on), str(why)) for name, on, why in rows]
    except (wire.ConnectionEnded, wire.DeadlineReached, wire.ProtocolError, AssertionError, TypeError, ValueError) as error:
        why = _last_words(process.output) or f"a worker did not start: {type(error).__name__}"
        process.end()
        process.output.close()
        raise WorkerUnavailable(why) from None


def _last_words(output: socket.socket) -> str:
    """What a worker that failed to start said of it."""
    output.settimeout(EXIT_SECONDS)
    try:
        return output.recv(4000).decode("utf-8", "replace").strip().rpartition("\n")[2]
    except OSError:
        return ""


def _no_handle(_node: object) -> None:
    raise wire.ProtocolError("a handle in a greeting")


class _Forked(Process):
    """Ended through the zygote, which is its parent: hanging up the lifeline kills it."""

    def __init__(self, connection: socket.socket, output: socket.socket, lifeline: socket.socket) -> None:
        super().__init__(connection, output)
        self._lifeline = lifeline

    def end(self, *, gone: bool = False) -> str:
        self.connection.close()
        try:
            status = self._status(EXIT_SECONDS) if gone else ""
            if not status:
                with contextlib.suppress(OSError):
                    self._lifeline.shutdown(socket.SHUT_WR)
                self._status(START_SECONDS)  # the zygote answers when the worker is dead
        finally:
            self._lifeline.close()
        return status

    def _status(self, seconds: float) -> str:
        """How the worker ended, or nothing when it did not end in time. Raises ForkServerGone."""
        self._lifeline.settimeout(seconds)
        try:
            said = self._lifeline.recv(64)
        except OSError:
            return ""
        if not said:  # the zygote never hangs up without a word
            raise ForkServerGone("the fork server has ended")
        return said.decode()


class ForkedWorkers(Workers):
    """Asks the zygote at the other end of control (a SOCK_SEQPACKET socket; several judges may share it)."""

    def __init__(self, control: socket.socket) -> None:
        super().__init__()
        self._control = control

    def _ask(self, job: Job) -> Process:
        connection, theirs = _pair()
        output, their_output = _pair()
        lifeline, their_lifeline = socket.socketpair()
        message = json.dumps(settings_of(job)).encode()
        try:
            socket.send_fds(self._control, [message], [theirs.fileno(), their_output.fileno(), their_lifeline.fileno()])
        except OSError as error:
            for end in (connection, output, lifeline):
                end.close()
            raise ForkServerGone(f"the fork server does not answer: {error}") from None
        finally:
            for end in (theirs, their_output, their_lifeline):
                end.close()
        return _Forked(connection, output, lifeline)


class _Spawned(Process):
    def __init__(self, connection: socket.socket, output: socket.socket, popen: subprocess.Popen[bytes]) -> None:
        super().__init__(connection, output)
        self._popen = popen

    def end(self, *, gone: bool = False) -> str:
        self.connection.close()
        status = ""
        if gone:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = exit_name(self._popen.wait(EXIT_SECONDS))
        self._popen.kill()
        self._popen.wait()
        return status


class SpawnedWorkers(Workers):
    """Starts an interpreter for each worker."""

    def _ask(self, job: Job) -> Process:
        connection, theirs = _pair()
        output, their_output = _pair()
        fds = [theirs.fileno(), their_output.fileno()]
        for fd in fds:
            os.set_inheritable(fd, True)
        settings = settings_of(job) | {"connection": fds[0], "output": fds[1], "policy": job.policy}
        command = isolated_python("worker", json.dumps(settings))
        handover: dict[str, Any] = {"close_fds": False} if os.name == "nt" else {"pass_fds": fds}
        popen = cast(
            "subprocess.Popen[bytes]",
            subprocess.Popen(command, env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **handover),
        )
        theirs.close()
        their_output.close()
        return _Spawned(connection, output, popen)


def exit_name(code: int) -> str:
    """How a process ended: the name of a signal, or its exit status."""
    if code >= 0:
        return f"exit status {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
