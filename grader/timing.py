"""How fast an answer is, beside the reference and in the same minute, by the judge's clock.

What is timed is one call over the wire: the clock starts before the inputs leave the judge and stops when the whole output has come back. Nothing of
it can be done beforehand or put off, because the worker has neither the inputs before nor the time after; inputs are fresh in every call, and
no input tells anything of the next one. Outputs are compared with the reference's.

The reference is no part of this process: it runs in a worker of its own, with the same core, threads, libraries and wire as the answer (the
reference of the checks runs without oneDNN, which would make it an easy rival). What the wire costs is measured there too, by a call that only
takes the same inputs and gives back an output of the same size: an answer could make such a call slow to have more subtracted. It is subtracted
from both.

A sample is the fastest of a few such calls. It has a worker that was just forked, and no other of ours computes meanwhile: an answer cannot keep
the machine busy while the reference runs. Only operations that the exercise forbids are watched for in the answer and not in the reference, which
costs microseconds for each: therefore samples are long.
"""

from __future__ import annotations

import importlib.util
import math
import os
import platform
import secrets
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from grader.candidate import RemoteCandidate
from grader.compare import assert_same
from grader.draw import Draw
from grader.failure import CheckFailure
from grader.proxy import Answer, Line, WorkerHandle, call
from grader.runner import JobError, device_of, refusal, versions
from grader.text import _, use_language
from grader.verdict import Job, Speed
from grader.workers import Workers

__all__ = ["PAIRS", "SAMPLE_SECONDS", "Contest", "contest", "measure"]

PAIRS = 7  # the median of fewer follows every hiccup of the machine
FEWEST = 3
CALLS = 3  # in a sample
SAMPLE_SECONDS = 0.010  # of the reference, without the wire
LARGEST_SCALE = 64
SECONDS = 30.0  # for all pairs; slow answers get fewer
TRIES = 5  # of one scale; the fastest counts

# Stands under the speed file in the reference's worker. echo takes inputs and gives an output without computing anything.
RIVAL = """

def timed_reference(*inputs):
    global last
    last = reference(*inputs)
    return last


def echo(*inputs):
    return last
"""


@dataclass(frozen=True)
class Contest:
    """A speed file: speed_<name>.py beside an exercise's checks.

    call names the answer's function. inputs(draw, scale) gives its arguments, for scale 1, 2, 3, …: the work grows at least in proportion.
    reference takes the same. bound: the smallest ratio of times that the hardware allows. tolerance: relative and absolute, for compare.
    devices: where a sample can be long enough for what the inputs weigh.
    """

    source: str
    call: str
    inputs: Callable[[Draw, int], tuple[Any, ...]]
    reference: Callable[..., Any]
    bound: float
    tolerance: tuple[float | None, float | None]
    devices: tuple[str, ...]


@dataclass(frozen=True)
class _Pair:
    """Seconds of one pair of samples, and of the wire alone."""

    answer: float
    reference: float
    wire: float

    @property
    def ratio(self) -> float:
        return max(self.answer - self.wire, 0.0) / (self.reference - self.wire)


def contest(path: Path) -> Contest:
    """Read a speed file of the bank. Raises JobError when it is missing or incomplete."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    try:
        source = path.read_text(encoding="utf-8")
        assert spec is not None
        assert spec.loader is not None
        module: Any = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        tolerance, devices = getattr(module, "tolerance", (None, None)), tuple(getattr(module, "devices", ("cpu",)))
        return Contest(source, module.call, module.inputs, module.reference, float(module.bound), tolerance, devices)
    except Exception as error:  # noqa: BLE001 - a file of the bank can be wrong in any way
        why = f"{type(error).__name__}: {error}"
        raise JobError(_("the speed file {path} cannot be used: {why}").format(path=path.name, why=why)) from None


def measure(job: Job, workers: Workers) -> Speed:
    """Measure an answer. Raises JobError for the job's fault, WorkerUnavailable when no worker can be had."""
    use_language(job.lang)
    warnings.simplefilter("ignore")
    rules = contest(Path(job.speed or os.devnull))
    device = device_of(job)
    if device not in rules.devices:
        raise JobError(_("the speed of {slug} is not measured on {device}").format(slug=job.slug, device=device))
    job = replace(job, device=device, core=_core() if device == "cpu" else None)
    facts = Speed(slug=job.slug, device=device, machine="", bound=rules.bound, versions=versions())
    refused = refusal(job)
    if refused is not None:
        return replace(facts, failure=refused.failure)
    race = _Race(job, rules, workers)
    try:
        scale = race.find_scale()
        facts = replace(facts, machine=race.machine, scale=scale)
        pairs = race.pairs(scale)
    except CheckFailure as failure:
        return replace(facts, failure=failure.failure)
    finally:
        workers.forget()
    return _result(facts, pairs)


def _result(facts: Speed, pairs: list[_Pair]) -> Speed:
    """The median of the pairs. One in which the reference took no time (a pause of the machine) counts for nothing."""
    whole = [pair for pair in pairs if pair.reference > pair.wire]
    if len(whole) < FEWEST:
        raise JobError(_("the machine is too busy to measure on it: try again later"))
    ratios = [pair.ratio for pair in whole]
    ratio = statistics.median(ratios)
    return replace(
        facts,
        ratio=ratio,
        ratios=[round(each, 6) for each in ratios],
        seconds=statistics.median(max(pair.answer - pair.wire, 0.0) for pair in whole),
        reference_seconds=statistics.median(pair.reference - pair.wire for pair in whole),
        transport_seconds=statistics.median(pair.wire for pair in whole),
        held=ratio < facts.bound,
    )


