"""Judging on this machine: as many answers at once as there are cores, each by the warm server."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeAlias, TypeVar

from msgspec.structs import replace

from grader import client
from grader.text import _
from grader.verdict import Failure, Job, Policy, Speed, Verdict
from kit.classroom.executor import Infrastructure, WorkerState, patience
from kit.errors import KitError

__all__ = ["LocalExecutor", "cores", "has_gpu", "open_local", "refuse_incomplete"]

T = TypeVar("T")
Submit: TypeAlias = Callable[[Job], client.Pending]

KILLED = frozenset({"memory"})  # the system ended the answer's process: because of the answer, or of a machine that ran out of memory
BY_THE_CLOCK = frozenset({"time", "slow"})
GPU_QUESTION = "import torch, sys; sys.exit(0 if torch.cuda.is_available() else 1)"
GPU_SECONDS = 60.0


def open_local(sandbox: Policy, *, jobs: int | None = None) -> LocalExecutor:
    """An executor of this machine, its server warm or about to be. Raises KitError when the sandbox "server" is not complete here."""
    refuse_incomplete(sandbox)
    executor = LocalExecutor(sandbox, jobs=jobs, gpu=has_gpu())
    threading.Thread(target=executor.warm, name="kit-warm", daemon=True).start()
    return executor


class LocalExecutor:
    """The judge of this machine, for many at once. A GPU, if there is one, judges one answer at a time."""

    def __init__(self, sandbox: Policy, *, jobs: int | None = None, gpu: bool = False, submit: Submit = client.submit) -> None:
        """jobs: how many at once; None: as many as cores."""
        self._sandbox: Policy = sandbox
        self._room = {"cpu": jobs or cores()} | ({"cuda": 1} if gpu else {})
        self._submit = submit
        self._places = {device: threading.BoundedSemaphore(room) for device, room in self._room.items()}
        self._lock = threading.Lock()
        self._busy = dict.fromkeys(self._room, 0)
        self._pending: set[client.Pending] = set()
        self._closed = False

    @property
    def capacity(self) -> int:
        """How many at once."""
        return sum(self._room.values())

    @property
    def devices(self) -> frozenset[str]:
        """Which kinds of device there are."""
        return frozenset(self._room)

    def describe(self) -> list[WorkerState]:
        """The cores, and the GPU."""
        name = platform.node()
        with self._lock:
            return [WorkerState(f"{name} ({device})", room, self._busy[device], frozenset({device})) for device, room in self._room.items()]

    def grade(self, job: Job) -> Verdict:
        """Judge, and wait for it. A verdict that the machine may have spoilt is not believed at once. Raises Infrastructure."""
        with self._placed(job):
            verdict, judged = self._judged(job), 1
            while judged <= _doubts(verdict) and not self._is_late_again(job, verdict):
                verdict, judged = self._judged(job), judged + 1
            return verdict

    def measure(self, job: Job) -> Speed:
        """Time a passing answer, and wait for it. Raises Infrastructure."""
        with self._placed(job):
            return self._in_time(job, lambda pending: pending.speed())

    def warm(self) -> None:
        """Have the server started before the first answer arrives."""
        with contextlib.suppress(client.JobRefused, client.JudgeError, OSError):  # no checks; what else is wrong, the first answer shows
            self._submit(Job(slug="warm", source="", filename="warm.py", checks=os.devnull, policy=self._sandbox)).result()

    def close(self) -> None:
        """Give up what is being judged, and end the server where it is the classroom's own."""
        with self._lock:
            self._closed = True
            pending = list(self._pending)
        for each in pending:
            each.cancel()
        if self._sandbox == "server":
            client.stop_server(self._sandbox)

    @contextlib.contextmanager
    def _placed(self, job: Job) -> Generator[None]:
        """A place on the job's device, once there is one. Raises Infrastructure where there is no such device."""
        device = "cuda" if job.device == "cuda" else "cpu"
        if device not in self._places:
            raise Infrastructure(_("there is no GPU here"))
        with self._places[device]:
            with self._lock:
                self._busy[device] += 1
            try:
                yield
            finally:
                with self._lock:
                    self._busy[device] -= 1

    def _is_late_again(self, job: Job, verdict: Verdict) -> bool:
        """Whether a check that ran out of time does so once more, on the same inputs: then the rest need not be judged twice."""
        if _killed(verdict):
            return False
        late = next((check.name for check in verdict.checks if check.failure is not None and check.failure.kind in BY_THE_CLOCK), None)
        if late is None:
            return False
        again = self._judged(replace(job, only=late, seed=verdict.seed, diagnose=False))
        return any(check.failure is not None and check.failure.kind in BY_THE_CLOCK for check in again.checks)

    def _judged(self, job: Job) -> Verdict:
        """One verdict, or Infrastructure."""
        verdict = self._in_time(job, lambda pending: pending.result())
        if verdict.error is not None:
            raise Infrastructure(verdict.error)
        return verdict

    def _in_time(self, job: Job, wait: Callable[[client.Pending], T]) -> T:
        """Submit and wait; a judge that is caught in an endless check is ended. Raises Infrastructure."""
        late = threading.Event()
        try:
            pending = self._submit(job)
            with self._known(pending), _alarm(patience(job), late, pending):
                return wait(pending)
        except (client.JobRefused, client.JudgeError, OSError, subprocess.SubprocessError) as error:
            if late.is_set():
                raise Infrastructure(_("the judge gave no verdict within {n} s").format(n=round(patience(job)))) from error
            raise Infrastructure(str(error) or type(error).__name__) from error

    @contextlib.contextmanager
    def _known(self, pending: client.Pending) -> Generator[None]:
        """Known to close() while it is waited for."""
        with self._lock:
            closed = self._closed
            self._pending.add(pending)
        try:
            if closed:
                pending.cancel()
            yield
        finally:
            with self._lock:
                self._pending.discard(pending)


