"""`kit author mutate`: which small changes of a solution does no check notice."""

import itertools
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from grader.text import _
from grader.verdict import Verdict
from kit.author import equivalent
from kit.author.drawers import Drawers, find
from kit.author.equivalent import Equivalent
from kit.author.mutants import Mutant, mutants
from kit.author.pool import Judge, judge_all
from kit.author.progress import OnProgress, silent
from kit.author.proof import BY_THE_CLOCK
from kit.errors import KitError

__all__ = ["TARGET", "MutationReport", "Outcome", "mutate"]

TARGET = 0.95
SEED = 11


class Outcome(Struct, frozen=True):
    """What became of a mutant.

    by: the check that killed it, "load" when it could not be loaded, or the judge's error; kind: of its failure. reason: why it counts as
    equivalent; with result "killed" the list of equivalent mutants is wrong about it. Result "device": only a GPU could tell.
    """

    mutant: Mutant
    result: Literal["killed", "survived", "equivalent", "device", "error"]
    by: str = ""
    kind: str = ""
    reason: str = ""


class MutationReport(Struct, frozen=True):
    """The outcomes for one exercise, in the order of its solution. seconds: of the judge, all verdicts together."""

    slug: str
    outcomes: list[Outcome]
    seconds: float = 0.0

    def count(self, result: str) -> int:
        """How many mutants had this result."""
        return sum(outcome.result == result for outcome in self.outcomes)

    @property
    def survived(self) -> list[Outcome]:
        """Those that no check noticed and that are not listed as equivalent."""
        return [outcome for outcome in self.outcomes if outcome.result == "survived"]

    @property
    def wrongly_listed(self) -> list[Outcome]:
        """Those that are listed as equivalent, and yet a check noticed them."""
        return [outcome for outcome in self.outcomes if outcome.result == "killed" and outcome.reason]

    @property
    def score(self) -> float:
        """Killed of those that are not equivalent and that could be told here; 1 when there are none."""
        return self.count("killed") / self.counted if self.counted else 1.0

    @property
    def counted(self) -> int:
        """How many count: all but the equivalent ones and those that only a GPU could tell."""
        return len(self.outcomes) - self.count("equivalent") - self.count("device")


def mutate(
    bank: Path,
    slugs: Sequence[str] = (),
    *,
    limit: int | None = None,
    seed: int = 0,
    jobs: int | None = None,
    judge: Judge | None = None,
    on_progress: OnProgress = silent,
) -> list[MutationReport]:
    """Judge the mutants of the named exercises, or of all that have a solution. Raises KitError.

    limit: only so many of each exercise, drawn by `seed`. jobs: verdicts at once, as many as cores by default.
    """
    bank = bank.resolve()
    entries = equivalent.load(bank)
    chosen = [drawers for drawers in find(bank, slugs) if slugs or drawers.solution.exists()]
    facts = {drawers.slug: drawers.read() for drawers in chosen}
    owners = {drawers.slug: drawers for drawers in chosen}
    all_mutants = [mutant for drawers in chosen for mutant in _sample(_mutants(drawers), limit, seed)]
    done = itertools.count(1)

    def tell(index: int) -> None:
        on_progress(next(done), len(all_mutants), all_mutants[index].slug)

    on_progress(0, len(all_mutants), "")
    work = [owners[mutant.slug].job(facts[mutant.slug], mutant.source, seed=SEED, stop_at_first_failure=True) for mutant in all_mutants]
    verdicts = judge_all(work, judge=judge, workers=jobs, on_done=tell)
    late = [place for place, verdict in enumerate(verdicts) if _kind(verdict) in BY_THE_CLOCK]
    for place, verdict in zip(late, judge_all([work[place] for place in late], judge=judge, workers=1), strict=True):
        verdicts[place] = verdict  # what many jobs at once made slow is no kill
    results = list(zip(all_mutants, verdicts, strict=True))
    return [_report(drawers, [(mutant, verdict) for mutant, verdict in results if mutant.slug == drawers.slug], entries) for drawers in chosen]


def _mutants(drawers: Drawers) -> list[Mutant]:
    where = drawers.show(drawers.solution)
    try:
        return mutants(drawers.slug, drawers.solution.read_text(encoding="utf-8"))
    except OSError as error:
        raise KitError(_("there is no solution to mutate"), where, _("Write it first.")) from error
    except (SyntaxError, UnicodeDecodeError) as error:
        raise KitError(_("the solution is not Python ({reason})").format(reason=error), where, _("Mend that line.")) from error


def _sample(found: Sequence[Mutant], limit: int | None, seed: int) -> list[Mutant]:
    if limit is None or limit >= len(found):
        return list(found)
    places = random.Random(seed).sample(range(len(found)), limit)  # noqa: S311  # a sample, not a secret
    return [found[place] for place in sorted(places)]


def _report(drawers: Drawers, results: Sequence[tuple[Mutant, Verdict]], entries: Sequence[Equivalent]) -> MutationReport:
    outcomes = [_outcome(mutant, verdict, equivalent.reason(mutant, entries) or "") for mutant, verdict in results]
    return MutationReport(drawers.slug, outcomes, sum(verdict.seconds for _mutant, verdict in results))


def _kind(verdict: Verdict) -> str:
    """What kind of failure the verdict ends with; "" when there is none."""
    failures = [verdict.load, *(check.failure for check in verdict.checks)]
    return next((failure.kind for failure in failures if failure is not None), "")


def _outcome(mutant: Mutant, verdict: Verdict, reason: str) -> Outcome:
    if verdict.error:
        return Outcome(mutant, "error", by=verdict.error, reason=reason)
    if verdict.passed:
        unseen = verdict.device == "cpu" and mutant.device_alone
        return Outcome(mutant, "equivalent" if reason else "device" if unseen else "survived", reason=reason)
    first = next((check.name for check in verdict.checks if check.status == "failed"), "load")
    return Outcome(mutant, "killed", by=first, kind=_kind(verdict), reason=reason)
