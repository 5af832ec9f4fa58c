"""The learner's side as the judge holds it: a live worker with the answer loaded, its limits, and a record of what it returned."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch

from grader import protocol as wire
from grader.failure import AnswerRaised, CheckFailure, WorkerLost
from grader.packing import Packer
from grader.text import _, neutralise
from grader.verdict import Frame, Job, Layer
from grader.worker.session import Session
from grader.workers import Process, Workers

OUTPUT_LIMIT = 64 << 10
TRACE_BYTES = 64 << 20
TRACE_VALUES = 20_000
CALLBACK_LIMIT = 1_000_000
RECEIVED_BYTES = 1 << 30
CALLBACK_DEPTH = 16
MAX_NAME, MAX_MESSAGE, MAX_FRAMES = 80, 4000, 20  # the worker keeps to them; a forged reply does not
YOUR_TURN = "your turn"  # what starters raise; torch raises NotImplementedError for reasons of its own

# Serves a call of a function that a check gave to the answer.
CallBack = Callable[[wire.CallbackWanted, bytearray], tuple[wire.Node, Packer]]


class Candidate(Protocol):
    """What proxies talk to."""

    generation: int

    def request(self, message: wire.Request, packer: Packer | None, call_back: CallBack) -> tuple[wire.Value, bytearray]:
        """Send a message, return the value that comes back. Raises CheckFailure."""
        ...

    def record(self, value: Any) -> None:
        """Remember a value that the answer returned, for the diagnosis."""
        ...

    def release(self, ids: list[int]) -> None:
        """Tell the worker that it may forget these handles."""
        ...

    def missing(self, name: str) -> CheckFailure:
        """The failure of an answer that has no such name."""
        ...

    def refuse(self, why: str) -> CheckFailure:
        """The failure of an answer whose reply is no value; its worker is ended."""
        ...


class _Recorder:
    """What both kinds of candidates share: the trace of a check and the translation of the learner's exceptions."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.generation = 0
        self.trace: list[Any] = []
        self._trace_bytes = 0
        self._source_lines = job.source.split("\n")

    def start_trace(self) -> None:
        self.trace, self._trace_bytes = [], 0

    def record(self, value: Any) -> None:
        self._trace_bytes += _bytes_of(value)
        if self._trace_bytes < TRACE_BYTES and len(self.trace) < TRACE_VALUES:
            self.trace.append(value)

    def missing(self, name: str) -> CheckFailure:
        line = _("{file} has no {name}").format(file=neutralise(self.job.filename), name=name)
        return CheckFailure("missing", [line, _("The exercise asks for it: keep the names of the starter.")], what=name, facts={"name": name})

    def refuse(self, why: str) -> CheckFailure:
        return CheckFailure("protocol", [_("what your code returned cannot be taken: {why}").format(why=neutralise(why)[:500])])

    def failure_of(self, reply: wire.Raised) -> CheckFailure:
        """What the learner is told of an exception in their code."""
        types = [neutralise(name[:MAX_NAME]) for name in reply.types[:MAX_FRAMES]]
        kind = types[0] if types else "Exception"
        message = neutralise(reply.message[:MAX_MESSAGE])
        frames = [Frame(line, neutralise(function[:MAX_NAME]), self._source_line(line)) for line, function in reply.frames[-MAX_FRAMES:]]
        if reply.forbidden:
            forbidden = neutralise(reply.forbidden[:MAX_MESSAGE])
            line = _("not allowed in this exercise: {what}").format(what=forbidden)
            return CheckFailure("forbidden", [line], what=forbidden, frames=frames)
        if kind == "NotImplementedError" and frames and (not message or message.startswith(YOUR_TURN)):
            return AnswerRaised(types, [_("your turn: this part is still to be written")], kind="your_turn", message=message, frames=frames)
        if kind == "MemoryError" or "can't allocate memory" in message:
            line = _("memory limit: your code may use {limit} MB").format(limit=self.job.memory_mb)
            return AnswerRaised(types, [line], kind="memory", message=message, frames=frames)
        if kind == "ProtocolError":
            line = _("what your code returned cannot be taken: {why}").format(why=message)
            return CheckFailure("protocol", [line], frames=frames)
        shown = f"{kind}: {message}" if message else kind
        return AnswerRaised(types, shown.splitlines()[:8], message=message, frames=frames)

    def _source_line(self, number: int) -> str:
        return neutralise(self._source_lines[number - 1].strip()) if 0 < number <= len(self._source_lines) else ""


