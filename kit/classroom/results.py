"""What came of a batch, as tables: one of all that is known, or the columns that Canvas and Moodle read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from grader.verdict import Verdict
from kit.classroom.cells import Cell
from kit.classroom.folder import Answer

__all__ = ["COLUMNS", "Columns", "Result", "table"]

Columns: TypeAlias = Literal["plain", "canvas", "moodle"]
COLUMNS: tuple[Columns, ...] = ("plain", "canvas", "moodle")

PLAIN = (
    "student", "exercise", "status", "points", "checks_passed", "checks_total", "failed_checks", "diagnosis", "seconds", "flags", "message", "file",
    "sha256", "bank_version",
)  # fmt: skip

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POSSIBLE = "    Points Possible"  # the row in which Canvas keeps what can be reached
MOODLE = ("Identifier", "Full name", "Email address")


@dataclass(frozen=True, kw_only=True)
class Result:
    """Of one answer: its verdict, or why there is none, which is never the same as no points."""

    answer: Answer
    file: str
    sha256: str
    bank_version: str
    verdict: Verdict | None
    error: str = ""

    @property
    def status(self) -> Literal["passed", "failed", "error"]:
        """How it ended."""
        if self.verdict is None:
            return "error"
        return "passed" if self.verdict.passed else "failed"

    @property
    def points(self) -> int | None:
        """All of the exercise's points, or none; None when nobody knows."""
        if self.verdict is None:
            return None
        return self.answer.exercise.points if self.verdict.passed and self.answer.exercise is not None else 0


def table(results: Sequence[Result], columns: Columns) -> list[list[Cell]]:
    """The rows with their headings.

    plain: a row for each answer. canvas, moodle: a row for each student and a column of points for each exercise, by the headings that the
    platform's import knows; empty where there is no answer or no verdict, which an import leaves as it is.
    """
    if columns == "plain":
        return [list(PLAIN), *(_row(result) for result in results)]
    known = (result.answer.exercise for result in results if result.answer.exercise is not None)
    exercises = sorted({exercise.slug: exercise for exercise in known}.values(), key=lambda exercise: exercise.slug)
    by_student: dict[tuple[str, str], dict[str, int | None]] = {}
    for result in results:
        by_student.setdefault((result.answer.student, result.answer.number), {})[result.answer.slug] = result.points
    about, headings = (_canvas, CANVAS) if columns == "canvas" else (_moodle, MOODLE)
    rows: list[list[Cell]] = [[*headings, *(exercise.slug for exercise in exercises)]]
    if columns == "canvas":
        rows.append([POSSIBLE, *[None] * (len(headings) - 1), *(exercise.points for exercise in exercises)])
    for (student, number), points in by_student.items():
        rows.append([*about(student, number), *(points.get(exercise.slug) for exercise in exercises)])
    return rows


def _canvas(student: str, number: str) -> list[Cell]:
    return [student, number, None, None if number else student, None]


def _moodle(student: str, number: str) -> list[Cell]:
    return [f"Participant {number}" if number else None, student, student if "@" in student else None]


def _row(result: Result) -> list[Cell]:
    answer, verdict = result.answer, result.verdict
    known: list[Cell] = [answer.student, answer.slug, result.status, result.points]
    if verdict is None:
        judged: list[Cell] = [None, None, None, None, None, None, result.error]
    else:
        failed = [check for check in verdict.checks if check.status == "failed"]
        failures = [verdict.load, *(check.failure for check in failed)]
        judged = [
            sum(check.status == "passed" for check in verdict.checks),
            len(verdict.checks),
            " ".join(check.name for check in failed),
            next((check.diagnosis.message for check in failed if check.diagnosis), None),
            round(verdict.seconds, 3),
            "; ".join(verdict.flags),
            next((failure.lines[0] for failure in failures if failure and failure.lines), None),
        ]
    return [*known, *judged, result.file, result.sha256, result.bank_version]
