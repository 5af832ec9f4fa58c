"""One person's work as their pages show it: what was handed in, what came of it, and what is open to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from kit.bank import Bank
from kit.classroom import points
from kit.classroom.schema import Assignment, Grading, Person, Submission, VerdictRow
from kit.exercise import Exercise

__all__ = ["State", "Task", "Try", "Work", "standing", "tasks", "tries"]

State = Literal["passed", "failed", "pending", "running", "broken", "none"]


@dataclass(frozen=True, kw_only=True)
class Try:
    """A submission without its source. state broken: the infrastructure failed at it, which uses up no attempt."""

    id: int
    exercise: str
    number: int
    submitted_at: datetime
    assignment_id: int | None
    assignment: str | None
    state: State
    passed: int
    total: int

    @property
    def attempt(self) -> points.Attempt:
        """The same as the points see it."""
        state = "judged" if self.state in {"passed", "failed"} else "failed" if self.state == "broken" else "pending"
        return points.Attempt(
            submission_id=self.id,
            person_id=0,
            exercise=self.exercise,
            assignment_id=self.assignment_id,
            number=self.number,
            submitted_at=self.submitted_at,
            state=state,
            passed=self.state == "passed",
            checks_passed=self.passed,
            checks_total=self.total,
        )


@dataclass(frozen=True, kw_only=True)
class Task:
    """An exercise of an assignment, for one person. used: attempts; left: how many more, None: any number. points: None before the first verdict."""

    exercise: Exercise
    state: State
    worth: float
    points: float | None
    used: int
    left: int | None


@dataclass(frozen=True, kw_only=True)
class Work:
    """An assignment with what one person has done of it."""

    assignment: Assignment
    tasks: tuple[Task, ...]

    @property
    def solved(self) -> int:
        """How many of its exercises are passed."""
        return sum(task.state == "passed" for task in self.tasks)

    @property
    def worth(self) -> float:
        """All its points."""
        return sum(task.worth for task in self.tasks)

    @property
    def points(self) -> float:
        """Those that were made."""
        return sum(task.points or 0.0 for task in self.tasks)

    def phase(self, now: datetime) -> Literal["early", "open", "late", "closed"]:
        """Before it opens, before it is due, after that, after it has closed."""
        given = self.assignment
        if given.opens_at is not None and now < given.opens_at:
            return "early"
        if given.closes_at is not None and now > given.closes_at:
            return "closed"
        return "late" if given.due_at is not None and now > given.due_at else "open"


def tries(session: Session, person: Person, *, exercise: str | None = None, submission_id: int | None = None) -> list[Try]:
    """What a person has handed in, newest first; of one exercise, or only one."""
    found = (
        select(
            Submission.id,
            Submission.exercise,
            Submission.number,
            Submission.submitted_at,
            Submission.assignment_id,
            Assignment.title,
            VerdictRow.passed,
            VerdictRow.checks_passed,
            VerdictRow.checks_total,
            Grading.state,
        )
        .outerjoin(Assignment, Assignment.id == Submission.assignment_id)
        .outerjoin(VerdictRow, VerdictRow.id == Submission.verdict_id)
        .outerjoin(Grading, and_(Grading.submission_id == Submission.id, Grading.regrade_id.is_(None)))
        .where(Submission.person_id == person.id)
        .order_by(Submission.id.desc())
    )
    if exercise is not None:
        found = found.where(Submission.exercise == exercise)
    if submission_id is not None:
        found = found.where(Submission.id == submission_id)
    return [
        Try(
            id=row.id,
            exercise=row.exercise,
            number=row.number,
            submitted_at=row.submitted_at,
            assignment_id=row.assignment_id,
            assignment=row.title,
            state=_state(row.passed, row.state),
            passed=row.checks_passed or 0,
            total=row.checks_total or 0,
        )
        for row in session.execute(found)
    ]


def tasks(bank: Bank, assignment: Assignment, mine: Iterable[Try]) -> Work:
    """What a person has done of an assignment. mine: at least what they handed in for it. Exercises that left the bank are left out."""
    rules = points.Rules.of(assignment)
    own = [each for each in mine if each.assignment_id == assignment.id]
    made: list[Task] = []
    for row in assignment.exercises:
        exercise = bank.by_slug.get(row.exercise)
        if exercise is None:
            continue
        of_it = [each for each in own if each.exercise == row.exercise]
        counted = points.score([each.attempt for each in of_it], {assignment.id: rules}, rules.counts).counted
        used = sum(each.state != "broken" for each in of_it)
        worth = exercise.points * row.weight
        task = Task(
            exercise=exercise,
            state=standing(of_it),
            worth=worth,
            points=None if counted is None else points.points(counted.share, worth),
            used=used,
            left=None if assignment.attempts is None else max(assignment.attempts - used, 0),
        )
        made.append(task)
    return Work(assignment=assignment, tasks=tuple(made))


def standing(mine: Iterable[Try]) -> State:
    """What somebody's submissions of an exercise come to, in a word: passed once is passed, else what became of the newest."""
    states: list[State] = [each.state for each in mine]
    if "passed" in states:
        return "passed"
    return states[0] if states else "none"


def _state(passed: bool | None, grading: str | None) -> State:
    if passed is not None:
        return "passed" if passed else "failed"
    if grading == "failed":
        return "broken"
    return "running" if grading == "running" else "pending"
