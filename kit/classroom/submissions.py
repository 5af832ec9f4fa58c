"""Submissions: an answer comes in, is kept together with its pending grading, and can be asked after."""

import contextlib
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from sqlalchemy import and_, bindparam, exists, func, insert, not_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from grader.text import _, ngettext
from grader.verdict import Verdict, decode_verdict
from kit.answer import LARGEST
from kit.classroom import assignments, gradings, strict
from kit.classroom.errors import Refused
from kit.classroom.line import FRESH
from kit.classroom.room import Room, bump
from kit.classroom.schema import KEYS, Assignment, Feedback, Grading, GradingState, Person, Submission, VerdictRow
from kit.classroom.versions import bank_version
from kit.errors import KitError
from kit.exercise import Exercise
from kit.language import Language, in_use

__all__ = ["Status", "Submitted", "Tries", "cleaned_source", "status", "submit"]

RACES = 10  # how often two posts of one person may collide before we give up


@dataclass(frozen=True)
class Tries:
    """Of a submission for an assignment: which of the attempts at the exercise it is, how many there are, and how many are left.

    number: None for practice, and for what only the infrastructure failed at. limit and left: None where any number is allowed.
    """

    number: int | None = None
    limit: int | None = None
    left: int | None = None


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """An accepted answer. new: False when it is one's latest again. position: in the queue, None when it does not wait. age: seconds since then."""

    submission_id: int
    new: bool
    position: int | None
    age: float
    tries: Tries


@dataclass(frozen=True, kw_only=True)
class Status:
    """Where a submission stands.

    verdict: the one that counts, whole; kit.classroom.feedback limits it to what a student may see, which is `feedback`: what the assignment tells,
    or less while a strict one is open that has the exercise too, which is limited_by. position, age and tries are those of Submitted. assignment:
    its short name, None for practice.
    """

    submission_id: int
    person_id: int
    exercise: str
    assignment: str | None
    number: int
    submitted_at: datetime
    state: GradingState
    position: int | None
    age: float
    feedback: Feedback
    limited_by: strict.Strict | None
    verdict: Verdict | None
    tries: Tries


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """What is to be kept, checked as far as it can be before the database is locked for writing."""

    person_id: int
    exercise: str
    source: str
    sha256: str
    bank_version: str
    device: str
    assignment: str | None
    spare_last: bool
    submitted_at: datetime
    lang: Language


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """An answer that was kept, or found kept. waiting: its grading, while it waits. tries: of a new one."""

    submission_id: int
    new: bool
    waiting: int | None
    age: float
    tries: Tries | None = None


# Built once: each costs more to build than to run.
_INSERT = insert(Submission)
_PERSON = select(Person.role, Person.section_id).where(Person.id == bindparam("person"), Person.active)
_THEIRS = and_(Submission.person_id == bindparam("person"), Submission.exercise == bindparam("exercise"))
# What only the infrastructure failed at is no attempt. Compared plainly, SQLite would take the indices of all that failed and of all that a class
# handed in for the assignment, and every answer would cost more than the one before it.
_LOST = exists().where(Grading.submission_id == Submission.id, func.coalesce(Grading.state, "") == "failed", FRESH)
_THERE = func.coalesce(Submission.assignment_id, 0) == bindparam("assignment")
_COUNT = (_THEIRS, _THERE, not_(and_(Submission.verdict_id.is_(None), _LOST)))
_USED = select(func.count()).where(*_COUNT).correlate(None)
_NEWEST = (
    select(Submission.id, Submission.number, Submission.assignment_id, Submission.sha256, Submission.submitted_at)
    .add_columns(_USED.scalar_subquery().label("used"))
    .where(_THEIRS)
    .order_by(Submission.number.desc())
    .limit(1)
)
_LATEST = _NEWEST.where(Submission.assignment_id.is_not_distinct_from(bindparam("assignment", type_=KEYS)))
_ATTEMPTS = select(Submission.id).where(*_COUNT).order_by(Submission.number)


