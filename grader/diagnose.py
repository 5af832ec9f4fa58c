"""Which known mistake behaves exactly like this answer? Failed checks are run again with each mistake, under the same seed, and compared."""

from __future__ import annotations

import time
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


def diagnose(job: Job, cases: list[Case], seed: int) -> dict[str, Diagnosis]:
    """For each failed check the mistake that fails it in the same way with the same results, if there is one.

    Where several do, those that agree with more of the other checks win. Mistakes run in this process: they are the bank's own, as the checks are.
    """
    failed = [case for case in cases if case.failure is not None]
    if not failed or job.solution is None or job.mistakes is None or not Path(job.mistakes).exists():
        return {}
    deadline = time.process_time() + SECONDS
    solution = Path(job.solution).read_text(encoding="utf-8")
    entries = sorted(known.load(job.mistakes), key=lambda mistake: mistake.caught_by.removeprefix("test_") != failed[0].check)  # likely ones first
    found: dict[str, list[tuple[int, known.Mistake]]] = {case.check: [] for case in failed}
    candidates: list[tuple[known.Mistake, LocalCandidate]] = []
    for mistake in entries:
        if mistake.symptom == "slow":
            for case in failed:
                if case.failure is not None and case.failure.failure.kind in SLOW_KINDS and mistake.caught_by.removeprefix("test_") == case.check:
                    found[case.check].append((1, mistake))
            continue
        if time.process_time() > deadline:
            break
        candidate = _load(job, known.apply(solution, mistake))
        if candidate is None:
            continue
        agreeing = [case for case in failed if time.process_time() < deadline and _behaves_like(case, candidate, seed)]
        for case in agreeing:
            found[case.check].append((len(agreeing), mistake))
        if agreeing:
            candidates.append((mistake, candidate))
    tied = {m.name for rows in found.values() if len(rows) > 1 for _count, m in rows}
    agreement = {m.name: _agreement(cases, c, seed, deadline) for m, c in candidates if m.name in tied}
    result: dict[str, Diagnosis] = {}
    for check, rows in found.items():
        if not rows:
            continue
        best = max((count, agreement.get(mistake.name, 0)) for count, mistake in rows)
        names = [mistake for count, mistake in rows if (count, agreement.get(mistake.name, 0)) == best]
        message = names[0].zh if job.lang == "zh" else names[0].en
        result[check] = Diagnosis(names[0].name, message, [mistake.name for mistake in names[1:]])
    return result


def _load(job: Job, source: str) -> LocalCandidate | None:
    candidate = LocalCandidate(msgspec.structs.replace(job, source=source), Session(_unset, device="cpu"))
    return candidate if candidate.try_load() else None


def _unset(*_message: object) -> Any:
    raise RuntimeError("a LocalCandidate serves its own callbacks")


def _behaves_like(case: Case, candidate: LocalCandidate, seed: int) -> bool:
    failure = case.run_again(candidate, seed)
    return failure is not None and case.failure is not None and _same_failure(failure, case.failure) and _same_trace(candidate.trace, case.trace)


def _agreement(cases: list[Case], candidate: LocalCandidate, seed: int, deadline: float) -> int:
    """In how many of the passed cases the mistake passes too."""
    count = 0
    for case in cases:
        if case.failure is None and time.process_time() < deadline:
            count += case.run_again(candidate, seed) is None
    return count


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
