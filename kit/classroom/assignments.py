"""Assignments: sets of exercises with rules, and which one somebody means who hands in without naming one."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import TypeAlias, cast, get_args

from sqlalchemy import Row, and_, bindparam, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from grader.text import _
from kit.classroom import people, strict
from kit.classroom.errors import Refused
from kit.classroom.room import bump
from kit.classroom.schema import KEYS, Assignment, AssignmentExercise, Counts, Credit, Feedback, Instant, Person, Section, Submission

__all__ = [
    "Meant", "Rules", "all_of_them", "create", "delete", "find_open", "may_see", "meant", "named", "open_for", "open_now", "rules_of", "unknown",
    "update", "visible_to",
]  # fmt: skip

MOST_WEIGHT, MOST_ATTEMPTS = 1000.0, 1000
LONGEST_SLUG, LONGEST_TITLE = 60, 200


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a teacher decides about an assignment; schema.Assignment says what each means. exercises: name and weight, in the order shown."""

    title: str
    exercises: tuple[tuple[str, float], ...]
    opens_at: datetime | None = None
    due_at: datetime | None = None
    closes_at: datetime | None = None
    late_per_day: float = 0.0
    attempts: int | None = None
    feedback: Feedback = "full"
    counts: Counts = "best"
    credit: Credit = "all"
    published: bool = True
    section: str | None = None


@dataclass(frozen=True)
class Meant:
    """An assignment for which something is handed in, id None: practice. refusal: why it cannot be, now."""

    id: int | None = None
    attempts: int | None = None
    refusal: Refused | None = None


_Open: TypeAlias = Row[int, datetime | None, datetime | None, int | None, bool]

# Built once: each costs more to build than to run.
_NOW = bindparam("now", type_=Instant())
_IN_IT = and_(AssignmentExercise.assignment_id == Assignment.id, AssignmentExercise.exercise == bindparam("exercise"))
_OPEN = (
    select(Assignment.id, Assignment.due_at, Assignment.closes_at, Assignment.attempts, strict.IS_STRICT.label("strict"))
    .join(AssignmentExercise, _IN_IT)
    .where(Assignment.published, or_(Assignment.section_id.is_(None), Assignment.section_id == bindparam("section", type_=KEYS)))
    .where(or_(Assignment.opens_at.is_(None), Assignment.opens_at <= _NOW), or_(Assignment.closes_at.is_(None), Assignment.closes_at >= _NOW))
)
_NAMED = select(
    Assignment.id,
    Assignment.attempts,
    Assignment.published,
    Assignment.section_id,
    Assignment.opens_at,
    Assignment.closes_at,
    exists().where(_IN_IT).label("has"),
).where(Assignment.slug == bindparam("slug"))


def rules_of(session: Session, assignment: Assignment) -> Rules:
    """The rules as they stand."""
    section = session.get(Section, assignment.section_id) if assignment.section_id is not None else None
    return Rules(
        title=assignment.title,
        exercises=tuple((exercise.exercise, exercise.weight) for exercise in assignment.exercises),
        opens_at=assignment.opens_at,
        due_at=assignment.due_at,
        closes_at=assignment.closes_at,
        late_per_day=assignment.late_per_day,
        attempts=assignment.attempts,
        feedback=cast("Feedback", assignment.feedback),
        counts=cast("Counts", assignment.counts),
        credit=cast("Credit", assignment.credit),
        published=assignment.published,
        section=section.name if section is not None else None,
    )


def create(session: Session, known: Collection[str], slug: str, rules: Rules, now: datetime) -> Assignment:
    """A new assignment. known: the exercises of the bank. Raises Refused for a name that is taken and rules that contradict each other."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) or len(slug) > LONGEST_SLUG:
        raise _bad(_("this cannot be an assignment's short name"), slug, _("Take lower-case letters and digits of English, joined by hyphens."))
    _check(rules, known)
    if session.scalar(select(exists().where(Assignment.slug == slug))):
        raise _taken(slug)
    assignment = Assignment(slug=slug, created_at=now)
    _write(session, assignment, rules)
    session.add(assignment)
    try:
        session.flush()
    except IntegrityError as error:
        raise _taken(slug) from error
    bump(session)
    return assignment


def update(session: Session, known: Collection[str], slug: str, rules: Rules) -> Assignment:
    """Put other rules in the place of an assignment's. Raises Refused, also for leaving out an exercise for which something was handed in."""
    assignment = named(session, slug)
    _check(rules, known)
    left_out = {exercise.exercise for exercise in assignment.exercises} - {exercise for exercise, _weight in rules.exercises}
    used = session.scalars(select(Submission.exercise).where(Submission.assignment_id == assignment.id, Submission.exercise.in_(left_out))).first()
    if used is not None:
        remedy = _("Give it the weight 0 instead.")
        raise Refused("in-use", _("there are submissions for this exercise of the assignment"), used, remedy, http=409)
    _write(session, assignment, rules)
    session.flush()
    bump(session)
    return assignment


