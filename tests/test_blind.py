"""Answers of people who saw only the statement and the starter: each passed within two tries, and must go on passing."""

from pathlib import Path

import pytest

from grader.client import judge
from kit.author.drawers import find

BANK = Path(__file__).parent.parent
ANSWERS = {path.stem.replace("_", "-"): path for path in sorted((BANK / "tests" / "blind").glob("*.py"))}


def test_every_exercise_was_solved_blind():
    assert sorted(ANSWERS) == sorted(drawers.slug for drawers in find(BANK))


@pytest.mark.slow
@pytest.mark.parametrize("slug", ANSWERS)
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_a_blind_answer_passes(slug, seed):
    (drawers,) = find(BANK, [slug])
    verdict = judge(drawers.job(drawers.read(), ANSWERS[slug].read_text(encoding="utf-8"), seed=seed))
    failed = {check.name: check.failure.lines for check in verdict.checks if check.failure is not None}
    assert failed == {}
    assert verdict.passed
