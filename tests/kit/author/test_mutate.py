"""Judging mutants, and the list of those that are no mistakes."""

import pytest
from small_bank import SLUG, edit, verdict

from kit.author import equivalent
from kit.author.mutate import mutate
from kit.errors import KitError

LINE = "return (values * weights).sum(dim=1) / weights.sum(dim=1)"


def judge_by(killed):
    """A judge that fails an answer when `killed` says so."""
    return lambda job: verdict(job, "values" if killed(job.source) else None)


def list_as_equivalent(bank, line, mutant, **more):
    path = bank / equivalent.FOLDER / f"{SLUG.replace('-', '_')}.toml"
    path.parent.mkdir(exist_ok=True, parents=True)
    entry = {"line": line, "mutant": mutant, "reason": "the same sum", **more}
    with path.open("a", encoding="utf-8") as file:
        file.write("[[equivalent]]\n" + "".join(f"{key} = '{value}'\n" for key, value in entry.items()))


def test_a_check_that_sees_everything_kills_all(bank):
    steps = []
    (report,) = mutate(bank, judge=judge_by(lambda _source: True), jobs=1, on_progress=lambda *step: steps.append(step))
    assert report.slug == SLUG
    assert report.score == 1.0
    assert report.count("killed") == len(report.outcomes) > 10
    assert {outcome.by for outcome in report.outcomes} == {"values"}
    assert steps[-1] == (len(report.outcomes), len(report.outcomes), SLUG)


def test_survivors_are_listed_in_the_order_of_the_file(bank):
    (report,) = mutate(bank, judge=judge_by(lambda source: "dim=0" not in source), jobs=2)
    assert [outcome.mutant.after for outcome in report.survived] == [
        "return (values * weights).sum(dim=0) / weights.sum(dim=1)",
        "return (values * weights).sum(dim=1) / weights.sum(dim=0)",
    ]
    assert report.score == 1 - 2 / len(report.outcomes)


def test_mutants_listed_as_equivalent_do_not_count(bank):
    list_as_equivalent(bank, LINE, LINE.replace("dim=1", "dim=0", 1), inside="weighted_mean")
    (report,) = mutate(bank, judge=judge_by(lambda source: "dim=0" not in source), jobs=1)
    (listed,) = [outcome for outcome in report.outcomes if outcome.result == "equivalent"]
    assert listed.reason == "the same sum"
    assert len(report.survived) == 1
    assert report.score == 1 - 1 / (len(report.outcomes) - 1)


def test_mutants_that_only_a_gpu_could_tell_do_not_count(bank):
    edit(bank / f"solutions/basics/{SLUG}/solution.py", lambda text: text.replace("dim=1", "dim=1, out=torch.empty(2, device=weights.device)", 1))
    (report,) = mutate(bank, judge=judge_by(lambda source: "device=weights.device" in source), jobs=1)
    assert {outcome.mutant.device_alone for outcome in report.outcomes if outcome.result == "device"} == {True}
    assert report.count("device") == 2
    assert report.counted == len(report.outcomes) - 2
    (report,) = mutate(bank, judge=judge_by(lambda _source: True), jobs=1)
    assert report.count("device") == 0, "what a check notices is noticed"


def test_a_mutant_that_is_listed_and_yet_killed_is_told(bank):
    list_as_equivalent(bank, LINE, LINE.replace("dim=1", "dim=0", 1))
    (report,) = mutate(bank, judge=judge_by(lambda _source: True), jobs=1)
    assert [outcome.by for outcome in report.wrongly_listed] == ["values"]


def test_an_entry_that_speaks_of_no_mutant_is_stale(bank):
    list_as_equivalent(bank, LINE, "return nothing")
    list_as_equivalent(bank, LINE, LINE.replace("dim=1", "dim=0", 1), inside="another_function")
    list_as_equivalent(bank, LINE, LINE.replace("dim=1", "dim=0", 1))
    (report,) = mutate(bank, judge=judge_by(lambda _source: True), jobs=1)
    entries = equivalent.load(bank)
    assert equivalent.stale(entries, [outcome.mutant for outcome in report.outcomes]) == list(entries[:2])


def test_what_only_the_clock_killed_is_judged_again(bank):
    seen = []

    def judge(job):
        seen.append(job.source)
        return verdict(job, "values", kind="time") if seen.count(job.source) == 1 else verdict(job)

    (report,) = mutate(bank, judge=judge, limit=3, jobs=1)
    assert len(report.survived) == 3
    (report,) = mutate(bank, judge=lambda job: verdict(job, "values", kind="time"), limit=3, jobs=1)
    assert [(outcome.by, outcome.kind) for outcome in report.outcomes] == [("values", "time")] * 3


def test_a_failure_of_the_judge_is_no_kill(bank):
    (report,) = mutate(bank, judge=lambda job: verdict(job, error="out of memory"), limit=3, jobs=1)
    assert [(outcome.result, outcome.by) for outcome in report.outcomes] == [("error", "out of memory")] * 3
    assert report.score == 0.0


def test_a_sample_is_drawn_by_its_seed(bank):
    def sample(seed):
        (report,) = mutate(bank, judge=verdict, limit=5, seed=seed, jobs=1)
        return [outcome.mutant.id for outcome in report.outcomes]

    assert sample(1) == sample(1) != sample(2)
    assert len(sample(1)) == 5


def test_a_solution_that_is_missing_or_broken_is_told(bank):
    solution = bank / f"solutions/basics/{SLUG}/solution.py"
    solution.write_text("def f(:\n", encoding="utf-8")
    with pytest.raises(KitError, match="not Python"):
        mutate(bank, judge=verdict)
    solution.unlink()
    with pytest.raises(KitError, match="no solution"):
        mutate(bank, [SLUG], judge=verdict)
    assert mutate(bank, judge=verdict) == []