def delete(session: Session, slug: str) -> None:
    """Take an assignment away. Raises Refused when something was handed in for it: that would become practice, without its rules."""
    assignment = named(session, slug)
    count = session.scalar(select(func.count()).select_from(Submission).where(Submission.assignment_id == assignment.id))
    if count:
        remedy = _("Unpublish it instead: nobody sees it then, and nothing is lost.")
        raise Refused("in-use", _("there are submissions for this assignment"), slug, remedy, http=409)
    session.delete(assignment)
    session.flush()
    bump(session)


def named(session: Session, slug: str) -> Assignment:
    """The assignment of that short name. Raises Refused."""
    assignment = session.scalar(select(Assignment).where(Assignment.slug == slug))
    if assignment is None:
        raise unknown(slug)
    return assignment


def all_of_them(session: Session) -> list[Assignment]:
    """Every assignment, by due time, those without one last."""
    return list(session.scalars(select(Assignment).order_by(Assignment.due_at.is_(None), Assignment.due_at, Assignment.id)))


def visible_to(session: Session, person: Person) -> list[Assignment]:
    """Those that somebody may know of, in the same order: students the published ones of their section and of everybody, others all."""
    return [assignment for assignment in all_of_them(session) if person.role != "student" or may_see(assignment, person)]


def may_see(assignment: Assignment, person: Person) -> bool:
    """Whether a student may know of it."""
    return assignment.published and assignment.section_id in {None, person.section_id}


def open_now(assignment: Assignment, now: datetime) -> bool:
    """Whether something can be handed in for it: from opens_at on, up to and including closes_at."""
    return (assignment.opens_at is None or assignment.opens_at <= now) and (assignment.closes_at is None or now <= assignment.closes_at)


def meant(session: Session, slug: str | None, exercise: str, now: datetime, *, role: str, section_id: int | None) -> Meant:
    """What somebody means who hands in an exercise: the assignment of that name; without one the open one, see find_open; "" and else: practice.

    Students practise nothing that an open assignment is strict about: kit.classroom.strict.

    Raises Refused for an assignment that does not exist or that they may not know of; it names the ones that are open to them.
    """
    if slug is None:
        open_one = _open_one(session, section_id, exercise, now)
        if open_one is not None:
            return Meant(open_one.id, open_one.attempts)
    if not slug:
        return Meant(refusal=strict.refusal(strict.those(session, section_id, exercise, now) if role == "student" else (), exercise))
    row = session.connection().execute(_NAMED, {"slug": slug, "exercise": exercise}).one_or_none()
    if row is None or (role == "student" and not (row.published and row.section_id in {None, section_id})):
        raise unknown(slug, _offered(session, role, section_id, now))
    refusal = None
    if not row.has:
        what = _("{exercise} is no exercise of this assignment").format(exercise=exercise)
        remedy = _("Leave the assignment out: it goes to the open one that has the exercise, else it is practice.")
        refusal = Refused("not-in-assignment", what, slug, remedy, http=409)
    elif row.opens_at is not None and now < row.opens_at:
        refusal = Refused("not-open", _("this assignment has not opened yet"), slug, _("Look when it opens."), http=409)
    elif row.closes_at is not None and now > row.closes_at:
        remedy = strict.again(strict.those(session, section_id, exercise, now) if role == "student" else ())
        refusal = Refused("closed", _("this assignment is closed"), slug, remedy, http=409)
    return Meant(row.id, row.attempts, refusal)


def find_open(session: Session, section_id: int | None, exercise: str, now: datetime) -> Assignment | None:
    """The assignment that somebody of that section means who hands in an exercise without naming one.

    Of the published, open ones of the section or of everybody that contain the exercise: the one due soonest, else one without a due time, else,
    late, the one that was due last. Of those without a due time a strict one comes first, and one that closes counts as due then: it is an exam.
    """
    row = _open_one(session, section_id, exercise, now)
    return None if row is None else session.get_one(Assignment, row.id)


def open_for(session: Session, person: Person, exercise: str, now: datetime) -> Assignment:
    """As find_open. Raises Refused when there is none."""
    assignment = find_open(session, person.section_id, exercise, now)
    if assignment is None:
        raise Refused("no-assignment", _("no open assignment of yours has this exercise"), exercise, _("Hand it in as practice."), http=404)
    return assignment


