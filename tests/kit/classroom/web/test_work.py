"""What one person's submissions come to on their own pages, and the phases of an assignment."""

from datetime import timedelta

import pytest
from scene import MORNING

from kit.classroom.schema import Assignment, AssignmentExercise
from kit.classroom.web.work import Try, Work, standing, tasks


def handed(state: str, number: int = 1, *, assignment_id: int | None = 1, passed: int = 0, hours: float = 0) -> Try:
    return Try(
        id=number, exercise="double", number=number, submitted_at=MORNING + timedelta(hours=hours), assignment_id=assignment_id,
        assignment=None, state=state, passed=passed, total=4,
    )  # fmt: skip


def given(**rules) -> Assignment:
    rules = {"counts": "best", "credit": "all", "late_per_day": 0.0} | rules
    return Assignment(
        id=1, slug="w", title="W", exercises=[AssignmentExercise(exercise="double", weight=2.0), AssignmentExercise(exercise="gone")], **rules
    )


@pytest.mark.parametrize(
    ("states", "word"),
    [([], "none"), (["failed"], "failed"), (["pending", "failed"], "pending"), (["failed", "passed"], "passed"), (["broken"], "broken")],
)
def test_a_word_for_several_submissions(states, word):
    assert standing(handed(state) for state in states) == word


def test_points_attempts_and_what_is_left(bank):
    worth = bank.exercise("double").points * 2
    mine = [handed("broken", 4), handed("failed", 3, passed=2), handed("passed", 2, assignment_id=None), handed("failed", 1, passed=1)]
    [task] = tasks(bank, given(attempts=3, credit="share"), mine).tasks
    assert (task.state, task.worth, task.points, task.used, task.left) == ("broken", worth, worth / 2, 2, 1)
    [task] = tasks(bank, given(), []).tasks
    assert (task.state, task.points, task.used, task.left) == ("none", None, 0, None)


def test_late_work_and_the_last_submission(bank):
    rules = {"counts": "last", "late_per_day": 0.25, "due_at": MORNING}
    work = tasks(bank, given(**rules), [handed("failed", 2, hours=30), handed("passed", 1, hours=1)])
    assert (work.points, work.solved) == (0.0, 1)
    work = tasks(bank, given(**rules), [handed("pending", 2, hours=30), handed("passed", 1, hours=1)])
    assert work.points == work.worth * 0.75


@pytest.mark.parametrize(("hours", "phase"), [(-1, "early"), (0, "open"), (2, "open"), (2.5, "late"), (3, "late"), (3.5, "closed")])
def test_phases(hours, phase):
    hour = timedelta(hours=1)
    assignment = given(opens_at=MORNING, due_at=MORNING + 2 * hour, closes_at=MORNING + 3 * hour)
    assert Work(assignment=assignment, tasks=()).phase(MORNING + hours * hour) == phase
