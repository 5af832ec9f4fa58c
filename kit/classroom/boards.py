"""Boards: people ranked by their points, under pseudonyms. Pure values; no database.

The order: more points first; then who reached them earlier; then who needed fewer submissions; then the pseudonym. Who agrees in the first three
has the same rank. People without points share the last rank.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from msgspec import Struct, json
from msgspec.structs import replace

from grader.text import _
from kit.classroom.errors import Refused
from kit.classroom.points import PLACES, Moment, Score, Tally, points

__all__ = ["Board", "BoardName", "Cell", "Entrant", "Row", "encoded", "first_solves", "parse", "rank"]

Kind = Literal["overall", "assignment", "exercise", "section"]
CellState = Literal["passed", "part", "failed", "pending"]


class BoardName(NamedTuple):
    """Which board: the overall one, or that of an assignment, an exercise or a section of that name."""

    kind: Kind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}" if self.name else self.kind


class Entrant(NamedTuple):
    """Somebody who stands on a board."""

    person_id: int
    pseudonym: str
    section: str = ""


class Cell(Struct, frozen=True):
    """One person at one exercise.

    state: passed; part: some of the points; failed: no points; pending: nothing judged yet. attempts: submissions, the pending ones too.
    at, submission_id: of the submission that counts. first: they solved it before everybody else.
    """

    points: float
    state: CellState
    attempts: int
    pending: int
    at: datetime | None
    submission_id: int | None
    first: bool = False


class Row(Struct, frozen=True):
    """One person. reached_at: when the last of the points was handed in, None without points. person_id never leaves the server."""

    rank: int
    person_id: int
    pseudonym: str
    points: float
    reached_at: datetime | None
    submissions: int
    solved: int
    first_solves: int
    pending: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Board:
    """A whole board. worth: the points of each exercise. freeze_at: nothing that was handed in from then on is in it (None: everything is)."""

    name: BoardName
    title: str
    worth: Mapping[str, float]
    freeze_at: datetime | None
    rows: tuple[Row, ...]

    def row(self, person_id: int) -> Row | None:
        """That person's."""
        return next((row for row in self.rows if row.person_id == person_id), None)


def parse(text: str) -> BoardName:
    """The board's name from "overall", "assignment/week-1", "exercise/conv2d" or "section/A". Raises Refused."""
    kind, _slash, name = text.partition("/")
    if kind == "overall" and not name:
        return BoardName("overall")
    if kind in ("assignment", "exercise", "section") and name:  # a type checker narrows by a tuple
        return BoardName(kind, name)
    raise Refused("no-board", _("there is no such board"), text, _("Ask for overall, assignment/NAME, exercise/NAME or section/NAME."), http=404)


def first_solves(tallies: Iterable[Mapping[str, Tally]]) -> dict[str, Moment]:
    """By exercise, the passing submission before all others; none while an earlier submission waits for its verdict."""
    passed: dict[str, Moment] = {}
    pending: dict[str, Moment] = {}
    for own in tallies:
        for exercise, each in own.items():
            for found, moment in ((passed, each.first_passed), (pending, each.first_pending)):
                if moment is not None and (exercise not in found or moment < found[exercise]):
                    found[exercise] = moment
    return {exercise: moment for exercise, moment in passed.items() if exercise not in pending or moment < pending[exercise]}


def rank(
    entrants: Iterable[Entrant],
    tallies: Mapping[int, Mapping[str, Tally]],
    worth: Mapping[str, float],
    first: Mapping[str, Moment],
    assignment_id: int | None = None,
) -> tuple[Row, ...]:
    """The rows of a board, best first.

    tallies: by person and exercise. worth: the points of each exercise of the board; others count for nothing. assignment_id: only what was handed
    in for it (None: everything, practice too).
    """
    rows = [_row(entrant, tallies.get(entrant.person_id, {}), worth, first, assignment_id) for entrant in entrants]
    rows.sort(key=lambda row: (*_place(row), row.pseudonym))
    ranked: list[Row] = []
    for position, row in enumerate(rows, 1):
        level = ranked and _place(ranked[-1]) == _place(row)
        ranked.append(replace(row, rank=ranked[-1].rank if level else position))
    return tuple(ranked)


def _row(entrant: Entrant, own: Mapping[str, Tally], worth: Mapping[str, float], first: Mapping[str, Moment], assignment_id: int | None) -> Row:
    cells: dict[str, Cell] = {}
    total = 0.0
    reached_at: datetime | None = None
    submissions = solved = first_solves = pending = 0
    for exercise, most in worth.items():
        tally = own.get(exercise)
        score = tally.of(assignment_id) if tally is not None else None
        if tally is None or score is None or not score.submissions:
            continue
        cell = _cell(score, most, is_first=score.passed and tally.first_passed is not None and first.get(exercise) == tally.first_passed)
        cells[exercise] = cell
        total += cell.points
        submissions += cell.attempts
        solved += cell.state == "passed"
        first_solves += cell.first
        pending += cell.pending
        if cell.points > 0 and cell.at is not None and (reached_at is None or cell.at > reached_at):
            reached_at = cell.at
    return Row(0, entrant.person_id, entrant.pseudonym, round(total, PLACES), reached_at, submissions, solved, first_solves, pending, cells)


def _cell(score: Score, worth: float, *, is_first: bool) -> Cell:
    counted = score.counted
    if counted is None:
        return Cell(0.0, "pending", score.submissions, score.pending, None, None)
    made = points(counted.share, worth)
    state: CellState = "passed" if score.passed else "part" if made > 0 else "failed"
    return Cell(made, state, score.submissions, score.pending, counted.at, counted.submission_id, is_first)


def _place(row: Row) -> tuple[Any, ...]:
    """What decides the rank, smallest first; the same for all without points."""
    return (0.0,) if row.reached_at is None else (-row.points, row.reached_at, row.submissions)


def encoded(board: Board) -> bytes:
    """A board as JSON: pseudonyms and nothing else of anybody. Boards of one set of exercises have its cells, in the order of `exercises`."""
    exercises = list(board.worth) if board.name.kind in {"assignment", "exercise"} else []
    document: dict[str, Any] = {
        "board": board.name.kind,
        "name": board.name.name,
        "title": board.title,
        "freeze_at": board.freeze_at,
        "worth": round(sum(board.worth.values()), PLACES),
        "exercises": [{"slug": slug, "points": round(board.worth[slug], PLACES)} for slug in exercises],
        "rows": [_public(row, exercises) for row in board.rows],
    }
    return json.encode(document)


def _public(row: Row, exercises: list[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "rank": row.rank,
        "pseudonym": row.pseudonym,
        "points": row.points,
        "reached_at": row.reached_at,
        "submissions": row.submissions,
        "solved": row.solved,
        "first_solves": row.first_solves,
        "pending": row.pending,
    }
    if exercises:
        shown["cells"] = [_public_cell(row.cells.get(slug)) for slug in exercises]
    return shown


def _public_cell(cell: Cell | None) -> dict[str, Any] | None:
    if cell is None:
        return None
    return {"points": cell.points, "state": cell.state, "attempts": cell.attempts, "pending": cell.pending, "at": cell.at, "first": cell.first}
