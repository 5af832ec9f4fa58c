"""What goes into the judge (a job) and what comes out (a verdict): plain values, no torch."""

from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, field, json

SCHEMA_VERSION = 1

Device = Literal["cpu", "cuda"]
Policy = Literal["local", "server"]
Status = Literal["passed", "failed", "skipped"]


class Job(Struct, frozen=True, kw_only=True):
    """One answer to be judged.

    source is the learner's text; filename is how tracebacks name it. checks, solution and mistakes are paths of the bank (the last two
    only serve the diagnosis; None without one). statement: the Markdown file whose examples are tried instead of checks, in an edition that
    has none. speed: the exercise's speed file; with it the job is to measure how fast the answer is (a Speed), not to judge it. seconds bounds
    the whole verdict by the wall clock, check_seconds one check (None: as seconds); memory_mb bounds what the worker may map. only names one
    check (without "test_"). seed None draws a fresh one. device "auto" is the GPU where there is one. core: the worker is held to this
    processor core (None: to none). sources: several answers instead of `source`, each judged up to its first failure, all under one seed.
    """

    slug: str
    source: str
    filename: str
    checks: str
    statement: str | None = None
    speed: str | None = None
    solution: str | None = None
    mistakes: str | None = None
    forbid: tuple[str, ...] = ()
    seconds: float = 10.0
    check_seconds: float | None = None
    memory_mb: int = 2048
    only: str | None = None
    seed: int | None = None
    device: Literal["auto", "cpu", "cuda"] = "cpu"
    lang: str = "en"
    policy: Policy = "local"
    diagnose: bool = True
    stop_at_first_failure: bool = False
    core: int | None = None
    sources: tuple[str, ...] = ()


COMPILING = ("optim", '"meta"', "'meta'")


def uses_compiler(job: Job) -> bool:
    """Whether torch.optim or the device "meta" is likely to be reached.

    Their first use imports torch's compiler, for two seconds and with a folder that it wants to make: that has to be done before a fork.
    """
    texts = [job.source, *job.sources]
    with suppress(OSError):
        texts.append(Path(job.checks).read_text(encoding="utf-8"))
    return any(word in text for text in texts for word in COMPILING)


class Frame(Struct, frozen=True):
    """A line of the learner's file on the way to their exception."""

    line: int
    function: str
    code: str


class Failure(Struct, frozen=True, kw_only=True):
    """Why a check failed.

    kind: your_turn · shape · dtype · type · values · raised (by the answer) · not_raised · changed_input · forbidden · time · cpu · memory ·
    crashed · protocol (a reply that is malformed, too large or one too many) · device · slow · range · assertion · missing.
    what: the compared thing in code form. lines: the message, ready to show, in the job's language, terminal escapes neutralised; the
    first line stands alone. facts: the same as data (largest_error, index, yours, expected, differing, entries, shape, limit …).
    frames: lines of the learner's file, outermost first.
    """

    kind: str
    what: str = ""
    lines: list[str] = field(default_factory=list[str])
    facts: dict[str, Any] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)


class Diagnosis(Struct, frozen=True):
    """The known mistake that behaves exactly like the answer; also: other mistakes that behave identically on these inputs."""

    mistake: str
    message: str
    also: list[str] = field(default_factory=list)


class CheckResult(Struct, frozen=True, kw_only=True):
    """One check. title is in the job's language; case names the failing parametrisation; because says why a check was skipped."""

    name: str
    title: str
    status: Status
    cases: int = 1
    case: str | None = None
    because: str | None = None
    failure: Failure | None = None
    diagnosis: Diagnosis | None = None
    output: str = ""
    seconds: float = 0.0


class Layer(Struct, frozen=True):
    """A layer of the sandbox: on, or why not."""

    name: str
    on: bool
    why: str = ""


class Verdict(Struct, frozen=True, kw_only=True):
    """The judgement of one answer.

    passed: every check ran and passed. load: why the answer could not even be loaded (syntax error, exception at import, forbidden call …); then
    all checks are skipped. complete: False when only one check was asked for, or only the
    statement's examples could be tried. replayed: the seed was given, not drawn. error: the judge's own
    failure, never the learner's.
    """

    schema: int = SCHEMA_VERSION
    slug: str
    passed: bool
    complete: bool
    seed: int
    replayed: bool
    device: Device
    checks: list[CheckResult]
    load: Failure | None = None
    error: str | None = None
    output: str = ""
    flags: list[str] = field(default_factory=list)
    policy: Policy = "local"
    layers: list[Layer] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


class Speed(Struct, frozen=True, kw_only=True):
    """How long the answer takes on one core or a GPU (machine names it), in parts of what the reference takes: 2.0 is twice as long.

    ratio is the median of ratios, one for each pair of samples. seconds and reference_seconds are the medians of what the two took, without
    transport_seconds: what it takes to carry such inputs and outputs between the processes. scale: how large the inputs were made. bound: the
    smallest ratio that the hardware allows; held: the ratio is below it, and somebody must look. failure: why there is no ratio.
    """

    slug: str
    device: Device
    machine: str
    ratio: float | None = None
    ratios: list[float] = field(default_factory=list[float])
    seconds: float = 0.0
    reference_seconds: float = 0.0
    transport_seconds: float = 0.0
    scale: int = 1
    bound: float = 0.0
    held: bool = False
    failure: Failure | None = None
    versions: dict[str, str] = field(default_factory=dict)


def schema() -> dict[str, Any]:
    """The JSON Schema of a verdict; shipped as grader/verdict.schema.json."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Verdict"} | json.schema(Verdict)


def encode(value: Job | Verdict) -> bytes:
    """To JSON."""
    return json.encode(value)


def decode_job(data: bytes) -> Job:
    """From JSON. Raises msgspec.ValidationError when it is not a job."""
    return json.decode(data, type=Job)


def decode_verdict(data: bytes) -> Verdict:
    """From JSON. Raises msgspec.ValidationError when it is not a verdict."""
    return json.decode(data, type=Verdict)
