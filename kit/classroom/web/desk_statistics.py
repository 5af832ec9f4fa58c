"""What the class finds hard: over all exercises, and for one of them check by check."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import case, distinct, func, select
from sqlalchemy.orm import Session

from kit.classroom.schema import Person, Section, Submission, VerdictRow
from kit.classroom.statistics import sentence, statistics
from kit.classroom.web.auth import room_of
from kit.classroom.web.desk_parts import Chosen, Staff, desk, titles
from kit.classroom.web.pages import exercise_of
from kit.classroom.web.view import page

__all__ = ["router"]

router = desk()


@dataclass(frozen=True)
class Summary:
    """An exercise over the active students: how many have a verdict, how many of them passed, submissions with a verdict."""

    exercise: str
    people: int
    passed: int
    submissions: int

    @property
    def share(self) -> float:
        """The part of those who tried that passed, 0 to 1."""
        return self.passed / self.people if self.people else 0.0


@router.get("/statistics")
def show_all(request: Request, who: Staff, assignment: str = "", section: str = "") -> Response:  # noqa: ARG001  # being of the staff is asked for
    """Every exercise that somebody has tried, the hardest first."""
    room = room_of(request)
    with room.store.reading() as session:
        chosen = Chosen(session, assignment)
        found = sorted(_summaries(session, chosen.id, section), key=lambda each: (each.share, -each.people, each.exercise))
        sections = _sections(session)
    return page(request, "desk/statistics.html", found=found, chosen=chosen, section=section, sections=sections, titles=titles(room))


@router.get("/statistics/{slug}")
def show(request: Request, who: Staff, slug: str, assignment: str = "", section: str = "") -> Response:  # noqa: ARG001  # being of the staff is asked for
    """An exercise check by check: who fails it, and by which known mistake."""
    room = room_of(request)
    exercise = exercise_of(room, slug)
    with room.store.reading() as session:
        chosen = Chosen(session, assignment)
        found = statistics(session, exercise, assignment_id=chosen.id, section=section or None)
        sections = _sections(session)
    counts = [(tries, found.to_pass.count(tries)) for tries in sorted(set(found.to_pass))]
    hardest = max((check for check in found.checks if check.failed), key=lambda check: check.share, default=None)
    values: dict[str, Any] = {"counts": counts, "hardest": sentence(hardest) if hardest is not None else "", "section": section, "sections": sections}
    return page(request, "desk/exercise_statistics.html", exercise=exercise, found=found, chosen=chosen, titles=titles(room), **values)


def _summaries(session: Session, assignment_id: int | None, section: str) -> list[Summary]:
    passed = case((VerdictRow.passed, Submission.person_id))
    query = (
        select(Submission.exercise, func.count(distinct(Submission.person_id)), func.count(distinct(passed)), func.count())
        .join(VerdictRow, VerdictRow.id == Submission.verdict_id)
        .join(Person, Person.id == Submission.person_id)
        .where(Person.active, Person.role == "student")
        .group_by(Submission.exercise)
    )
    if assignment_id is not None:
        query = query.where(Submission.assignment_id == assignment_id)
    if section:
        query = query.where(Person.section.has(name=section))
    return [Summary(*row) for row in session.execute(query)]


def _sections(session: Session) -> list[str]:
    return list(session.scalars(select(Section.name).order_by(Section.name)))
