"""Answers of people who saw only the statement and the starter: each passed within two tries, and must go on passing."""

import re
from pathlib import Path

import pytest

from kit.author.drawers import find
from kit.author.pool import judge_all

BANK = Path(__file__).parent.parent
DRAWERS = {drawers.slug: drawers for drawers in find(BANK)}
SOLVED = [slug for slug, drawers in DRAWERS.items() if drawers.blind.exists()]
SEED = 11


def test_every_exercise_was_solved_blind():
    assert {path.stem for path in (BANK / "tests" / "blind").glob("*.py")} == {drawers.module for drawers in DRAWERS.values()}


@pytest.mark.parametrize("slug", SOLVED)
def test_a_blind_answer_says_at_which_try_it_passed(slug):
    assert re.match(r"# blind: passed at try [12]\n", DRAWERS[slug].blind.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def verdicts(request):
    """Of the selected answers, side by side; under one seed: more were tried when they were handed in, and solutions are tried under more."""
    chosen = [item.callspec.params["slug"] for item in request.session.items if getattr(item, "originalname", "") == "test_a_blind_answer_passes"]
    jobs = [DRAWERS[slug].job(DRAWERS[slug].read(), DRAWERS[slug].blind.read_text(encoding="utf-8"), seed=SEED) for slug in chosen]
    return dict(zip(chosen, judge_all(jobs), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("slug", SOLVED)
def test_a_blind_answer_passes(verdicts, slug):
    verdict = verdicts[slug]
    failed = {check.name: check.failure.lines for check in verdict.checks if check.failure is not None}
    assert (verdict.error, verdict.load, failed) == (None, None, {})
    assert verdict.passed