def submit(room: Room, person_id: int, exercise_slug: str, source: str, *, assignment: str | None = None, spare_last: bool = False) -> Submitted:
    """Hand in an answer. assignment: its short name, "" for practice, None for the open one that has the exercise, else practice.

    spare_last: do not use up the last attempt. Its verdict will speak the language in use here, the one of whoever hands it in.

    Raises Refused: no such exercise or assignment, not open, no attempts left, a source that cannot be an answer or is still the starter, practice of
    what belongs to a strict assignment, somebody who is not active.
    """
    exercise = _exercise(room, exercise_slug)
    text = cleaned_source(source)
    if _lines(text) == _starter(exercise.starter):
        remedy = _("Write your answer into it, save it, and hand it in again; this counted as no attempt.")
        raise Refused("untouched", _("this is still the file to begin from"), exercise.slug, remedy, http=422)
    answer = _Answer(
        person_id=person_id,
        exercise=exercise.slug,
        source=text,
        sha256=sha256(text.encode()).hexdigest(),
        bank_version=bank_version(exercise),
        device=exercise.devices[0] if exercise.devices else "cpu",
        assignment=assignment,
        spare_last=spare_last,
        submitted_at=room.now(),
        lang=in_use(),
    )

    kept = _written(room, answer)
    with room.store.reading() as session:  # by itself: everybody's answers wait for the end of what is written
        position = None if kept.waiting is None else room.places.of(session, kept.waiting, person_id, room.now())
        tries = kept.tries or _tries(session, session.get_one(Submission, kept.submission_id))
    return Submitted(submission_id=kept.submission_id, new=kept.new, position=position, age=kept.age, tries=tries)


def status(room: Room, submission_id: int) -> Status:
    """Where a submission stands. Raises Refused when there is none of that number."""
    now = room.now()
    with room.store.reading() as session:
        found = (
            select(Submission, Assignment.slug, Assignment.feedback, VerdictRow.verdict, Person.section_id)
            .join(Person, Person.id == Submission.person_id)
            .outerjoin(Assignment, Assignment.id == Submission.assignment_id)
            .outerjoin(VerdictRow, VerdictRow.id == Submission.verdict_id)
            .where(Submission.id == submission_id)
        )
        row = session.execute(found).one_or_none()
        if row is None:
            raise Refused("no-submission", _("there is no such submission"), submission_id, _("Look at your submissions."), http=404)
        submission, slug, feedback = row[0], cast("str | None", row[1]), cast("Feedback | None", row[2])
        verdict, section_id = cast("bytes | None", row[3]), row[4]
        limited_by = None
        if feedback is not None:
            limited_by = strict.strictest(feedback, strict.those(session, section_id, submission.exercise, now), submission.submitted_at)
        grading = _grading(session, submission_id)
        waiting = grading if verdict is None and grading is not None and grading.state == "pending" else None
        return Status(
            submission_id=submission.id,
            person_id=submission.person_id,
            exercise=submission.exercise,
            assignment=slug,
            number=submission.number,
            submitted_at=submission.submitted_at,
            state="done" if verdict is not None or grading is None else cast("GradingState", grading.state),
            position=None if waiting is None else room.places.of(session, waiting.id, submission.person_id, now),
            age=(now - submission.submitted_at).total_seconds(),
            feedback=limited_by.feedback if limited_by is not None else feedback or "full",
            limited_by=limited_by,
            verdict=decode_verdict(verdict) if verdict is not None else None,
            tries=_tries(session, submission),
        )


def cleaned_source(source: str) -> str:
    """The source with line ends as Python counts them, without a byte order mark. Raises Refused for what kit.answer would not read."""
    text = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise _no_answer(_("the answer is not UTF-8"), _("Save it again with the encoding UTF-8.")) from error
    if size > LARGEST:
        raise Refused(
            "too-large",
            _("the answer is larger than 200 KB"),
            remedy=_("An answer is a page of code: remove what does not belong in it."),
            http=413,
        )
    if "\0" in text:
        raise _no_answer(_("the answer holds a NUL byte"), _("Save it as plain UTF-8 text (not UTF-16)."))
    if not text.strip():
        raise _no_answer(_("the answer is empty"), _("Hand in the file that you wrote."))
    return text


def _no_answer(what: str, remedy: str) -> Refused:
    return Refused("bad-source", what, remedy=remedy, http=422)


def _exercise(room: Room, slug: str) -> Exercise:
    try:
        return room.bank.exercise(slug)
    except KitError as error:
        raise Refused("no-exercise", error.what, remedy=error.remedy, http=404) from error