def _open_one(session: Session, section_id: int | None, exercise: str, now: datetime) -> _Open | None:
    def soonest(row: _Open) -> tuple[int, float, int]:
        due_at = row.due_at or (row.closes_at if row.strict else None)
        if due_at is None:
            return 1, 0.0 if row.strict else 1.0, row.id
        left = (due_at - now).total_seconds()
        return (0, left, row.id) if left >= 0 else (2, -left, row.id)

    rows = session.connection().execute(_OPEN, {"section": section_id, "exercise": exercise, "now": now})
    return min(rows, key=soonest, default=None)


def _write(session: Session, assignment: Assignment, rules: Rules) -> None:
    assignment.title = " ".join(rules.title.split())
    assignment.opens_at, assignment.due_at, assignment.closes_at = rules.opens_at, rules.due_at, rules.closes_at
    assignment.late_per_day, assignment.attempts = rules.late_per_day, rules.attempts
    assignment.feedback, assignment.counts, assignment.credit = rules.feedback, rules.counts, rules.credit
    assignment.published = rules.published
    assignment.section_id = people.named_section(session, rules.section).id if rules.section and rules.section.strip() else None
    present = {exercise.exercise: exercise for exercise in assignment.exercises}
    rows: list[AssignmentExercise] = []
    for position, (exercise, weight) in enumerate(rules.exercises):
        row = present.get(exercise) or AssignmentExercise(exercise=exercise)
        row.weight, row.position = weight, position
        rows.append(row)
    assignment.exercises = rows


def _check(rules: Rules, known: Collection[str]) -> None:
    """Raise Refused for the first thing that is wrong."""
    title = " ".join(rules.title.split())
    if not title or len(title) > LONGEST_TITLE:
        raise _bad(_("this cannot be a title"), title[:LONGEST_TITLE], _("Give 1 to {longest} characters.").format(longest=LONGEST_TITLE))
    if not rules.exercises:
        raise _bad(_("an assignment needs an exercise"), title, _("Choose at least one."))
    names = [exercise for exercise, _weight in rules.exercises]
    for exercise, weight in rules.exercises:
        if exercise not in known:
            raise _bad(_("no exercise is called {slug}").format(slug=exercise), title, _("Choose one of the bank."))
        if names.count(exercise) > 1:
            raise _bad(_("an exercise stands there twice"), exercise, _("Leave one of them out."))
        if not (isfinite(weight) and 0 <= weight <= MOST_WEIGHT):
            raise _bad(_("this cannot be a weight"), f"{exercise}: {weight}", _("Give a number from 0 to {most}.").format(most=int(MOST_WEIGHT)))
    if not (isfinite(rules.late_per_day) and 0 <= rules.late_per_day <= 1):
        raise _bad(_("late work cannot lose this share of its points a day"), rules.late_per_day, _("Give a number from 0 to 1."))
    if rules.attempts is not None and not 1 <= rules.attempts <= MOST_ATTEMPTS:
        raise _bad(_("this cannot be a number of attempts"), rules.attempts, _("Give 1 to {most}, or nothing.").format(most=MOST_ATTEMPTS))
    for chosen, choices in ((rules.feedback, get_args(Feedback)), (rules.counts, get_args(Counts)), (rules.credit, get_args(Credit))):
        if chosen not in choices:
            raise _bad(_("there is no such choice"), chosen, _("Choose one of: {names}.").format(names=", ".join(choices)))
    times = [moment for moment in (rules.opens_at, rules.due_at, rules.closes_at) if moment is not None]
    if times != sorted(times):
        raise _bad(_("the times contradict each other"), title, _("It opens, then it is due, then it closes."))


def _bad(what: str, where: object, remedy: str) -> Refused:
    return Refused("bad-assignment", what, where, remedy, http=422)


def _taken(slug: str) -> Refused:
    return Refused("taken", _("an assignment has this short name already"), slug, _("Choose another."), http=409)


def unknown(slug: str, remedy: str = "") -> Refused:
    """What is said of a name that no assignment has, or none that one may know of."""
    what = _("no assignment is called {slug}").format(slug=slug[:LONGEST_SLUG])
    return Refused("no-assignment", what, remedy=remedy or _("Look at your assignments."), http=404)


def _offered(session: Session, role: str, section_id: int | None, now: datetime) -> str:
    """A sentence with the assignments for which somebody of that role and section can hand something in."""
    mine = [each for each in all_of_them(session) if role != "student" or (each.published and each.section_id in {None, section_id})]
    names = ", ".join(f"{each.slug} ({each.title})" for each in mine if open_now(each, now))
    return _("Open to you: {assignments}.").format(assignments=names) if names else _("No assignment is open to you now.")
