"""Which known mistake behaves exactly like this answer? Failed checks are run again with each mistake, under the same seed, and compared."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor

from grader import mistakes as known
from grader.candidate import LocalCandidate
from grader.failure import CheckFailure
from grader.plugin import Case
from grader.proxy import Remote
from grader.verdict import Diagnosis, Job
from grader.worker.session import Session

SECONDS = 3.0  # of processor time: on a busy machine a diagnosis is later, not poorer
SLOW_KINDS = {"slow", "time", "cpu"}
# Two programs that make the same mistake differ by rounding only; another mistake differs by far more than this part of the largest entry.
SAME = {torch.float64: 1e-7, torch.complex128: 1e-7, torch.float32: 2e-4, torch.complex64: 2e-4}
SAME_COARSE = 2e-2  # float16, bfloat16


def diagnose(job: Job, cases: list[Case], seed: int, suspects: Suspects | None = None) -> dict[str, Diagnosis]:
    """For each failed check the mistake that fails it in the same way with the same results, if there is one.

    Where several do, those that agree with more of the other checks win. Mistakes run in this process: they are the bank's own, as the checks are.
    suspects: those of an earlier diagnosis of the same exercise under the same seed.
    """
    failed = [case for case in cases if case.failure is not None]
    suspects = suspects or suspects_of(job, seed)
    if not failed or suspects is None:
        return {}
    suspects.begin()
    found: dict[str, list[known.Mistake]] = {}
    for case in failed:
        likely = [mistake for mistake in suspects.mistakes if mistake.caught_by.removeprefix("test_") == case.check]
        named = [mistake for rows in found.values() for mistake in rows]  # an answer has one mistake more often than two
        found[case.check] = [mistake for mistake in _once([*named, *likely]) if suspects.behaves_like(mistake, case)]
        if case is failed[0] and not found[case.check]:  # seldom: a mistake is first noticed by the check that it names, whatever is drawn
            found[case.check] = [mistake for mistake in suspects.mistakes if suspects.behaves_like(mistake, case)]
    counts = Counter(mistake.name for rows in found.values() for mistake in rows)
    passed = [case for case in cases if case.failure is None]
    result: dict[str, Diagnosis] = {}
    for check, rows in found.items():
        most = [mistake for mistake in rows if counts[mistake.name] == max(counts[row.name] for row in rows)]
        best = suspects.most_agreeing(most, passed)
        if best:
            message = best[0].zh if job.lang == "zh" else best[0].en
            result[check] = Diagnosis(best[0].name, message, [mistake.name for mistake in best[1:]])
    return result


def suspects_of(job: Job, seed: int) -> Suspects | None:
    """The known mistakes of a job's exercise; None where there are none to compare with."""
    if job.solution is None or job.mistakes is None or not Path(job.mistakes).exists():
        return None
    return Suspects(job, known.load(job.mistakes), seed)


