"""A job in, a verdict out: pytest over the exercise's checks, hardened against everything that lies around."""

from __future__ import annotations

import os
import platform
import secrets
import signal
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn

import pytest
import torch
from msgspec.structs import replace

from grader import scan
from grader.candidate import RemoteCandidate
from grader.diagnose import diagnose
from grader.failure import CheckFailure
from grader.plugin import Judge, JudgeFault, Nobody
from grader.text import _, neutralise, use_language
from grader.verdict import CheckResult, Device, Diagnosis, Frame, Job, Verdict
from grader.workers import Workers, WorkerUnavailable

MAX_SOURCE = 200_000  # characters; the scans take seconds for a megabyte
COLLECTING_SECONDS = 60.0
SEEDS = 100_000  # five digits are enough to replay a run and short enough to type
EXAMPLE_CHECKS = Path(__file__).with_name("example_checks.py")
UNWANTED = (
    "cacheprovider", "unraisableexception", "threadexception", "faulthandler", "doctest", "pastebin", "junitxml", "legacypath", "setuponly",
    "setupplan", "stepwise", "logging", "unittest", "warnings", "terminal", "debugging", "tmpdir", "monkeypatch", "recwarn", "freeze_support",
    "capture", "subtests", "python_path", "pytester_assertions",
)  # fmt: skip


class JobError(Exception):
    """The job itself makes no sense: an unknown check, checks that cannot be collected. The message says what to do."""


def run(job: Job, workers: Workers) -> Verdict:
    """Judge one answer. Raises JobError for the job's fault, WorkerUnavailable when no worker can be had."""
    job = replace(job, device=device_of(job))
    workers.prepare(job)  # it gets ready while the checks are collected
    try:
        return run_next(job, lambda: (job, workers))
    finally:
        workers.forget()


def run_next(known: Job, next_job: Callable[[], tuple[Job, Workers]]) -> Verdict:
    """Collect the checks of a job, then judge the one that next_job returns: of the same exercise, in the same language, its device decided.

    Raises as run does.
    """
    use_language(known.lang)
    warnings.simplefilter("ignore")  # the reference's warnings are no business of the learner's
    attempts: list[_Attempt] = []

    def begin(judge: Judge) -> CheckFailure | None:
        _ring_after(0)
        attempt = _Attempt(*next_job())
        attempts.append(attempt)
        judge.take(attempt.job, attempt.candidate, attempt.seed)
        return attempt.load()

    _ring_after(COLLECTING_SECONDS)  # checks that cannot even be read must not keep whoever asked waiting for ever
    try:
        with quick_reference():
            judge = run_checks(known, Nobody(), 0, begin)
    finally:
        _ring_after(0)
        for attempt in attempts:
            attempt.end()
    return attempts[0].verdict(judge)


