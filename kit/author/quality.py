"""`kit author report`: how good every exercise is, as values and as JSON that the next report goes on from."""

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct, field, structs

from grader.text import _
from kit import questions
from kit.author import equivalent
from kit.author.check import check
from kit.author.drawers import Drawers, find
from kit.author.finding import text_of
from kit.author.mutate import TARGET, mutate
from kit.author.pool import Judge
from kit.author.progress import OnProgress, silent
from kit.errors import KitError
from kit.exercise import Bilingual
from kit.files import write_atomically

__all__ = ["Quality", "QualityReport", "gather", "summary"]

FILE = "report.json"
SLOWEST = 10
_TRY = re.compile(r"# blind: passed at try (\d)")


class Quality(Struct, frozen=True, kw_only=True):
    """One exercise.

    checks: seconds of each check with the solution. equivalent: mutants listed as such; device: those that only a GPU could tell; killed of the
    others. limit: how many mutants
    were judged at most. blind: the try at which somebody passed who saw only statement and starter, 0 when nobody did. fingerprint: of all
    its files.
    """

    slug: str
    track: str
    title: Bilingual
    level: int
    answers: tuple[str, ...]
    findings: tuple[str, ...]
    mistakes: int
    diagnosed: int
    mutants: int
    killed: int
    equivalent: int
    device: int
    survivors: tuple[str, ...]
    checks: dict[str, float]
    seconds: float
    blind: int
    limit: int | None
    fingerprint: str

    @property
    def score(self) -> float:
        """Mutants killed of those that are not equivalent."""
        return self.killed / self.mutants if self.mutants else 1.0

    @property
    def ok(self) -> bool:
        """Whether there is nothing to put right."""
        return not self.findings and self.score >= TARGET


class QualityReport(Struct, frozen=True, kw_only=True):
    """The whole bank. uncovered: ids of questions that no exercise answers."""

    exercises: list[Quality] = field(default_factory=list[Quality])
    questions: int = 0
    uncovered: tuple[str, ...] = ()

    @property
    def slowest(self) -> list[tuple[str, str, float]]:
        """The checks that take longest: exercise, check, seconds."""
        rows = [(each.slug, name, seconds) for each in self.exercises for name, seconds in each.checks.items()]
        return sorted(rows, key=lambda row: -row[2])[:SLOWEST]


def gather(
    bank: Path, folder: Path, *, limit: int | None = None, jobs: int | None = None, judge: Judge | None = None, on_progress: OnProgress = silent
) -> QualityReport:
    """Check and mutate all exercises, one after the other, writing folder/report.json after each.

    An exercise is taken from the report that is already there when none of its files has changed since. Raises KitError.
    """
    bank, path = bank.resolve(), folder / FILE
    known = {each.slug: each for each in _earlier(path).exercises}
    all_drawers = find(bank)
    asked = [question.id for question in questions.read(bank)]
    done: list[Quality] = []
    for place, drawers in enumerate(all_drawers):
        on_progress(place, len(all_drawers), drawers.slug)
        old = known.get(drawers.slug)
        if old is None or (old.fingerprint, old.limit) != (_fingerprint(drawers), limit):
            old = _examine(drawers, limit=limit, jobs=jobs, judge=judge)
        done.append(old)
        answered = {question for each in done for question in each.answers}
        found = QualityReport(exercises=done, questions=len(asked), uncovered=tuple(each for each in asked if each not in answered))
        _write(path, found)
    on_progress(len(all_drawers), len(all_drawers), "")
    return _earlier(path)


def summary(report: QualityReport) -> list[str]:
    """The report's lines that a person reads first."""
    all_ = report.exercises
    first, second = sum(each.blind == 1 for each in all_), sum(each.blind == 2 for each in all_)
    mutants, killed = sum(each.mutants for each in all_), sum(each.killed for each in all_)
    share = f"{killed / mutants:.1%}" if mutants else "–"
    return [
        _("exercises: {n}, of which {bad} with something to put right").format(n=len(all_), bad=sum(not each.ok for each in all_)),
        _("questions covered: {n} of {all}").format(n=report.questions - len(report.uncovered), all=report.questions),
        _("mistakes: {n}, named as themselves: {named}").format(n=sum(each.mistakes for each in all_), named=sum(each.diagnosed for each in all_)),
        _("mutants killed: {killed} of {all}, {share}; {device} more that only a GPU could tell").format(
            killed=killed, all=mutants, share=share, device=sum(each.device for each in all_)
        ),
        _("blind solves: {first} at the first try, {second} at the second, {none} missing").format(
            first=first, second=second, none=len(all_) - first - second
        ),
    ]


def _examine(drawers: Drawers, *, limit: int | None, jobs: int | None, judge: Judge | None) -> Quality:
    facts = drawers.read()
    fingerprint = _fingerprint(drawers)
    (checked,) = check(drawers.bank, [drawers.slug], jobs=jobs, judge=judge)
    (mutated,) = mutate(drawers.bank, [drawers.slug], limit=limit, jobs=jobs, judge=judge)
    attempt = _TRY.search(text_of(drawers.blind))
    findings = [f"{finding.where}: {finding.problem}. {finding.remedy}" for finding in checked.findings]
    findings += [_("listed as equivalent, and yet {check} notices it").format(check=each.by) for each in mutated.wrongly_listed]
    return Quality(
        slug=drawers.slug,
        track=drawers.track,
        title=facts.title,
        level=facts.level,
        answers=facts.answers,
        findings=tuple(findings),
        mistakes=checked.mistakes,
        diagnosed=checked.diagnosed,
        mutants=mutated.counted,
        killed=mutated.count("killed"),
        equivalent=mutated.count("equivalent"),
        device=mutated.count("device"),
        survivors=tuple(f"{each.mutant.line}: {each.mutant.description}" for each in mutated.survived),
        checks=checked.checks,
        seconds=round(sum(checked.checks.values()), 3),
        blind=int(attempt.group(1)) if attempt else 0,
        limit=limit,
        fingerprint=fingerprint,
    )


def _fingerprint(drawers: Drawers) -> str:
    """Of all files that the report speaks of."""
    own: Sequence[Path] = [
        *sorted(drawers.exercise.iterdir()),
        *(sorted(drawers.model.iterdir()) if drawers.model.is_dir() else ()),
        drawers.checks,
        drawers.second,
        drawers.blind,
        drawers.bank / equivalent.FOLDER / f"{drawers.module}.toml",
    ]
    seen = sha256()
    for path in own:
        if path.is_file():
            seen.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return seen.hexdigest()


def _earlier(path: Path) -> QualityReport:
    try:
        return msgspec.json.decode(path.read_bytes(), type=QualityReport)
    except (OSError, msgspec.DecodeError):
        return QualityReport()


def _write(path: Path, report: QualityReport) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        exercises = sorted(report.exercises, key=lambda each: (each.track, each.slug))
        write_atomically(path, msgspec.json.format(msgspec.json.encode(structs.replace(report, exercises=exercises)), indent=1))
    except OSError as error:
        raise KitError(_("the report cannot be written ({reason})").format(reason=error.strerror), path, _("Choose another place.")) from error