def _written(room: Room, answer: _Answer) -> _Kept:
    def work(session: Session) -> _Kept:
        return _keep(session, answer)

    for _attempt in range(RACES - 1):  # of two servers of one PostgreSQL that take the same number the slower one tries again, and sees the other's
        with contextlib.suppress(IntegrityError):
            return room.together.write(room.store, work)
    return room.together.write(room.store, work)


def _keep(session: Session, answer: _Answer) -> _Kept:
    """Keep it, or find it kept. Few statements: everybody's answers pass here, one after the other. Raises Refused before anything is written."""
    connection = session.connection()
    person = connection.execute(_PERSON, {"person": answer.person_id}).one_or_none()
    if person is None:
        raise Refused("not-active", _("you are no active member of this classroom"), remedy=_("Ask your teacher."), http=403)
    now = answer.submitted_at
    meant = assignments.meant(session, answer.assignment, answer.exercise, now, role=person.role, section_id=person.section_id)
    there = {"person": answer.person_id, "exercise": answer.exercise, "assignment": meant.id}
    newest = latest = connection.execute(_NEWEST, there).one_or_none()
    if newest is not None and newest.assignment_id != there["assignment"]:
        latest = connection.execute(_LATEST, there).one_or_none()
    if latest is not None and latest.sha256 == answer.sha256:  # also after the close: the receipt of an answer that came in time was lost on the way
        grading = _grading(session, latest.id)
        waiting = grading.id if grading is not None and grading.state == "pending" else None
        return _Kept(submission_id=latest.id, new=False, waiting=waiting, age=(now - latest.submitted_at).total_seconds())
    if meant.refusal is not None:
        raise meant.refusal
    used: int = 0 if newest is None else newest.used
    tries = Tries() if meant.id is None else Tries(used + 1, meant.attempts)
    if meant.attempts is not None:
        tries = replace(tries, left=meant.attempts - used - 1)
        if used >= meant.attempts:
            spent = ngettext("the {count} attempt is used up", "all {count} attempts are used up", meant.attempts).format(count=meant.attempts)
            remedy = strict.again(strict.those(session, person.section_id, answer.exercise, now) if person.role == "student" else ())
            raise Refused("no-attempts-left", spent, answer.exercise, remedy, http=409)
        if tries.left == 0 and answer.spare_last:
            remedy = _("Hand it in again if it shall count.")
            raise Refused("last-attempt", _("this would be the last attempt"), answer.exercise, remedy, http=409)
    row: dict[str, Any] = {
        "person_id": answer.person_id,
        "exercise": answer.exercise,
        "assignment_id": there["assignment"],
        "number": 1 if newest is None else newest.number + 1,
        "source": answer.source,
        "sha256": answer.sha256,
        "submitted_at": now,
        "flags": [],
        "lang": answer.lang,
    }
    inserted = connection.execute(_INSERT, row).inserted_primary_key
    assert inserted is not None
    grading_id = gradings.enqueue(session, inserted[0], answer.bank_version, now, device=answer.device)
    bump(session)
    return _Kept(submission_id=inserted[0], new=True, waiting=grading_id, age=0.0, tries=tries)


def _tries(session: Session, submission: Submission) -> Tries:
    if submission.assignment_id is None:
        return Tries()
    there = {"person": submission.person_id, "exercise": submission.exercise, "assignment": submission.assignment_id}
    counted = list(session.connection().scalars(_ATTEMPTS, there))
    limit = session.scalar(select(Assignment.attempts).where(Assignment.id == submission.assignment_id))
    number = counted.index(submission.id) + 1 if submission.id in counted else None
    return Tries(number, limit, None if limit is None else max(limit - len(counted), 0))


@lru_cache(maxsize=1024)
def _starter(path: Path) -> list[str]:
    """Read once: one that changes while a class is on is not recognised, which does no harm."""
    return _lines(path.read_text(encoding="utf-8"))


def _lines(source: str) -> list[str]:
    """What is written, whatever an editor did to blank lines and the ends of others."""
    return [line.rstrip() for line in source.expandtabs().splitlines() if line.strip()]


def _grading(session: Session, submission_id: int) -> Grading | None:
    """The grading that a submission waits for or had: its first one, else one of a regrade that came before it."""
    found = select(Grading).where(Grading.submission_id == submission_id).order_by(Grading.regrade_id.is_not(None), Grading.id.desc()).limit(1)
    return session.scalar(found)