def _ring_after(seconds: float) -> None:
    """Raise TimeoutError then, in the main thread; 0: no more. Where there are no such signals, nothing happens."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, _rung)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _rung(*_signal: object) -> NoReturn:
    raise TimeoutError(_("not read within {n:g} s").format(n=COLLECTING_SECONDS))


class _Attempt:
    """An answer on its way through the checks."""

    def __init__(self, job: Job, workers: Workers) -> None:
        self.started = time.perf_counter()
        self.job = job
        self.seed = secrets.randbelow(SEEDS) if job.seed is None else job.seed
        self.candidate = RemoteCandidate(self.job, workers)
        self.workers = workers

    def load(self) -> CheckFailure | None:
        """Look at the source, and execute it in a worker. How that failed, or None."""
        self.workers.prepare(self.job)  # it gets ready while the source is read
        self.flags = [f"{finding.line}: {finding.rule}" for finding in scan.suspicious(self.job.source[:MAX_SOURCE])]
        return refusal(self.job) or load_answer(self.job, self.candidate)

    def end(self) -> None:
        """End the worker."""
        self.candidate.close()
        self.workers.forget()

    def verdict(self, judge: Judge) -> Verdict:
        """What the checks have shown, with the diagnosis."""
        job, seed, load, results = self.job, self.seed, judge.load, judge.results()
        if job.diagnose and load is None:
            with quick_reference():
                found = diagnose(job, judge.cases, seed)
            results = [_with(result, found) for result in results]
        return Verdict(
            slug=job.slug,
            passed=load is None and bool(results) and all(result.status == "passed" for result in results),
            complete=job.only is None and job.statement is None,
            seed=seed,
            replayed=job.seed is not None,
            device="cuda" if job.device == "cuda" else "cpu",
            checks=results,
            load=load.failure if load is not None else None,
            output=judge.loading_output,
            flags=self.flags,
            policy=job.policy,
            layers=self.candidate.layers,
            versions=versions(),
            seconds=round(time.perf_counter() - self.started, 6),
        )


def run_checks(job: Job, subject: Any, seed: int, load: Callable[[Judge], CheckFailure | None], *, only_collect: bool = False) -> Judge:
    """Run the exercise's check file against a subject; load is called once the checks are known. only_collect: the cases are made and not run.

    Raises JobError, JudgeFault, WorkerUnavailable.
    """
    judge = Judge(job, subject, seed, load, only_collect=only_collect)
    for name in [name for name in os.environ if name.startswith("PYTEST")]:
        del os.environ[name]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    checks = Path(job.checks) if job.statement is None else EXAMPLE_CHECKS
    if not checks.is_file():
        raise JobError(_("the checks of {slug} are missing: {path}. Is this a student edition?").format(slug=job.slug, path=checks))
    options = [option for name in UNWANTED for option in ("-p", f"no:{name}")]
    options += ["-c", os.devnull, f"--rootdir={checks.parent}", f"--confcutdir={checks.parent}"]
    options += ["--noconftest", "--assert=plain", "--import-mode=importlib"]
    status = pytest.main([*options, str(checks)], plugins=[judge])
    if judge.unknown:
        raise JobError(judge.unknown)
    if judge.fault:
        sys.stderr.write(judge.fault)
        raise JudgeFault(judge.fault.strip().rpartition("\n")[2])
    if judge.broken is not None:  # no fault of the answer's
        raise judge.broken
    if status not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED} or judge.errors:
        raise JobError(_("the checks of {slug} cannot be run: {why}").format(slug=job.slug, why="\n".join(judge.errors) or f"pytest: {status}"))
    return judge


def quick_reference() -> AbstractContextManager[None]:
    """Inside, oneDNN is off: it compiles a kernel for every new shape, which costs more than the reference itself."""
    return torch.backends.mkldnn.flags(enabled=False)


def refusal(job: Job) -> CheckFailure | None:
    """What a look at the source is enough to refuse it for."""
    if len(job.source) > MAX_SOURCE:
        line = _("an answer may have at most {limit} characters, not {size}").format(limit=MAX_SOURCE, size=len(job.source))
        return CheckFailure("protocol", [line])
    findings = scan.scan(job.source, job.forbid)
    if findings:
        frames = [Frame(finding.line, "", neutralise(finding.code)) for finding in findings]
        lines = [_("not allowed in this exercise: {what}").format(what=", ".join(dict.fromkeys(neutralise(finding.name) for finding in findings)))]
        return CheckFailure("forbidden", lines, what=findings[0].rule, frames=frames)
    return None


def load_answer(job: Job, candidate: RemoteCandidate) -> CheckFailure | None:
    """Execute the answer in a worker. How that failed, or None."""
    candidate.start_check(job.seconds, job.seconds)
    try:
        candidate.ready()
    except CheckFailure as failure:
        return failure
    return None


def device_of(job: Job) -> Device:
    """Where the worker computes. The question is put to the driver's management library: CUDA itself must not start here. Raises JobError."""
    if job.device == "cpu":
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    if job.device == "auto":
        return "cpu"
    raise JobError(_("there is no GPU that PyTorch can use here; try --device cpu, or see kit doctor"))


def _with(result: CheckResult, found: dict[str, Diagnosis]) -> CheckResult:
    return replace(result, diagnosis=found[result.name]) if result.name in found else result


def versions() -> dict[str, str]:
    """What the verdict depends on besides the answer."""
    try:
        kit = version("nn-practice-kit")
    except PackageNotFoundError:
        kit = "unknown"
    return {"kit": kit, "python": platform.python_version(), "torch": str(torch.__version__), "pytest": pytest.__version__, "platform": sys.platform}


__all__ = ["JobError", "WorkerUnavailable", "device_of", "load_answer", "quick_reference", "refusal", "run", "run_checks", "run_next", "versions"]