class _Race:
    """The answer and the reference, each in workers of its own, never at the same time."""

    def __init__(self, job: Job, rules: Contest, workers: Workers) -> None:
        self.machine = ""
        self._job = job
        self._rules = rules
        self._answer = RemoteCandidate(job, workers)
        self._rival = RemoteCandidate(replace(job, source=rules.source + RIVAL, filename="reference.py", forbid=(), seconds=SECONDS), workers)
        self._secret = secrets.randbits(128)  # five digits, as a replayed check has them, could be guessed after the first call
        self._drawn = 0

    def find_scale(self) -> int:
        """The smallest scale at which the reference takes SAMPLE_SECONDS. Raises JobError when there is none."""
        with _Live(self._rival) as line:
            self.machine = _machine(WorkerHandle(line), self._job.device)
            line.changes_allowed = True
            answer = Answer(line)
            reference, echo = answer.timed_reference, answer.echo
            scale = 1
            while scale <= LARGEST_SCALE:
                self._rival.start_check(SECONDS, SECONDS)
                inputs = self._inputs(scale)
                whole = min(_timed(reference, inputs)[0] for _try in range(TRIES))
                took = whole - min(_timed(echo, inputs)[0] for _try in range(TRIES))
                if took >= SAMPLE_SECONDS:
                    return scale
                scale = max(scale + 1, min(2 * scale, math.ceil(scale * SAMPLE_SECONDS / max(took, 1e-6))))
        raise JobError(_("the reference of {slug} is too fast to be timed, however large its inputs").format(slug=self._job.slug))

    def pairs(self, scale: int) -> list[_Pair]:
        """Samples of both, in turns; who begins alternates. Raises CheckFailure when the answer is wrong, or fails in any other way."""
        pairs: list[_Pair] = []
        rtol, atol = self._rules.tolerance
        started = time.monotonic()
        while len(pairs) < PAIRS and (len(pairs) < FEWEST or time.monotonic() - started < SECONDS):
            batch = [self._inputs(scale) for _call in range(2 + CALLS)]
            if len(pairs) % 2:
                seconds, outputs = self._sample_answer(batch)
                rival, wire, expected = self._sample_reference(batch)
            else:
                rival, wire, expected = self._sample_reference(batch)
                seconds, outputs = self._sample_answer(batch)
            for output, wanted in zip(outputs, expected, strict=True):
                assert_same(output, wanted, f"{self._rules.call}(…)", rtol=rtol, atol=atol)
            pairs.append(_Pair(seconds, rival, wire))
        return pairs

    def _sample_answer(self, batch: list[tuple[Any, ...]]) -> tuple[float, list[Any]]:
        with _Live(self._answer) as line:
            return _sample(line, getattr(Answer(line), self._rules.call), batch)

    def _sample_reference(self, batch: list[tuple[Any, ...]]) -> tuple[float, float, list[Any]]:
        with _Live(self._rival) as line:
            answer = Answer(line)
            seconds, outputs = _sample(line, answer.timed_reference, batch)
            wire, _last = _sample(line, answer.echo, batch)
            return seconds, wire, outputs

    def _inputs(self, scale: int) -> tuple[Any, ...]:
        self._drawn += 1
        return self._rules.inputs(Draw(self._secret, f"{self._drawn}"), scale)


class _Live:
    """A worker that was just started, with the source loaded, until the end of the block."""

    def __init__(self, candidate: RemoteCandidate) -> None:
        self._candidate = candidate

    def __enter__(self) -> Line:
        seconds = self._candidate.job.seconds
        self._candidate.start_check(seconds, seconds)
        self._candidate.ready()
        return Line(self._candidate, self._candidate.job.device)

    def __exit__(self, *exception: object) -> None:
        self._candidate.close()


def _sample(line: Line, function: Any, batch: list[tuple[Any, ...]]) -> tuple[float, list[Any]]:
    """The fastest of the calls that count: what else the machine does can only make one longer. And the outputs of all.

    In the first, and in another that nobody can tell from the rest, inputs that are changed in place are looked for; the time of these does not
    count, as the looking takes part of it. Raises CheckFailure.
    """
    watched = {0, 1 + secrets.randbelow(len(batch) - 1)}
    timed: list[tuple[float, Any]] = []
    for number, inputs in enumerate(batch):
        line.changes_allowed = number not in watched
        timed.append(_timed(function, inputs))
    return min(seconds for number, (seconds, _output) in enumerate(timed) if number not in watched), [output for _seconds, output in timed]


def _timed(function: Any, inputs: tuple[Any, ...]) -> tuple[float, Any]:
    """Seconds from the moment before the inputs leave until the whole output is here, and the output."""
    start = time.perf_counter()
    output = call(function, inputs, {}, keep=False)
    return time.perf_counter() - start, output


def _core() -> int | None:
    """The processor core on which both compute, so that neither gets more than one; the judge leaves it to them where there is another."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    core = secrets.choice(cores)
    if len(cores) > 1:
        os.sched_setaffinity(0, set(cores) - {core})
    return core


def _machine(worker: WorkerHandle, device: str) -> str:
    """The processor, as its maker calls it; a GPU is asked in the reference's worker, as CUDA must not start here."""
    if device == "cuda":
        return str(worker.torch.cuda.get_device_name())
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