class Suspects:
    """The known mistakes of an exercise, run as answers, within a budget of processor time. What one did in a case is remembered."""

    def __init__(self, job: Job, mistakes: list[known.Mistake], seed: int) -> None:
        assert job.solution is not None
        self.mistakes = mistakes
        self._job = job
        self._seed = seed
        self._solution = Path(job.solution).read_text(encoding="utf-8")
        self._candidates: dict[str, LocalCandidate | None] = {}
        self._seen: dict[tuple[str, str], tuple[CheckFailure | None, list[Any]]] = {}
        self.begin()

    def begin(self) -> None:
        """A diagnosis begins, with the whole budget."""
        self._deadline = time.process_time() + SECONDS

    def behaves_like(self, mistake: known.Mistake, case: Case) -> bool:
        """Whether the mistake fails the case as the answer did."""
        failure = case.failure
        assert failure is not None
        if mistake.symptom == "slow":  # nothing to compare: its values are right
            return failure.failure.kind in SLOW_KINDS and mistake.caught_by.removeprefix("test_") == case.check
        seen = self._tried(mistake, case)
        if seen is None:
            return False
        own, trace = seen
        return own is not None and _same_failure(own, failure) and _same_trace(trace, case.trace)

    def most_agreeing(self, mistakes: list[known.Mistake], passed: list[Case]) -> list[known.Mistake]:
        """Those that pass the most of what the answer passed."""
        if len(mistakes) < 2:
            return mistakes
        counts = [sum(self._passes(mistake, case) for case in passed) for mistake in mistakes]
        return [mistake for mistake, count in zip(mistakes, counts, strict=True) if count == max(counts)]

    def _passes(self, mistake: known.Mistake, case: Case) -> bool:
        seen = self._tried(mistake, case)
        return seen is not None and seen[0] is None

    def _tried(self, mistake: known.Mistake, case: Case) -> tuple[CheckFailure | None, list[Any]] | None:
        """How the mistake fails the case, and what it returned; None when it cannot be loaded or the time is used up."""
        key = mistake.name, case.name
        if key not in self._seen:
            candidate = self._candidate(mistake)
            if candidate is None or time.process_time() > self._deadline:
                return None
            self._seen[key] = case.run_again(candidate, self._seed), candidate.trace
        return self._seen[key]

    def _candidate(self, mistake: known.Mistake) -> LocalCandidate | None:
        if mistake.name not in self._candidates:
            self._candidates[mistake.name] = _load(self._job, known.apply(self._solution, mistake))
        return self._candidates[mistake.name]


def _once(mistakes: list[known.Mistake]) -> list[known.Mistake]:
    return list({mistake.name: mistake for mistake in mistakes}.values())


def _load(job: Job, source: str) -> LocalCandidate | None:
    candidate = LocalCandidate(msgspec.structs.replace(job, source=source), Session(_unset, device="cpu"))
    return candidate if candidate.try_load() else None


def _unset(*_message: object) -> Any:
    raise RuntimeError("a LocalCandidate serves its own callbacks")


def _same_failure(a: CheckFailure, b: CheckFailure) -> bool:
    return (
        a.failure.kind == b.failure.kind
        and a.failure.what == b.failure.what
        and a.failure.facts.get("exception") == b.failure.facts.get("exception")
        and a.failure.facts.get("message") == b.failure.facts.get("message")
    )


def _same_trace(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) and all(same_behaviour(x, y) for x, y in zip(a, b, strict=True))


def same_behaviour(a: Any, b: Any) -> bool:
    """Equal up to rounding, for any value that an answer can return."""
    if type(a) is Remote or type(b) is Remote:
        return type(a) is type(b)
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and same_behaviour(torch.from_numpy(a.copy()), torch.from_numpy(b.copy()))
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.shape == b.shape and a.dtype == b.dtype and _same_tensor(a.detach(), b.detach())
    if isinstance(a, (float, np.floating)) and isinstance(b, (float, np.floating)):
        return _same_tensor(torch.tensor(float(a), dtype=torch.float64), torch.tensor(float(b), dtype=torch.float64), 1e-6)
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same_behaviour(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_behaviour(a[key], b[key]) for key in a)
    return bool(a == b)


def _same_tensor(a: Tensor, b: Tensor, tolerance: float | None = None) -> bool:
    if a.numel() == 0:
        return True
    if not (a.is_floating_point() or a.is_complex()):
        return torch.equal(a, b)
    if not torch.equal(a.isnan(), b.isnan()) or not torch.equal(a.isinf(), b.isinf()):
        return False
    finite = a.isfinite() & b.isfinite()
    if not bool(finite.any()):
        return True
    wide = torch.complex128 if a.is_complex() else torch.float64
    x, y = a[finite].to(wide), b[finite].to(wide)
    allowed = SAME.get(a.dtype, SAME_COARSE) if tolerance is None else tolerance
    return bool((x - y).abs().max() <= allowed * max(float(x.abs().max()), float(y.abs().max())) + 1e-12)
