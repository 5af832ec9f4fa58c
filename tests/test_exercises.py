"""The real bank: every exercise complete and in step with itself; marked slow, proven by the judge."""

from pathlib import Path

import pytest

from kit.author import equivalent
from kit.author.check import check
from kit.author.drawers import find
from kit.author.mutants import mutants
from kit.bank import Bank

BANK = Path(__file__).parent.parent
SLUGS = [drawers.slug for drawers in find(BANK)]


def told(report):
    return [f"{finding.where}: {finding.problem}. {finding.remedy}" for finding in report.findings]


@pytest.fixture(scope="module")
def reports():
    """Every exercise's report; that of the bank itself has no name."""
    return {report.slug: report for report in check(BANK, judged=False)}


@pytest.mark.parametrize("slug", SLUGS)
def test_exercise_is_complete(reports, slug):
    assert told(reports[slug]) == []


def test_bank_holds_together(reports):
    assert "" not in reports or told(reports[""]) == []


@pytest.fixture(scope="module")
def proofs(request):
    """The reports with the judge's part, of the exercises that were selected; all at once, as many verdicts side by side as there are cores."""
    chosen = [item.callspec.params["slug"] for item in request.session.items if getattr(item, "originalname", "") == "test_exercise_is_proven"]
    return {report.slug: report for report in check(BANK, chosen)}


@pytest.mark.slow
@pytest.mark.parametrize("slug", SLUGS)
def test_exercise_is_proven(proofs, slug):
    assert told(proofs[slug]) == []


def test_equivalent_mutants_exist_and_give_a_reason():
    entries = equivalent.load(BANK)
    by_slug = {drawers.slug: drawers for drawers in find(BANK)}
    listed = sorted({entry.exercise for entry in entries})
    assert set(listed) <= set(by_slug)
    existing = [mutant for slug in listed for mutant in mutants(slug, by_slug[slug].solution.read_text(encoding="utf-8"))]
    assert equivalent.stale(entries, existing) == []
    assert [entry for entry in entries if len(entry.reason) < 20] == []


def test_places_of_files_are_those_that_the_rest_of_the_kit_uses(tmp_path):
    by_slug = {drawers.slug: drawers for drawers in find(BANK)}
    for exercise in Bank(BANK, cache=tmp_path).exercises:
        drawers = by_slug[exercise.slug]
        assert (exercise.folder, exercise.starter, exercise.model) == (drawers.exercise, drawers.starter, drawers.model)
        assert (exercise.solution, exercise.mistakes, exercise.checks) == (drawers.solution, drawers.mistakes, drawers.checks)