class RemoteCandidate(_Recorder):
    """The answer in a worker process. A worker that is lost fails the check at hand; the next check gets a fresh one."""

    def __init__(self, job: Job, workers: Workers) -> None:
        super().__init__(job)
        self.layers: list[Layer] = []
        self.output = bytearray()
        self.deadline: float | None = None
        self.deadline_limit = job.seconds
        self._workers = workers
        self._process: Process | None = None
        self._channel: wire.Channel | None = None
        self._depth = 0
        self._callbacks = 0
        self._received = 0

    def ready(self) -> None:
        """A live worker with the answer loaded. Raises CheckFailure when the answer cannot be loaded."""
        if self._process is not None:
            return
        self.generation += 1
        before = time.monotonic()
        self._process = self._workers.start(self.job)
        if self.deadline is not None:
            self.deadline += time.monotonic() - before  # the time that a worker takes to start is ours
        self._channel = wire.Channel(self._process.connection)
        self.layers = self._process.layers
        self._process.output.setblocking(False)
        self.request(wire.Load(self.job.source, self.job.filename), None, _no_callback)

    def start_check(self, seconds: float, limit: float) -> None:
        """From now on the answer has this many seconds (limit is what a message calls it)."""
        self.start_trace()
        self.output.clear()
        self._callbacks = 0
        self._received = 0
        self.deadline = time.monotonic() + seconds
        self.deadline_limit = limit

    def seconds_left(self) -> float:
        """Until the deadline."""
        return self.job.seconds if self.deadline is None else self.deadline - time.monotonic()

    def request(self, message: wire.Request, packer: Packer | None, call_back: CallBack) -> tuple[wire.Value, bytearray]:
        channel = self._channel
        if channel is None:
            raise WorkerLost("crashed", [_("the process of your code ended earlier in this check")])
        try:
            channel.send(wire.frame(message, packer), self.deadline)
            while True:
                self._wait(channel.socket)
                body, block = self._receive(channel)
                reply = wire.decode_reply(body)
                if isinstance(reply, wire.CallbackWanted):
                    self._serve_callback(channel, reply, block, call_back)
                    continue
                self._drain()
                if isinstance(reply, wire.Raised):
                    raise self.failure_of(reply)
                return reply, block
        except wire.DeadlineReached:
            raise self._lost("time", _("time limit: not finished after {limit:g} s").format(limit=self.deadline_limit)) from None
        except wire.ConnectionEnded:
            raise self._ended() from None
        except (wire.ProtocolError, MemoryError, OverflowError) as error:
            raise self.refuse(str(error)) from None

    def _receive(self, channel: wire.Channel) -> tuple[bytearray, bytearray]:
        """The next frame, as long as the check has not had too much already: it may keep all of it."""
        body, block = channel.receive(self.deadline)
        self._received += len(body) + len(block)
        if self._received > RECEIVED_BYTES:
            raise wire.ProtocolError(_("the results of one check may have at most {limit} MB").format(limit=RECEIVED_BYTES >> 20))
        return body, block

    def refuse(self, why: str) -> CheckFailure:
        return self._lost("protocol", super().refuse(why).failure.lines[0])

    def _serve_callback(self, channel: wire.Channel, wanted: wire.CallbackWanted, block: bytearray, call_back: CallBack) -> None:
        self._callbacks += 1
        if self._callbacks > CALLBACK_LIMIT or self._depth >= CALLBACK_DEPTH:
            raise wire.ProtocolError("too many calls of the given function")
        self._depth += 1
        try:
            node, packer = call_back(wanted, block)
        except CheckFailure:
            raise
        except wire.ProtocolError:
            raise
        except Exception as error:  # noqa: BLE001 - the given function refused its arguments: the answer sees an exception
            channel.send(wire.frame(wire.CallbackRaised(f"{type(error).__name__}: {error}")), self.deadline)
        else:
            channel.send(wire.frame(wire.CallbackReturned(node), packer), self.deadline)
        finally:
            self._depth -= 1

    def release(self, ids: list[int]) -> None:
        if self._channel is not None and ids:
            with contextlib.suppress(wire.DeadlineReached, wire.ConnectionEnded):  # the next request finds out
                self._channel.send(wire.frame(wire.Released(ids)), self.deadline)

    def close(self, *, gone: bool = False) -> str:
        """End the worker; how it ended by itself, if it did (gone)."""
        process, self._process, self._channel = self._process, None, None
        if process is None:
            return ""
        how = process.end(gone=gone)
        self._read_rest(process.output)
        process.output.close()
        return how

    def printed(self) -> str:
        """What the answer printed since the check began."""
        text = neutralise(bytes(self.output[:OUTPUT_LIMIT]).decode("utf-8", "replace"))
        if len(self.output) > OUTPUT_LIMIT:
            text += "\n" + _("… (output cut after {limit} KB)").format(limit=OUTPUT_LIMIT >> 10)
        return text

    # ── waiting, printing, ending ────────────────────────────────────────────────────────────────
    def _wait(self, connection: socket.socket) -> None:
        """Until the worker replies; what it prints in the meantime is taken so that it never blocks."""
        process = self._process
        if process is None:
            return
        while True:
            left = None if self.deadline is None else self.deadline - time.monotonic()
            if left is not None and left <= 0:
                raise wire.DeadlineReached
            ready, _write, _error = select.select([connection, process.output], [], [], left)
            if connection in ready:
                return
            if ready and not self._drain():
                select.select([connection], [], [], left)
                return

    def _drain(self) -> bool:
        """Take what was printed; False when the other end is closed."""
        if self._process is None:
            return False
        try:
            while data := self._process.output.recv(1 << 16):
                if len(self.output) <= OUTPUT_LIMIT:
                    self.output += data
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _read_rest(self, output: socket.socket) -> None:
        output.settimeout(0.2)
        try:
            while (data := output.recv(1 << 16)) and len(self.output) <= OUTPUT_LIMIT:
                self.output += data
        except OSError:
            pass

    def _lost(self, kind: str, line: str) -> WorkerLost:
        self.close()
        return WorkerLost(kind, [line], facts={"limit": self.deadline_limit} if kind == "time" else {})

    def _ended(self) -> WorkerLost:
        how = self.close(gone=True)
        if how == "SIGXCPU":
            return WorkerLost("cpu", [_("time limit: your code used more processor time than it may")])
        if how == "SIGKILL":
            return WorkerLost("memory", [_("your code was ended by the system, most likely for its use of memory")])
        if how == "SIGSEGV" and self.job.policy == "server":  # there it is the first of its namespace: abort() sends it nothing, and then crashes it
            how = _("SIGSEGV or SIGABRT")
        detail = _("the process of your code ended: {how}").format(how=how) if how else _("the process of your code ended")
        hint = _("Do not exit in an answer; a crash inside a library often comes from wild indices or deep recursion.")
        return WorkerLost("crashed", [detail, hint])


