"""How the kit asks the judge: through the warm server, started when needed, or in a process of its own. Imports no torch."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import msgspec

from grader.interpreter import can_fork, clean_environment, isolated_python
from grader.server import MAX_REPLY, STOP, Reply, receive_bytes, send_bytes
from grader.text import _
from grader.verdict import Job, Layer, Policy, Speed, Verdict, encode

__all__ = [
    "JobRefused", "JudgeError", "Pending", "judge", "judge_each", "judge_here", "measure", "sandbox_layers", "server_path", "stop_server", "submit",
]  # fmt: skip

START_SECONDS = 60.0
PRIVATE = 0o700


class JudgeError(Exception):
    """The judge itself failed; says nothing about the answer."""


class JobRefused(Exception):
    """The job cannot be run as asked: no such check, no GPU, no checks. The message says what to do."""


class Pending(Protocol):
    """A job on its way."""

    def result(self) -> Verdict:
        """Wait for the verdict. Raises JobRefused, JudgeError."""
        ...

    def speed(self) -> Speed:
        """Wait for the measurement, where one was asked for. Raises JobRefused, JudgeError."""
        ...

    def cancel(self) -> None:
        """Give up, from any thread: the judge ends, and result() raises JudgeError, unless the verdict is there already."""
        ...


def judge(job: Job, *, server: bool = True) -> Verdict:
    """Submit and wait. Raises JobRefused, JudgeError."""
    return submit(job, server=server).result()


def submit(job: Job, *, server: bool = True) -> Pending:
    """Send a job off: to the warm server (server=False or KIT_SERVER=0: to a process of its own). Raises JudgeError."""
    return _send(job, server=server)


def measure(job: Job, *, server: bool = True) -> Speed:
    """How fast the answer is; job.speed names the exercise's speed file. Takes seconds. Raises JobRefused, JudgeError."""
    return _send(job, server=server).speed()


def judge_each(jobs: Sequence[Job], *, server: bool = True) -> list[Verdict]:
    """Judge jobs that differ in nothing but their source, each up to its first failure: in a fraction of the time. Raises JobRefused, JudgeError."""
    together = msgspec.structs.replace(jobs[0], source="", sources=tuple(job.source for job in jobs), stop_at_first_failure=True)
    reply = _send(together, server=server).reply()
    if reply.verdicts is None or len(reply.verdicts) != len(jobs):
        raise JudgeError(_("the judge did not answer what it was asked"))
    return reply.verdicts


def _send(job: Job, *, server: bool) -> _Warm | _Cold:
    if server and can_fork() and os.environ.get("KIT_SERVER") != "0":
        try:
            return _Warm(job, _connect(job.policy))
        except OSError:
            pass  # no place for a socket, no server: a cold judge needs neither
    return _Cold(job)


def judge_here(job: Job) -> Verdict:
    """In this process, unsandboxed, with a debugger where the answer goes wrong; job.filename is the file's path. Imports torch.

    Raises JobRefused.
    """
    from grader.debug import debug  # noqa: PLC0415 - torch
    from grader.runner import JobError  # noqa: PLC0415 - torch

    try:
        return debug(job)
    except JobError as error:
        raise JobRefused(str(error)) from None


def sandbox_layers(policy: Policy = "local") -> list[Layer]:
    """What the sandbox can do on this machine. Raises JudgeError."""
    done = subprocess.run(isolated_python("layers", policy), env=clean_environment(), capture_output=True, timeout=START_SECONDS, check=False)
    if done.returncode:
        raise JudgeError(_last_line(done.stderr))
    return msgspec.json.decode(done.stdout, type=list[Layer])


def stop_server(policy: Policy = "local") -> bool:
    """Ask the warm server to end; whether there was one."""
    try:
        with _open(server_path(policy)) as connection:
            send_bytes(connection, STOP)
            connection.settimeout(START_SECONDS)
            with contextlib.suppress(OSError):
                connection.recv(1)
        return True
    except OSError:
        return False


def server_path(policy: Policy = "local") -> Path:
    """The socket of the server that fits this user, this interpreter and this version of the judge. Raises JudgeError, OSError."""
    here = Path(__file__).parent
    parts = [sys.executable, policy]
    torch = find_spec("torch")
    files = [*sorted(here.glob("*.py")), *sorted((here / "worker").glob("*.py")), *here.glob("locale/*/*/*.mo")]
    if torch is not None and torch.origin:
        files.append(Path(torch.origin).with_name("version.py"))
    for path in files:
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            parts.append(f"{path}:{status.st_mtime_ns}:{status.st_size}")
    name = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return _private_folder() / f"{name}.sock"


