"""Several answers to one exercise under one seed: the checks are collected once, and what the known mistakes do is worked out once."""

from __future__ import annotations

import secrets
import time
import warnings
from collections.abc import Sequence

from msgspec.structs import replace

from grader import scan
from grader.candidate import RemoteCandidate
from grader.diagnose import Suspects, diagnose, suspects_of
from grader.failure import CheckFailure
from grader.plugin import Case, Nobody
from grader.runner import SEEDS, device_of, load_answer, quick_reference, refusal, run_checks, versions
from grader.text import _, use_language
from grader.verdict import CheckResult, Job, Verdict
from grader.workers import Workers

__all__ = ["judge_each"]


def judge_each(job: Job, workers: Workers) -> list[Verdict]:
    """A verdict on each of job.sources, up to its first failure. Raises JobError, JudgeFault, WorkerUnavailable."""
    use_language(job.lang)
    warnings.simplefilter("ignore")
    job = replace(job, device=device_of(job), seed=secrets.randbelow(SEEDS) if job.seed is None else job.seed)
    seed = job.seed or 0
    collected = run_checks(job, Nobody(), seed, lambda _judge: None, only_collect=True)
    suspects = suspects_of(job, seed) if job.diagnose else None
    return [_judge(replace(job, source=source, sources=()), collected.cases, collected.results(), suspects, workers) for source in job.sources]


def _judge(job: Job, cases: Sequence[Case], blank: Sequence[CheckResult], suspects: Suspects | None, workers: Workers) -> Verdict:
    started = time.perf_counter()
    candidate = RemoteCandidate(job, workers)
    try:
        with quick_reference():
            load = refusal(job) or load_answer(job, candidate)
            tried = [] if load is not None else _tried(job, cases, candidate)
    finally:
        candidate.close()
        workers.forget()
    results = _results(tried, blank, complete=len(tried) == len(cases), loaded=load is None)
    if suspects is not None and load is None:
        with quick_reference():
            found = diagnose(job, tried, job.seed or 0, suspects)
        results = [replace(result, diagnosis=found.get(result.name)) for result in results]
    return Verdict(
        slug=job.slug,
        passed=load is None and bool(results) and all(result.status == "passed" for result in results),
        complete=job.only is None,
        seed=job.seed or 0,
        replayed=True,
        device="cuda" if job.device == "cuda" else "cpu",
        checks=results,
        load=load.failure if load is not None else None,
        flags=[f"{finding.line}: {finding.rule}" for finding in scan.suspicious(job.source)],
        policy=job.policy,
        layers=candidate.layers,
        versions=versions(),
        seconds=round(time.perf_counter() - started, 6),
    )


def _tried(job: Job, cases: Sequence[Case], candidate: RemoteCandidate) -> list[Case]:
    """The cases up to the first that fails, or as many as there was time for."""
    tried: list[Case] = []
    deadline = time.monotonic() + candidate.seconds_left()
    limit = min(job.check_seconds or job.seconds, job.seconds)
    for case in cases:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        candidate.start_check(min(left, limit), limit)
        began = time.perf_counter()
        try:
            failure = case.run_again(candidate, job.seed or 0, job.device)
        except CheckFailure as error:
            failure = error
        tried.append(Case(case.check, case.name, case.function, case.arguments, failure, candidate.trace, time.perf_counter() - began))
        if failure is not None:
            break
    return tried


def _results(tried: Sequence[Case], blank: Sequence[CheckResult], *, complete: bool, loaded: bool) -> list[CheckResult]:
    """One result for each check, in the order of the file."""
    rows: list[CheckResult] = []
    for check in blank:
        own = [case for case in tried if case.check == check.name]
        seconds = round(sum(case.seconds for case in own), 6)
        failed = next((case for case in own if case.failure is not None), None)
        if failed is not None and failed.failure is not None:
            case = failed.name[failed.name.index("[") + 1 : -1] if "[" in failed.name else None
            rows.append(replace(check, status="failed", failure=failed.failure.failure, case=case, cases=len(own), seconds=seconds))
        elif len(own) == check.cases:
            rows.append(replace(check, status="passed", because=None, seconds=seconds))
        else:
            because = _("the file could not be loaded") if not loaded else _("an earlier check failed")
            if loaded and not complete and tried and tried[-1].failure is None:
                because = _("the time for all checks together is used up")
            rows.append(replace(check, status="skipped", because=because, cases=len(own), seconds=seconds))
    return rows