class LocalCandidate(_Recorder):
    """An answer in this very process, over the same messages: for known mistakes (trusted) and for the learner's debugger."""

    def __init__(self, job: Job, session: Session) -> None:
        super().__init__(job)
        self.session = session
        self.generation = 1
        self._call_back: CallBack = _no_callback
        session.call_back_through(self._exchange)

    def request(self, message: wire.Request, packer: Packer | None, call_back: CallBack) -> tuple[wire.Value, bytearray]:
        outer, self._call_back = self._call_back, call_back
        try:
            reply, reply_packer = self.session.handle(message, _block(packer))
        finally:
            self._call_back = outer
        if isinstance(reply, wire.Raised):
            raise self.failure_of(reply)
        assert isinstance(reply, wire.Value)
        return reply, _block(reply_packer)

    def _exchange(self, wanted: wire.CallbackWanted, packer: Packer) -> tuple[wire.Request, bytearray]:
        try:
            node, back = self._call_back(wanted, _block(packer))
        except Exception as error:  # noqa: BLE001 - the given function refused its arguments: the answer sees an exception
            return wire.CallbackRaised(f"{type(error).__name__}: {error}"), bytearray()
        return wire.CallbackReturned(node), _block(back)

    def ready(self) -> None:
        """It is, once try_load has said so."""

    def try_load(self) -> bool:
        """Execute the source; whether that worked."""
        try:
            self.request(wire.Load(self.job.source, self.job.filename), None, _no_callback)
        except CheckFailure:
            return False
        return True

    def release(self, ids: list[int]) -> None:
        self.session.handle(wire.Released(ids), bytearray())


def _bytes_of(value: Any) -> int:
    """About how much memory a value holds."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return int(value.nbytes)
    if isinstance(value, (list, tuple)):
        return 64 + sum(map(_bytes_of, value))
    if isinstance(value, dict):
        return 64 + sum(_bytes_of(key) + _bytes_of(item) for key, item in value.items())
    return 64 + (len(value) if isinstance(value, (str, bytes)) else 0)


def _block(packer: Packer | None) -> bytearray:
    return bytearray().join(packer.buffers) if packer else bytearray()


def _no_callback(_wanted: wire.CallbackWanted, _block: bytearray) -> tuple[wire.Node, Packer]:
    raise wire.ProtocolError("a call that nobody offered")
