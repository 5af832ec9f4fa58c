"""The gradebook: students × exercises, with their real names; for the desk, never for a board."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.text import _
from kit.classroom.boards import Board, Cell
from kit.classroom.schema import Person

__all__ = ["Column", "Gradebook", "Line", "gradebook", "table"]


@dataclass(frozen=True)
class Column:
    """An exercise, and the points that it is worth here."""

    exercise: str
    worth: float


@dataclass(frozen=True)
class Line:
    """A student. cells: one for each column, None where nothing was handed in. rank: on the board."""

    person_id: int
    name: str
    student_id: str
    email: str
    section: str
    pseudonym: str
    rank: int
    points: float
    solved: int
    pending: int
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Gradebook:
    """All active students, by name. title: of the assignment, or empty for everything."""

    title: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]

    @property
    def worth(self) -> float:
        """The points of all columns."""
        return round(sum(column.worth for column in self.columns), 6)

    def column(self, exercise: str) -> tuple[Cell | None, ...]:
        """The cells of an exercise, in the order of the lines. Raises ValueError when it has no column."""
        place = [column.exercise for column in self.columns].index(exercise)
        return tuple(line.cells[place] for line in self.lines)


def gradebook(session: Session, board: Board) -> Gradebook:
    """The gradebook behind the staff's board: of an assignment all its exercises, else those to which something was handed in."""
    all_of_them = board.name.kind in {"assignment", "exercise"}
    used = {slug for row in board.rows for slug in row.cells}
    columns = tuple(Column(slug, worth) for slug, worth in board.worth.items() if all_of_them or slug in used)
    people = {person.id: person for person in session.scalars(select(Person).where(Person.role == "student"))}
    lines = [
        Line(
            row.person_id, person.name, person.student_id or "", person.email or "", person.section.name if person.section else "", row.pseudonym,
            row.rank, row.points, row.solved, row.pending, tuple(row.cells.get(column.exercise) for column in columns),
        )
        for row in board.rows
        if (person := people.get(row.person_id)) is not None
    ]  # fmt: skip
    lines.sort(key=lambda line: (line.name.casefold(), line.person_id))
    return Gradebook(board.title, columns, tuple(lines))


def table(book: Gradebook) -> list[list[str | float | int]]:
    """A line of headings and a line for each student, for an export: numbers as numbers, empty where nothing was handed in.

    Whoever writes it as CSV makes its texts formula-safe.
    """
    about = [_("name"), _("student number"), _("email"), _("section"), _("pseudonym")]
    rows: list[list[str | float | int]] = [[*about, _("points"), *(column.exercise for column in book.columns)]]
    for line in book.lines:
        cells = ["" if cell is None or cell.state == "pending" else cell.points for cell in line.cells]
        rows.append([line.name, line.student_id, line.email, line.section, line.pseudonym, line.points, *cells])
    return rows