@contextlib.contextmanager
def _alarm(seconds: float, late: threading.Event, pending: client.Pending) -> Generator[None]:
    """Give up after so many seconds, and say so."""

    def ring() -> None:
        late.set()
        pending.cancel()

    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def cores() -> int:
    """How many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def has_gpu() -> bool:
    """Whether PyTorch can use a GPU; asked in another process, and only where NVIDIA's driver is in sight."""
    if not Path("/dev/nvidiactl").exists() and shutil.which("nvidia-smi") is None:
        return False
    try:
        return subprocess.run([sys.executable, "-c", GPU_QUESTION], capture_output=True, timeout=GPU_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def refuse_incomplete(sandbox: Policy) -> None:
    """Raise KitError when the policy is "server" and this machine lacks a layer of it."""
    if sandbox != "server":
        return
    try:
        layers = client.sandbox_layers(sandbox)
    except (client.JudgeError, OSError, subprocess.SubprocessError) as error:
        raise KitError(_("the judge cannot be started: {reason}").format(reason=error), remedy=_("Install the kit again.")) from error
    missing = [layer for layer in layers if not layer.on]
    if missing:
        reasons = "; ".join(f"{layer.name}: {layer.why}" for layer in missing)
        remedy = _("Mend that; or trust the students of this class more, and add --sandbox local.")
        raise KitError(_("the server's sandbox is not complete here ({reasons})").format(reasons=reasons), remedy=remedy)


def _doubts(verdict: Verdict) -> int:
    """How often a verdict must be confirmed before it is believed: an answer may have been ended, or slowed down, by what else ran on the machine."""
    if _killed(verdict):
        return 2
    return 1 if any(failure.kind in BY_THE_CLOCK for failure in _failures(verdict)) else 0


def _killed(verdict: Verdict) -> bool:
    """Whether the system ended the answer's process."""
    return any(failure.kind in KILLED and not failure.frames for failure in _failures(verdict))


def _failures(verdict: Verdict) -> list[Failure]:
    failures = [check.failure for check in verdict.checks if check.failure is not None]
    return failures if verdict.load is None else [*failures, verdict.load]
