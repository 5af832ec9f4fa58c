"""Answers that resemble each other: a list of pairs for an exercise, and two answers side by side. A hint, no proof."""

from dataclasses import dataclass
from threading import Lock

from fastapi import Request
from fastapi.responses import Response
from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.text import _
from kit.classroom.errors import Refused
from kit.classroom.schema import Person, Submission
from kit.classroom.similarity import Pair, Side, compare, similar
from kit.classroom.web.auth import room_of
from kit.classroom.web.desk_parts import Chosen, Staff, desk, namesakes, titles
from kit.classroom.web.pages import exercise_of
from kit.classroom.web.render import highlighted
from kit.classroom.web.view import page
from kit.exercise import Exercise

__all__ = ["Comparisons", "comparisons_of", "router"]

router = desk()


class Comparisons:
    """What was found, by exercise and assignment: it takes seconds, and holds until something is handed in."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int | None], tuple[int, list[Pair]]] = {}
        self._lock = Lock()

    def known(self, session: Session, exercise: str, assignment_id: int | None) -> list[Pair] | None:
        """The pairs, when the class was compared since something was handed in last."""
        newest, pairs = self._kept.get((exercise, assignment_id), (-1, []))
        return pairs if newest == _newest(session, exercise, assignment_id) else None

    def made(self, session: Session, exercise: Exercise, assignment_id: int | None) -> list[Pair]:
        """The pairs, found now when they are not known; one comparison at a time."""
        with self._lock:
            pairs = self.known(session, exercise.slug, assignment_id)
            if pairs is None:
                newest = _newest(session, exercise.slug, assignment_id)
                pairs = similar(session, exercise, assignment_id=assignment_id)
                self._kept[exercise.slug, assignment_id] = newest, pairs
            return pairs


@dataclass(frozen=True)
class Beside:
    """One of two answers that are shown side by side."""

    person: Person
    submission: Submission
    side: Side | None
    source: Markup


@router.get("/similarity/{slug}")
def show(request: Request, who: Staff, slug: str, assignment: str = "") -> Response:  # noqa: ARG001  # being of the staff is asked for
    """The pairs of an exercise whose latest answers are much alike."""
    room = room_of(request)
    exercise = exercise_of(room, slug)
    with room.store.reading() as session:
        chosen = Chosen(session, assignment)
        pairs = comparisons_of(request).made(session, exercise, chosen.id)
        people = session.execute(select(Person.id, Person.name).where(Person.id.in_({side.person_id for pair in pairs for side in _sides(pair)})))
        same = namesakes(session)
        names = {person_id: f"{name} ({same[person_id]})" if person_id in same else name for person_id, name in people}
    return page(request, "desk/similarity.html", exercise=exercise, chosen=chosen, pairs=pairs, names=names, titles=titles(room))


@router.get("/similarity/{slug}/{first}/{second}")
def show_pair(request: Request, who: Staff, slug: str, first: int, second: int) -> Response:  # noqa: ARG001  # being of the staff is asked for
    """Two answers to an exercise side by side, what they share marked."""
    room = room_of(request)
    exercise = exercise_of(room, slug)
    with room.store.reading() as session:
        found = [_answer(session, exercise, number) for number in sorted((first, second))]
        same = namesakes(session)
    starter = exercise.starter.read_text(encoding="utf-8") if exercise.starter.is_file() else ""
    pairs = compare([(person.id, submission.id, submission.source) for person, submission in found], starter, threshold=0.0)
    sides = _sides(pairs[0]) if pairs else (None, None)
    both = [Beside(person, submission, side, _marked(submission, side)) for (person, submission), side in zip(found, sides, strict=True)]
    return page(request, "desk/pair.html", exercise=exercise, both=both, pair=pairs[0] if pairs else None, titles=titles(room), namesakes=same)


def comparisons_of(request: Request) -> Comparisons:
    """Those of this server."""
    state = request.app.state
    if not hasattr(state, "comparisons"):
        state.comparisons = Comparisons()
    return state.comparisons


def _sides(pair: Pair) -> tuple[Side, Side]:
    return pair.first, pair.second


def _marked(submission: Submission, side: Side | None) -> Markup:
    """The source, its shared lines marked."""
    lines = [line for first, last in side.lines for line in range(first, last + 1)] if side is not None else []
    return highlighted(submission.source, marked=tuple(lines))


def _answer(session: Session, exercise: Exercise, submission_id: int) -> tuple[Person, Submission]:
    submission = session.get(Submission, submission_id)
    if submission is None or submission.exercise != exercise.slug:
        raise Refused("no-submission", _("there is no such submission"), submission_id, _("Look at the list of similar answers."), http=404)
    return submission.person, submission


def _newest(session: Session, exercise: str, assignment_id: int | None) -> int:
    """The number of the last submission of them."""
    found = select(func.max(Submission.id)).where(Submission.exercise == exercise)
    if assignment_id is not None:
        found = found.where(Submission.assignment_id == assignment_id)
    return session.scalar(found) or 0