def _private_folder() -> Path:
    """A folder that only this user can enter."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(base) / "kit" if base and Path(base).is_dir() else Path(tempfile.gettempdir()) / f"kit-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=PRIVATE)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077:
        raise JudgeError(
            _("{folder} must be a folder that only you can enter: remove it, or set XDG_RUNTIME_DIR to a folder of yours").format(folder=folder)
        )
    return folder


def _open(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


def _connect(policy: Policy) -> socket.socket:
    """A connection to the server, which is started if there is none."""
    path = server_path(policy)
    with contextlib.suppress(OSError):
        return _open(path)
    with _lock(path.with_suffix(".lock")):
        with contextlib.suppress(OSError):
            return _open(path)  # another terminal was faster
        _start(path, policy)
        return _open(path)


def _start(path: Path, policy: Policy) -> None:
    """Start a server that outlives us; returns when it listens. Raises OSError."""
    server = subprocess.Popen(
        isolated_python("serve", str(path), policy),
        env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True, cwd="/",
    )  # fmt: skip
    assert server.stdout is not None
    with server.stdout as said:
        if said.readline() != b"listening\n":
            server.kill()
            server.wait()
            raise OSError("the fork server did not start")
    server.returncode = 0  # it is not ours to wait for


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    import fcntl  # noqa: PLC0415 - not on Windows, where this is never reached

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class _Warm:
    def __init__(self, job: Job, connection: socket.socket, *, again: bool = True) -> None:
        self._job = job
        self._connection = connection
        self._again = again
        self._cancelled = False
        self._second: _Warm | _Cold | None = None
        with contextlib.suppress(OSError):  # found out when the reply is read
            send_bytes(connection, encode(job))

    def result(self) -> Verdict:
        return _verdict_of(self.reply())

    def speed(self) -> Speed:
        return _speed_of(self.reply())

    def reply(self) -> Reply:
        try:
            with self._connection:
                data = receive_bytes(self._connection, MAX_REPLY)
        except OSError:  # the server died with our job
            return self._another().reply()
        return _read(data)

    def cancel(self) -> None:
        self._cancelled = True
        if self._second is not None:
            self._second.cancel()
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def _another(self) -> _Warm | _Cold:
        """A second judge for the job. Raises JudgeError when nobody wants its verdict any more."""
        second = None
        if not self._cancelled and self._again:
            with contextlib.suppress(OSError):
                second = _Warm(self._job, _connect(self._job.policy), again=False)
        if self._cancelled and second is None:
            raise JudgeError(_("the judge was told to give up"))
        self._second = second or _Cold(self._job)
        if self._cancelled:
            self._second.cancel()
        return self._second


class _Cold:
    def __init__(self, job: Job) -> None:
        self._process = subprocess.Popen(
            isolated_python("once", job.policy),
            env=clean_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/",
        )  # fmt: skip
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._process.stdin as jobs:
            jobs.write(encode(job))
        self._process.stdin = None  # closed: communicate() must not touch it

    def result(self) -> Verdict:
        return _verdict_of(self.reply())

    def speed(self) -> Speed:
        return _speed_of(self.reply())

    def reply(self) -> Reply:
        try:
            data, errors = self._process.communicate()
        except BaseException:
            self._process.kill()
            raise
        if self._process.returncode or not data:
            raise JudgeError(_("the judge ended without a verdict: {why}").format(why=_last_line(errors) or f"status {self._process.returncode}"))
        return _read(data)

    def cancel(self) -> None:
        self._process.kill()


def _verdict_of(reply: Reply) -> Verdict:
    if reply.verdict is None:
        raise JudgeError(_("the judge measured where it should have judged"))
    return reply.verdict


def _speed_of(reply: Reply) -> Speed:
    if reply.speed is None:
        raise JudgeError(_("the judge judged where it should have measured"))
    return reply.speed


def _read(data: bytes) -> Reply:
    """The judge's reply. Raises JobRefused, JudgeError."""
    try:
        reply = msgspec.json.decode(data, type=Reply)
    except msgspec.MsgspecError as error:
        raise JudgeError(_("the judge's reply cannot be read: {why}").format(why=error)) from None
    if reply.refused:
        raise JobRefused(reply.refused)
    if reply.verdict is None and reply.verdicts is None and reply.speed is None:
        raise JudgeError(reply.failed)
    return reply


def _last_line(errors: bytes) -> str:
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""
