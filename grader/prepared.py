"""Judges that are half way there: a process that has collected an exercise's checks, and forks for each answer to it.

In a rush nearly all answers are to the same exercise, and a learner asks again and again about one. A fork of such a process goes on where the
collection ended; nothing that an answer does can reach the process itself.
"""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import sys
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from grader.verdict import Job, decode_job, encode

__all__ = ["Shelf", "next_job", "receive", "state_of"]

KEPT = 4  # exercises; each costs some 20 MB
Place: TypeAlias = tuple[str, str]
State: TypeAlias = tuple[int, int, int, int, bool]


def state_of(job: Job) -> State | None:
    """Jobs with the same checks in the same state can be judged by forks of the same process; None for a job that needs a process of its own."""
    if job.only is not None or job.statement is not None or job.speed is not None or job.sources or job.device != "cpu":
        return None
    try:
        status = Path(job.checks).stat()
    except OSError:
        return None
    compiler = "torch._dynamo" in sys.modules  # imported here once an answer is likely to need it: the processes prepared before that lack it
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size, compiler


class Shelf:
    """The processes that a server has prepared: those of the exercises that were asked for last."""

    def __init__(self, prepare: Callable[[Job, socket.socket], None]) -> None:
        """prepare: fork a process that collects the checks of a job and calls next_job(socket)."""
        self._prepare = prepare
        self._lines: OrderedDict[Place, tuple[State, socket.socket]] = OrderedDict()

    def judge(self, job: Job, connection: socket.socket) -> bool:
        """Have a job judged for whoever is at the other end of connection; False: that is for another process to do."""
        place, state = (job.checks, job.lang), state_of(job)
        if state is None:
            return False
        known, line = self._lines.get(place, (None, None))
        if line is not None and known == state and _send(line, job, connection):
            self._lines.move_to_end(place)
            return True
        self._forget(place)
        while len(self._lines) >= KEPT:
            self._forget(next(iter(self._lines)))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lines[place] = state, ours  # before the fork: it hangs up what it finds here
        with theirs:
            self._prepare(job, theirs)
        return _send(ours, job, connection)

    def clear(self) -> None:
        """Hang up on all of them: they end when their judges have."""
        for place in list(self._lines):
            self._forget(place)

    def _forget(self, place: Place) -> None:
        if place in self._lines:
            self._lines.pop(place)[1].close()


def next_job(line: socket.socket) -> tuple[Job, socket.socket]:
    """Wait for jobs; returns with each, and with the connection that its reply goes to, in a fork of this process. Ends when the line is hung up."""
    gc.collect()
    gc.freeze()
    while True:
        parcel = receive(line)
        if parcel is None:
            _wait_for_children()
            os._exit(0)
        if os.fork() == 0:
            line.close()
            return parcel
        parcel[1].close()
        _reap()


def receive(line: socket.socket) -> tuple[Job, socket.socket] | None:
    """A job and the connection that its reply goes to; None when the line was hung up."""
    try:
        message, fds, _flags, _address = socket.recv_fds(line, 1, 2)
    except OSError:
        return None
    if not message:
        return None
    paper, connection = fds
    with os.fdopen(paper, "rb") as file:
        file.seek(0)
        return decode_job(file.read()), socket.socket(fileno=connection)


def _send(line: socket.socket, job: Job, connection: socket.socket) -> bool:
    """Whether somebody is at the other end to take the job. It is passed in a file: a message of this kind must be short."""
    with os.fdopen(os.memfd_create("job"), "wb") as paper:
        paper.write(encode(job))
        paper.flush()
        try:
            socket.send_fds(line, [b"j"], [paper.fileno(), connection.fileno()])
        except OSError:
            return False
    return True


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _wait_for_children() -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
