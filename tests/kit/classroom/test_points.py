"""Points: credit, lateness, and which submission counts."""

import itertools
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scene import MORNING

from kit.classroom.points import PRACTICE, Attempt, Rules, credit, late_factor, points, score, share, tally
from kit.classroom.schema import Assignment

SHARE = Rules(credit="share")


def attempt(number: int = 1, *, hours: float = 0, state: str = "judged", right: int = 4, assignment: int | None = 1) -> Attempt:
    return Attempt(number, 1, "double", assignment, number, MORNING + timedelta(hours=hours), state, right == 4, right, 4)


@pytest.mark.parametrize(
    ("late", "left"),
    [
        (-timedelta(days=9), 1.0),
        (timedelta(0), 1.0),
        (timedelta(microseconds=1), 0.75),
        (timedelta(hours=24), 0.75),
        (timedelta(hours=24, microseconds=1), 0.5),
        (timedelta(days=4), 0.0),
        (timedelta(days=400), 0.0),
    ],
)
def test_each_day_begun_costs(late, left):
    assert late_factor(MORNING + late, Rules(due_at=MORNING, late_per_day=0.25)) == left


def test_without_a_due_time_nothing_is_late():
    assert late_factor(MORNING, Rules(late_per_day=1.0)) == 1.0


def test_credit_is_all_or_nothing_or_the_share_of_checks():
    assert [credit(attempt(right=right), PRACTICE) for right in (0, 3, 4)] == [0, 0, 1]
    assert [credit(attempt(right=right), SHARE) for right in (0, 3, 4)] == [0, 0.75, 1]
    assert credit(Attempt(1, 1, "double", 1, 1, MORNING, "judged"), SHARE) == 0, "an answer that could not be loaded had no checks"
    assert [credit(attempt(state=state), SHARE) for state in ("pending", "failed")] == [0, 0]


def test_floating_point_decides_nothing():
    late = Rules(due_at=MORNING, late_per_day=0.1)
    assert share(attempt(hours=49), late) == 0.7, "1 - 3 * 0.1 is 0.7 and not a little less"
    assert points(share(attempt(hours=49), late), 10) == 7.0


def test_best_is_the_earliest_with_most_points():
    rules = {1: Rules(credit="share", due_at=MORNING, late_per_day=0.5)}
    tries = [attempt(1, right=2), attempt(2, hours=1, right=4), attempt(3, hours=2, right=3), attempt(4, hours=3, state="pending")]
    made = score(reversed(tries), rules)
    assert [(step.submission_id, step.share) for step in made.steps] == [(1, 0.5)], "half of it in time is as good as all of it late"
    assert (made.submissions, made.pending, made.passed) == (4, 1, True)


def test_last_is_the_latest_that_has_a_verdict():
    tries = [attempt(1), attempt(2, hours=1, right=1), attempt(3, hours=2, state="pending"), attempt(4, hours=3, state="failed")]
    made = score(tries, {1: Rules("last", "share")}, "last")
    assert (made.counted.submission_id, made.counted.share, made.passed) == (2, 0.25, False)
    assert (made.submissions, made.pending) == (3, 1), "what the infrastructure failed at is no submission of theirs"


def test_practice_and_each_assignment_are_counted_apart_and_together():
    rules = {1: Rules(due_at=MORNING, late_per_day=0.25), 2: Rules("last", "share")}
    tries = [
        attempt(1, hours=1),
        attempt(2, hours=2, assignment=None, right=3),
        attempt(3, hours=3, assignment=2),
        attempt(4, hours=4, assignment=2, right=1),
    ]
    made = tally(tries, rules)
    assert (made.of(1).counted.share, made.of(2).counted.share, made.of(3)) == (0.75, 0.25, None)
    assert (made.of(None).counted.submission_id, made.of(None).counted.share, made.of(None).submissions) == (3, 1.0, 4)
    assert made.first_passed == (tries[0].submitted_at, 1)
    assert made.first_pending is None


def test_the_rules_of_an_assignment():
    row = Assignment(counts="last", credit="share", due_at=MORNING, late_per_day=0.5)
    assert Rules.of(row) == Rules("last", "share", MORNING, 0.5)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 72)), max_size=8), st.sampled_from([0.0, 0.1, 0.5, 1.0]))
def test_one_more_submission_never_costs_points_where_the_best_counts(handed, late_per_day):
    rules = {1: Rules("best", "share", MORNING, late_per_day)}
    tries = [attempt(number, hours=hours, right=right) for number, (right, hours) in enumerate(handed, 1)]
    shares = [score(tries[:count], rules).counted for count in range(1, len(tries) + 1)]
    assert all(before.share <= after.share for before, after in itertools.pairwise(shares))
