"""The proof that an exercise works: the judge passes what is right, and catches and names what is wrong."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct, field, structs

from grader.mistakes import Mistake
from grader.text import _
from grader.verdict import CheckResult, Job, Verdict
from kit.author import known
from kit.author.drawers import Drawers
from kit.author.finding import Finding, text_of
from kit.exercise import ExerciseFile

__all__ = ["BY_THE_CLOCK", "SEEDS", "Proof", "Trial", "conclude", "idle", "plan", "trials_of", "wants_quiet"]

FIRST_SEED = 11
SEEDS = 3  # a right answer must pass whatever is drawn
BY_THE_CLOCK = frozenset({"time", "slow"})  # kinds of failure that a busy machine can cause
SHARE_OF_TIME = 0.6  # of the limit, that a right answer may use on the author's machine


Role: TypeAlias = Literal["solution", "second", "starter", "mistake"]
_RIGHT: tuple[Role, ...] = ("solution", "second")


class Trial(Struct, frozen=True):
    """One answer to be judged, and why."""

    drawers: Drawers
    role: Role
    job: Job
    mistake: Mistake | None = None


class Proof(Struct, frozen=True):
    """What the verdicts on one exercise say; diagnosed: how many of its mistakes were named as themselves at first place.

    checks: the seconds of each check, in the fastest verdict on the solution.
    """

    findings: list[Finding] = field(default_factory=list[Finding])
    mistakes: int = 0
    diagnosed: int = 0
    checks: dict[str, float] = field(default_factory=dict[str, float])


def plan(drawers: Drawers, facts: ExerciseFile, seeds: int = SEEDS) -> list[Trial]:
    """The trials of one exercise, as far as its files are there; right answers under so many seeds."""
    trials: list[Trial] = []
    for role in _RIGHT:
        if source := text_of(_path(drawers, role)):
            for place in range(seeds):  # once on the GPU, where there is one
                device = "auto" if place == 0 and "cuda" in facts.devices else "cpu"
                trials.append(Trial(drawers, role, drawers.job(facts, source, seed=FIRST_SEED + place, device=device)))
    if source := text_of(drawers.starter):
        trials.append(Trial(drawers, "starter", drawers.job(facts, source, seed=FIRST_SEED)))
    for mistake, source in known.usable(drawers):
        job = drawers.job(facts, source, seed=FIRST_SEED, diagnose=True, stop_at_first_failure=True)
        trials.append(Trial(drawers, "mistake", job, mistake))
    return trials


def trials_of(name: str, results: Sequence[tuple[Trial, Verdict]]) -> Iterator[Trial]:
    """Of a check that is the first to fail for no mistake: each mistake judged by this check alone, likely ones first."""
    mistakes = [trial for trial, verdict in results if trial.role == "mistake" and not verdict.error]
    for trial in reversed(mistakes):  # as a rule they are listed in the order of the checks, and gross ones come first
        yield structs.replace(trial, job=structs.replace(trial.job, only=name, diagnose=False))


def wants_quiet(trial: Trial, verdict: Verdict) -> bool:
    """Whether a busy machine may have spoilt the verdict: a limit was overrun, or the diagnosis ran out of time."""
    if trial.mistake is not None and not _named(trial.mistake, verdict, allowed=trial.mistake.same_as):
        return True
    return trial.role in _RIGHT and any(check.failure is not None and check.failure.kind in BY_THE_CLOCK for check in verdict.checks)


def conclude(results: Sequence[tuple[Trial, Verdict]], again: Sequence[Verdict] = ()) -> Proof:
    """The findings from all verdicts on one exercise; again: those on checks that were the first to fail for no mistake."""
    findings: list[Finding] = []
    for trial, verdict in results:
        if verdict.error:
            findings.append(Finding(_where(trial), verdict.error, _("Read what the judge says; `kit doctor` may know more.")))
        elif trial.role == "starter":
            findings += _starter(trial, verdict)
        elif trial.mistake is not None:
            findings += _mistake(trial, trial.mistake, verdict)
        else:
            findings += _right(trial, verdict)
    findings += _time(results)
    mistakes = [(trial.mistake, verdict) for trial, verdict in results if trial.mistake is not None]
    if mistakes and not any(verdict.error for _trial, verdict in results):
        findings += _idle_checks(results[0][0].drawers, [*again, *(verdict for _trial, verdict in results)])
    diagnosed = sum(_named(mistake, verdict) for mistake, verdict in mistakes)
    passed = [verdict for trial, verdict in results if trial.role == "solution" and verdict.passed]
    fastest = min(passed, key=lambda verdict: verdict.seconds, default=None)
    checks = {check.name: check.seconds for check in fastest.checks} if fastest is not None else {}
    return Proof(list(dict.fromkeys(findings)), len(mistakes), diagnosed, checks)


def _right(trial: Trial, verdict: Verdict) -> Iterator[Finding]:
    where, given = _where(trial), {"seed": verdict.seed, "device": verdict.device}
    if verdict.load is not None:
        yield Finding(where, _("it cannot be loaded: {reason}").format(reason=_first_line(verdict.load.lines)), _("Mend it."))
    for check in verdict.checks:
        if check.status == "failed":
            reason = _first_line(check.failure.lines if check.failure is not None else [])
            problem = _("it fails {check} on {device} with seed {seed}: {reason}").format(check=check.name, reason=reason, **given)
            yield Finding(where, problem, _("Mend the answer or the check: a right answer passes with every seed."))
    if not verdict.passed and verdict.load is None and all(check.status == "passed" for check in verdict.checks):
        yield Finding(where, _("it does not pass on {device} with seed {seed}").format(**given), _("Look at the verdict with --json."))


def _time(results: Sequence[tuple[Trial, Verdict]]) -> Iterator[Finding]:
    """Whether a right answer comes near the time limit, by the fastest of its verdicts: others may have shared the machine."""
    for role in _RIGHT:
        own = [(trial, verdict) for trial, verdict in results if trial.role == role and verdict.passed]
        if not own:
            continue
        trial, fastest = min(own, key=lambda result: result[1].seconds)
        if fastest.seconds > SHARE_OF_TIME * trial.job.seconds:
            problem = _("it takes {seconds:.1f} of {limit:g} seconds").format(seconds=fastest.seconds, limit=trial.job.seconds)
            yield Finding(_where(trial), problem, _("Make the checks smaller or raise `seconds`: a learner's machine may be slower."))


def _starter(trial: Trial, verdict: Verdict) -> Iterator[Finding]:
    where = _where(trial)
    if verdict.load is not None:
        reason = _first_line(verdict.load.lines)
        yield Finding(
            where,
            _("it cannot be loaded: {reason}").format(reason=reason),
            _("Mark what its signatures need with `# given` in solution.py."),
        )
    for check in verdict.checks:
        if check.status == "passed":
            yield Finding(where, _("it passes {check}").format(check=check.name), _("Let the check look at what the learner writes."))
        elif check.failure is not None and check.failure.kind != "your_turn":
            reason = _first_line(check.failure.lines)
            problem = _('it fails {check} otherwise than by "your turn": {reason}').format(check=check.name, reason=reason)
            yield Finding(where, problem, _("Let the check call the learner's code before all else."))


def _mistake(trial: Trial, mistake: Mistake, verdict: Verdict) -> Iterator[Finding]:
    where, name = _where(trial), mistake.name
    if verdict.load is not None:
        reason = _first_line(verdict.load.lines)
        yield Finding(where, _("{name} cannot be loaded: {reason}").format(name=name, reason=reason), _("Let the mistake be wrong, not broken."))
        return
    first = _first_failure(verdict)
    if first is None:
        yield Finding(where, _("{name} is not caught by any check").format(name=name), _("Write the check that catches it."))
        return
    if first.name != mistake.caught_by.removeprefix("test_"):
        problem = _("{name} is caught first by {check}, not by {named}").format(name=name, check=first.name, named=mistake.caught_by)
        yield Finding(where, problem, _("Correct caught_by, or the order of the checks."))
    if mistake.symptom == "slow" and (first.failure is None or first.failure.kind not in {"slow", "time"}):
        yield Finding(where, _("{name} is not only slow").format(name=name), _("Make it right but slow, or remove `symptom`."))
    if not _named(mistake, verdict, allowed=mistake.same_as):
        said = first.diagnosis.mistake if first.diagnosis is not None else _("nothing")
        problem = _("{name} is diagnosed as {said}").format(name=name, said=said)
        yield Finding(where, problem, _("Let a check tell the two apart, or write same_as when they behave identically."))


def idle(verdicts: Sequence[Verdict]) -> list[str]:
    """Checks that no known mistake fails: nothing shows that they bite. The starter's failures do not count."""
    names = dict.fromkeys(check.name for verdict in verdicts for check in verdict.checks)
    caught = {
        check.name
        for verdict in verdicts
        for check in verdict.checks
        if check.status == "failed" and check.failure is not None and check.failure.kind != "your_turn"
    }
    return [name for name in names if name not in caught]


def _idle_checks(drawers: Drawers, verdicts: Sequence[Verdict]) -> Iterator[Finding]:
    for name in idle(verdicts):
        problem = _("no mistake fails {check}").format(check=name)
        yield Finding(drawers.show(drawers.checks), problem, _("Add the mistake that it is there for, or remove it."))


def _named(mistake: Mistake, verdict: Verdict, allowed: Sequence[str] = ()) -> bool:
    first = _first_failure(verdict)
    if first is None or first.diagnosis is None:
        return False
    said = {first.diagnosis.mistake, *first.diagnosis.also}
    return mistake.name in said or first.diagnosis.mistake in allowed


def _first_failure(verdict: Verdict) -> CheckResult | None:
    return next((check for check in verdict.checks if check.status == "failed"), None)


def _first_line(lines: Sequence[str]) -> str:
    return lines[0] if lines else _("no reason given")


def _where(trial: Trial) -> str:
    return trial.drawers.show(_path(trial.drawers, trial.role))


def _path(drawers: Drawers, role: Role) -> Path:
    return {"solution": drawers.solution, "second": drawers.second, "starter": drawers.starter, "mistake": drawers.mistakes}[role]
