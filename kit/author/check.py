"""`kit author check`: whether an exercise is complete, holds together, and is proven by the judge."""

import ast
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct, field, structs

from grader.text import _
from grader.verdict import Verdict
from kit.author import form, hidden, known, proof, statement, whole
from kit.author.drawers import Drawers, find
from kit.author.finding import Finding, placeholders, text_of
from kit.author.pool import Judge, judge_all
from kit.author.progress import OnProgress, silent
from kit.exercise import ExerciseFile
from kit.starter import YOUR_TURN, cut

__all__ = ["Finding", "Report", "check"]


class Report(Struct, frozen=True):
    """The findings on one exercise, or on the bank between exercises (slug "").

    seconds: of the judge, all verdicts together. mistakes, diagnosed: how many known mistakes were judged, and named as themselves.
    checks: the seconds that each check takes with the solution.
    """

    slug: str
    findings: list[Finding] = field(default_factory=list[Finding])
    judged: bool = False
    seconds: float = 0.0
    mistakes: int = 0
    diagnosed: int = 0
    checks: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def ok(self) -> bool:
        """Whether there is nothing to put right."""
        return not self.findings


def check(
    bank: Path,
    slugs: Sequence[str] = (),
    *,
    judged: bool = True,
    seeds: int = proof.SEEDS,
    jobs: int | None = None,
    judge: Judge | None = None,
    on_progress: OnProgress = silent,
) -> list[Report]:
    """Check the named exercises, or all and the bank between them. Raises KitError for an unknown name or an unreadable questions.toml.

    judged False leaves out what needs the judge. seeds: under how many a right answer is judged. jobs: verdicts at once, as many as cores by default.
    """
    bank = bank.resolve()
    everything, chosen = find(bank), find(bank, slugs)
    on_progress(0, len(chosen), "")
    read = {drawers.slug: form.read(drawers) for drawers in everything}
    facts = {slug: fact for slug, (fact, _findings) in read.items() if fact is not None}
    questions = whole.question_ids(bank)
    examples = statement.run_examples(chosen)
    reports: list[Report] = []
    for drawers in chosen:
        fact, unreadable = read[drawers.slug]
        found = [*unreadable, *_static(drawers, fact), *examples.get(drawers.slug, ())]
        if fact is not None:
            found += form.findings(drawers, fact, [other.slug for other in everything], questions)
        reports.append(Report(drawers.slug, found))
    if judged:
        trials = [trial for drawers in chosen if drawers.slug in facts for trial in proof.plan(drawers, facts[drawers.slug], seeds)]
        reports = _prove(reports, trials, judge=judge, jobs=jobs, on_progress=on_progress)
    else:
        on_progress(len(chosen), len(chosen), "")
    between = [] if slugs else list(whole.findings(bank, everything, facts))
    return [*reports, Report("", between)] if between else reports


def _static(drawers: Drawers, fact: ExerciseFile | None) -> Iterator[Finding]:
    yield from whole.own_files(drawers, fact)
    if drawers.solution.exists():
        yield from _code(drawers)
    if drawers.second.exists():
        yield from _second(drawers)
    if drawers.checks.exists():
        yield from placeholders(text_of(drawers.checks), drawers.show(drawers.checks))
        yield from hidden.findings(drawers)
    if drawers.mistakes.exists():
        yield from known.findings(drawers)
    yield from statement.findings(drawers, fact)


def _code(drawers: Drawers) -> Iterator[Finding]:
    """The solution, and the starter that is cut from it."""
    where, source = drawers.show(drawers.solution), text_of(drawers.solution)
    yield from placeholders(source, where)
    try:
        tree, starter = ast.parse(source), cut(source)
    except SyntaxError as error:
        yield Finding(f"{where}:{error.lineno}", _("this is not Python: {reason}").format(reason=error.msg), _("Mend that line."))
        return
    if ast.get_docstring(tree) is None:
        yield Finding(f"{where}:1", _("the module has no docstring"), _("Begin with the idea in one sentence; the starter leaves it out."))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.ClassDef)
            and node in tree.body
            and not node.name.startswith("_")
            and ast.get_docstring(node) is None
        ):
            problem = _("{name} has no docstring").format(name=node.name)
            yield Finding(f"{where}:{node.lineno}", problem, _("Say shapes, dtypes, units and errors: it is what the learner gets."))
    if YOUR_TURN not in starter:
        yield Finding(where, _("nothing is left for the learner to write"), _("Remove some of the `# given`."))
    if drawers.starter.exists() and text_of(drawers.starter) != starter:
        yield Finding(
            drawers.show(drawers.starter),
            _("it is not what the solution gives"),
            _("Run: kit author sync {slug}").format(slug=drawers.slug),
        )


def _second(drawers: Drawers) -> Iterator[Finding]:
    where, source = drawers.show(drawers.second), text_of(drawers.second)
    try:
        tree, solution = ast.parse(source), ast.parse(text_of(drawers.solution))
    except SyntaxError as error:
        yield Finding(f"{where}:{error.lineno}", _("this is not Python: {reason}").format(reason=error.msg), _("Mend that line."))
        return
    if ast.dump(tree) == ast.dump(solution):
        yield Finding(where, _("it is the solution again"), _("Write the answer another way: loops for vectorised, another formula."))


def _prove(
    reports: Sequence[Report], trials: Sequence[proof.Trial], *, judge: Judge | None, jobs: int | None, on_progress: OnProgress
) -> list[Report]:
    done = itertools.count(1)

    def tell(index: int) -> None:
        on_progress(next(done), len(trials), trials[index].drawers.slug)

    verdicts = judge_all([trial.job for trial in trials], judge=judge, workers=jobs, on_done=tell)
    spoilt = [place for place, trial in enumerate(trials) if proof.wants_quiet(trial, verdicts[place])]
    for place, verdict in zip(spoilt, judge_all([trials[place].job for place in spoilt], judge=judge, workers=1), strict=True):
        verdicts[place] = verdict  # judged again with no other beside it
    proven: list[Report] = []
    for report in reports:
        results = [(trial, verdict) for trial, verdict in zip(trials, verdicts, strict=True) if trial.drawers.slug == report.slug]
        again = _on_idle_checks(results, judge)
        outcome = proof.conclude(results, again)
        seconds = sum(verdict.seconds for verdict in (*again, *(verdict for _trial, verdict in results)))
        proven.append(
            structs.replace(
                report,
                findings=[*report.findings, *outcome.findings],
                judged=bool(results),
                seconds=seconds,
                mistakes=outcome.mistakes,
                diagnosed=outcome.diagnosed,
                checks=outcome.checks,
            )
        )
    return proven


def _on_idle_checks(results: Sequence[tuple[proof.Trial, Verdict]], judge: Judge | None) -> list[Verdict]:
    """Verdicts by each check that is the first to fail for no mistake, up to the first mistake that it notices."""
    verdicts: list[Verdict] = []
    for name in proof.idle([verdict for _trial, verdict in results]):
        for trial in proof.trials_of(name, results):
            verdicts += judge_all([trial.job], judge=judge)
            if any(check.name == name and check.status == "failed" for check in verdicts[-1].checks):
                break
    return verdicts
