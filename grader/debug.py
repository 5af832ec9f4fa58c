"""The learner's debugger: the answer in this process, unsandboxed, stopped where it goes wrong. Nothing here counts as a verdict."""

from __future__ import annotations

import bdb
import contextlib
import pdb
import secrets
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

from msgspec.structs import replace

from grader import protocol as wire
from grader.candidate import LocalCandidate
from grader.failure import AnswerRaised, CheckFailure
from grader.packing import Packer
from grader.plugin import Case
from grader.runner import SEEDS, run_checks, versions
from grader.text import _, use_language
from grader.verdict import Job, Verdict
from grader.worker.session import Session

__all__ = ["debug"]


class _Stepping:
    """Counts the calls of the answer; the one numbered stop_at is run under the debugger, from its first line."""

    def __init__(self, debugger: Callable[[], pdb.Pdb]) -> None:
        self.count = 0
        self.stop_at: int | None = None
        self._debugger = debugger

    def __call__(self, function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
        self.count += 1
        if self.count == self.stop_at:
            return self._debugger().runcall(function, *args, **kwargs)
        return function(*args, **kwargs)


class _Debuggee(LocalCandidate):
    """The learner's answer, as a run of pytest needs it."""

    def __init__(self, job: Job, stepping: _Stepping) -> None:
        self.error: BaseException | None = None
        session = Session(_unused, device=job.device, on_error=self._remember)
        session.call_through(stepping)
        super().__init__(job, session)
        self._stepping = stepping

    def _remember(self, error: BaseException) -> None:
        self.error = error

    def ready(self) -> None:
        """Loaded before the checks begin."""

    def start_check(self, seconds: float, limit: float) -> None:  # noqa: ARG002 - the limits of a run that has none
        """No limits: one who debugs takes their time."""
        self.start_trace()
        self._stepping.count = 0

    def seconds_left(self) -> float:
        """As much as there was."""
        return self.job.seconds

    def printed(self) -> str:
        """Nothing is captured: it went to the terminal."""
        return ""

    def load(self) -> CheckFailure | None:
        """Execute the source; how that failed."""
        try:
            self.request(wire.Load(self.job.source, self.job.filename), None, _no_callback)
        except CheckFailure as failure:
            return failure
        return None


def debug(job: Job, debugger: Callable[[], pdb.Pdb] = pdb.Pdb) -> Verdict:
    """Run the checks until one fails, and stop there: at the line that raised, or in the function whose result was wrong.

    Raises JobError as the judge does.
    """
    use_language(job.lang)
    job = replace(job, seed=secrets.randbelow(SEEDS) if job.seed is None else job.seed, stop_at_first_failure=True, device="cpu", seconds=1e9)
    assert job.seed is not None
    stepping = _Stepping(debugger)
    candidate = _Debuggee(job, stepping)
    judge = run_checks(job, candidate, job.seed, lambda _judge: candidate.load())
    load = judge.load
    failed = next((case for case in judge.cases if case.failure is not None), None)
    if load is not None or (failed is not None and isinstance(failed.failure, AnswerRaised)):
        _post_mortem(candidate.error, job.filename, debugger)
    elif failed is not None:
        _step_into(failed, candidate, stepping, job.seed)
    results = judge.results()
    return Verdict(
        slug=job.slug, passed=False, complete=False, seed=job.seed, replayed=True, device="cpu", checks=results,
        load=load.failure if load is not None else None, versions=versions(),
    )  # fmt: skip


def _post_mortem(error: BaseException | None, filename: str, debugger: Callable[[], pdb.Pdb]) -> None:
    """The debugger at the innermost line of the learner's file."""
    trace: TracebackType | None = error.__traceback__ if error is not None else None
    theirs = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == filename:
            theirs = trace
        trace = trace.tb_next
    if theirs is None:
        return
    _say(_("{error}: the debugger is at the line that raised it (q leaves)").format(error=repr(error)))
    stopped = debugger()
    stopped.reset()
    only = TracebackType(None, theirs.tb_frame, theirs.tb_lasti, theirs.tb_lineno)  # not the library frames below the learner's
    stopped.interaction(None, only)


def _step_into(case: Case, candidate: _Debuggee, stepping: _Stepping, seed: int) -> None:
    """Run the failed case again, the debugger at the first line of the call whose result was wrong: the last one."""
    stepping.stop_at, stepping.count = stepping.count, 0
    if stepping.stop_at == 0:
        return
    _say(_("{check} failed: the debugger is at the beginning of the call in question (n: next line, q: leave)").format(check=case.check))
    with contextlib.suppress(bdb.BdbQuit):
        case.run_again(candidate, seed)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _unused(*_message: object) -> Any:
    raise RuntimeError("a LocalCandidate serves its own callbacks")


def _no_callback(_wanted: wire.CallbackWanted, _block: bytearray) -> tuple[wire.Node, Packer]:
    raise wire.ProtocolError("a call that nobody offered")
