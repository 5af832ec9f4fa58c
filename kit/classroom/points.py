"""Points: what a submission is worth, and what somebody's submissions of one exercise come to. Pure values; no database."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from kit.classroom.schema import Assignment, Counts, Credit

__all__ = ["PRACTICE", "Attempt", "Moment", "Rules", "Score", "Step", "Tally", "credit", "late_factor", "points", "score", "share", "tally"]

AttemptState = Literal["pending", "judged", "failed"]
Moment = tuple[datetime, int]  # when it was handed in, and its number in the database: a total order of all submissions

DAY = timedelta(days=1)
PLACES = 6  # what floating point does behind these decides no rank


class Attempt(Struct, frozen=True):
    """A submission as the boards see it. pending: waits or is being judged; failed: the infrastructure failed at it, so it counts for nothing."""

    submission_id: int
    person_id: int
    exercise: str
    assignment_id: int | None
    number: int
    submitted_at: datetime
    state: AttemptState
    passed: bool = False
    checks_passed: int = 0
    checks_total: int = 0

    @property
    def moment(self) -> Moment:
        """Its place in time."""
        return self.submitted_at, self.submission_id


class Rules(Struct, frozen=True):
    """How an assignment makes points."""

    counts: Counts = "best"
    credit: Credit = "all"
    due_at: datetime | None = None
    late_per_day: float = 0.0

    @classmethod
    def of(cls, assignment: Assignment) -> "Rules":
        """Those of an assignment."""
        counts: Counts = "last" if assignment.counts == "last" else "best"
        return cls(counts, "share" if assignment.credit == "share" else "all", assignment.due_at, assignment.late_per_day)


PRACTICE = Rules()


class Step(Struct, frozen=True):
    """From this submission on, its share of the exercise's points is the one that counts."""

    share: float
    at: datetime
    submission_id: int
    passed: bool


class Score(Struct, frozen=True):
    """What somebody's submissions of an exercise come to; the last step is the submission that counts. submissions: how many, pending ones too."""

    steps: tuple[Step, ...] = ()
    submissions: int = 0
    pending: int = 0
    passed: bool = False

    @property
    def counted(self) -> Step | None:
        """The submission that counts; None before the first verdict."""
        return self.steps[-1] if self.steps else None


class Tally(Struct, frozen=True):
    """All that the boards need of somebody's submissions of one exercise.

    overall: the best of all of them, each under the rules it was handed in under. first_passed, first_pending: their earliest ones.
    """

    overall: Score
    by_assignment: dict[int, Score]
    first_passed: Moment | None = None
    first_pending: Moment | None = None

    def of(self, assignment_id: int | None) -> Score | None:
        """The score within an assignment; overall for None."""
        return self.overall if assignment_id is None else self.by_assignment.get(assignment_id)


def late_factor(submitted_at: datetime, rules: Rules) -> float:
    """What lateness leaves of the points, 0 to 1: each day (24 h) begun after the due time takes late_per_day."""
    if rules.due_at is None or submitted_at <= rules.due_at:
        return 1.0
    days_begun = -((rules.due_at - submitted_at) // DAY)
    return max(0.0, 1.0 - rules.late_per_day * days_begun)


def credit(attempt: Attempt, rules: Rules) -> float:
    """1 when every check passed, else nothing or the share of passed checks, as the rules say. Nothing before the verdict."""
    if attempt.state != "judged":
        return 0.0
    if attempt.passed:
        return 1.0
    return attempt.checks_passed / attempt.checks_total if rules.credit == "share" and attempt.checks_total else 0.0


def share(attempt: Attempt, rules: Rules) -> float:
    """The part of the exercise's points that a submission makes."""
    made = credit(attempt, rules)
    return round(made * late_factor(attempt.submitted_at, rules), PLACES + 3) if made else 0.0


def points(share: float, worth: float) -> float:
    """The points for a share of an exercise that is worth so many: those of the bank times its weight in the assignment."""
    return round(share * worth, PLACES)


def score(attempts: Iterable[Attempt], rules: Mapping[int, Rules], counts: Counts = "best") -> Score:
    """What these submissions of one person and one exercise come to; rules by assignment, practice has its own.

    best: the submission with most points, the earliest of several. last: the latest that has a verdict; while a later one is pending, that one.
    """
    steps: list[Step] = []
    submissions = pending = 0
    passed = False
    for attempt in sorted(attempts, key=_moment):
        if attempt.state == "failed":
            continue
        submissions += 1
        if attempt.state == "pending":
            pending += 1
            continue
        made = share(attempt, PRACTICE if attempt.assignment_id is None else rules.get(attempt.assignment_id, PRACTICE))
        passed = attempt.passed or (passed and counts == "best")
        if counts == "last" or not steps or made > steps[-1].share:
            steps.append(Step(made, attempt.submitted_at, attempt.submission_id, attempt.passed))
    return Score(tuple(steps), submissions, pending, passed)


def tally(attempts: list[Attempt], rules: Mapping[int, Rules]) -> Tally:
    """All that the boards need of these submissions of one person and one exercise."""
    assignments = {attempt.assignment_id for attempt in attempts}
    own = {
        assignment_id: score([each for each in attempts if each.assignment_id == assignment_id], rules, rules.get(assignment_id, PRACTICE).counts)
        for assignment_id in assignments
        if assignment_id is not None
    }
    return Tally(
        score(attempts, rules),
        own,
        min((each.moment for each in attempts if each.state == "judged" and each.passed), default=None),
        min((each.moment for each in attempts if each.state == "pending"), default=None),
    )


def _moment(attempt: Attempt) -> Moment:
    return attempt.submitted_at, attempt.submission_id
