"""The documents that /api/v1 takes and gives; FastAPI describes them in /api/v1/openapi.json."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from grader.verdict import Device
from kit.answer import LARGEST
from kit.classroom.schema import Counts, Credit, Feedback, GradingState, Role

__all__ = [
    "Answer", "AssignmentView", "BoardView", "Entry", "ExerciseView", "Joined", "Joining", "Link", "Me", "OwnRow", "Problem", "Receipt",
    "SpeedBoardView", "Standing", "SubmissionList", "SubmissionView",
]  # fmt: skip

Slug = Annotated[str, Field(max_length=60, pattern=r"^[A-Za-z0-9_-]*$")]


class _Given(BaseModel):
    """What a client sends: with the fields that are named here and no other."""

    model_config = ConfigDict(extra="forbid")


class Joining(_Given):
    """Somebody comes in by the class's code."""

    code: Annotated[str, Field(max_length=100)]
    name: Annotated[str, Field(max_length=1000)]
    email: Annotated[str, Field(max_length=1000)] | None = None
    student_id: Annotated[str, Field(max_length=1000)] | None = None
    label: Annotated[str, Field(max_length=1000)] = ""


class Answer(_Given):
    """An answer to be judged. assignment: its short name, "" for practice; without it the open one that has the exercise, else practice.

    spare_last: refuse it, with the code last-attempt, when it would use up the last attempt.
    """

    exercise: Slug
    source: Annotated[str, Field(max_length=LARGEST + 1)]
    assignment: Slug | None = None
    spare_last: bool = False


class Me(BaseModel):
    """Who one is here."""

    name: str
    pseudonym: str
    role: Role
    section: str | None
    classroom: str


class Joined(BaseModel):
    """token: shown this once."""

    token: str
    me: Me


class Receipt(BaseModel):
    """An accepted answer. new: False when it is one's latest again. position: its place in the queue; age: seconds since it came.

    attempt: which of the assignment's attempts it is; null for practice. attempts, attempts_left: null where any number is allowed.
    """

    id: int
    new: bool
    position: int | None
    age: float
    attempt: int | None
    attempts: int | None
    attempts_left: int | None


class SubmissionView(BaseModel):
    """Where a submission stands. verdict: as much of it as `feedback` tells; its form is grader/verdict.schema.json.

    attempt, attempts and attempts_left are those of the receipt; attempt is null too for what the server failed at.
    """

    id: int
    exercise: str
    assignment: str | None
    number: int
    submitted_at: datetime
    state: GradingState
    position: int | None
    age: float
    feedback: Feedback
    verdict: dict[str, Any] | None
    attempt: int | None
    attempts: int | None
    attempts_left: int | None


class Entry(BaseModel):
    """A submission among others. passed and the counts of checks: None before the verdict."""

    id: int
    exercise: str
    assignment: str | None
    number: int
    submitted_at: datetime
    state: GradingState
    passed: bool | None
    checks_passed: int | None
    checks_total: int | None


class SubmissionList(BaseModel):
    """One's submissions, newest first; more: whether there are older ones."""

    submissions: list[Entry]
    more: bool


class ExerciseView(BaseModel):
    """An exercise of an assignment; points: with its weight."""

    slug: str
    title: str
    points: float


class AssignmentView(BaseModel):
    """An assignment with its rules. open: whether something can be handed in now."""

    slug: str
    title: str
    open: bool
    opens_at: datetime | None
    due_at: datetime | None
    closes_at: datetime | None
    late_per_day: float
    attempts: int | None
    feedback: Feedback
    counts: Counts
    credit: Credit
    exercises: list[ExerciseView]


class BoardExercise(BaseModel):
    """An exercise of a board, and what it is worth there."""

    slug: str
    points: float


class BoardCell(BaseModel):
    """Somebody at an exercise."""

    points: float
    state: Literal["passed", "part", "failed", "pending"]
    attempts: int
    pending: int
    at: datetime | None
    first: bool


class BoardRow(BaseModel):
    """Somebody on a board. cells: in the order of `exercises`, on boards that have them."""

    rank: int
    pseudonym: str
    points: float
    reached_at: datetime | None
    submissions: int
    solved: int
    first_solves: int
    pending: int
    cells: list[BoardCell | None] | None = None


class BoardView(BaseModel):
    """A board. freeze_at: nothing that was handed in from then on is in it. worth: all points there are."""

    board: Literal["overall", "assignment", "exercise", "section"]
    name: str
    title: str
    freeze_at: datetime | None
    worth: float
    exercises: list[BoardExercise]
    rows: list[BoardRow]


class SpeedRowView(BaseModel):
    """Somebody's fastest answer. ratio: its time over the reference's in the same minutes on the same core; less is faster."""

    rank: int
    pseudonym: str
    ratio: float
    machine: str
    at: datetime


class SpeedBoardView(BaseModel):
    """The speed board of an exercise on a kind of device."""

    board: Literal["speed"]
    name: str
    device: Device
    freeze_at: datetime | None
    rows: list[SpeedRowView]


class OwnRow(BaseModel):
    """One's own row of a board. later_points, later_solved: with what a freeze hides from the others; None where nothing is hidden."""

    rank: int
    points: float
    solved: int
    submissions: int
    later_points: float | None
    later_solved: int | None


class Standing(BaseModel):
    """One's own row of a board; null for who is not on it."""

    row: OwnRow | None


class Link(BaseModel):
    """A link that signs a browser in, once, until it expires."""

    url: str
    expires_at: datetime


class _Told(BaseModel):
    code: str
    what: str
    where: str
    remedy: str


class Problem(BaseModel):
    """Why something was refused: a word for programs, and what, where and what to do for people."""

    error: _Told
