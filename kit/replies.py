"""What a class's server answers, as far as `kit` shows it; kit.classroom.messages is its side."""

from datetime import datetime

import msgspec

from grader.verdict import Verdict

__all__ = [
    "Assignment", "Board", "Cell", "Joined", "Link", "Me", "Own", "Receipt", "Row", "SpeedBoard", "SpeedRow", "Standing", "Submission", "Worth",
]  # fmt: skip


class Me(msgspec.Struct, frozen=True):
    """Who one is in the class."""

    name: str
    pseudonym: str
    role: str
    section: str | None
    classroom: str


class Joined(msgspec.Struct, frozen=True):
    """What joining gives."""

    token: str
    me: Me


class Link(msgspec.Struct, frozen=True):
    """A link that signs a browser in, once."""

    url: str


class Assignment(msgspec.Struct, frozen=True):
    """An assignment that one may know of. open: whether something can be handed in now."""

    slug: str
    title: str
    open: bool
    due_at: datetime | None
    closes_at: datetime | None


class Receipt(msgspec.Struct, frozen=True):
    """An accepted answer. new: False when it was there already. attempt: None for practice; attempts, attempts_left: None without a limit."""

    id: int
    new: bool
    position: int | None
    age: float
    attempt: int | None = None
    attempts: int | None = None
    attempts_left: int | None = None


class Submission(msgspec.Struct, frozen=True):
    """Where a submission stands. position: in the queue; age: seconds since it came; verdict: as much as feedback tells."""

    id: int
    exercise: str
    assignment: str | None
    number: int
    state: str
    position: int | None
    age: float
    feedback: str
    verdict: Verdict | None
    attempt: int | None = None
    attempts: int | None = None
    attempts_left: int | None = None


class Cell(msgspec.Struct, frozen=True):
    """Somebody at one exercise of a board."""

    points: float
    state: str
    attempts: int
    pending: int
    first: bool


class Row(msgspec.Struct, frozen=True):
    """Somebody on a board."""

    rank: int
    pseudonym: str
    points: float
    reached_at: datetime | None
    submissions: int
    solved: int
    first_solves: int
    pending: int
    cells: tuple[Cell | None, ...] = ()


class Worth(msgspec.Struct, frozen=True):
    """An exercise of a board."""

    slug: str
    points: float


class Board(msgspec.Struct, frozen=True):
    """A board. freeze_at: nothing that was handed in from then on is in it."""

    board: str
    name: str
    title: str
    freeze_at: datetime | None
    worth: float
    exercises: tuple[Worth, ...]
    rows: tuple[Row, ...]


class SpeedRow(msgspec.Struct, frozen=True):
    """Somebody's fastest answer. ratio: its time over the reference's; less is faster."""

    rank: int
    pseudonym: str
    ratio: float
    machine: str
    at: datetime


class SpeedBoard(msgspec.Struct, frozen=True):
    """The speed board of an exercise."""

    name: str
    device: str
    freeze_at: datetime | None
    rows: tuple[SpeedRow, ...]


class Own(msgspec.Struct, frozen=True):
    """One's own row. later_points, later_solved: with what a freeze hides from the others."""

    rank: int
    points: float
    solved: int
    later_points: float | None
    later_solved: int | None


class Standing(msgspec.Struct, frozen=True):
    """One's own row of a board; None for who is not on it."""

    row: Own | None
