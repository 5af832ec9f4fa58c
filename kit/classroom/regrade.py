"""Regrading: submissions judged again by the bank as it is now; what would change is looked at before it counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update
from sqlalchemy.orm import Session, selectinload

from grader.text import _
from kit.classroom import assignments, audit
from kit.classroom.errors import Refused
from kit.classroom.points import PRACTICE, Attempt, Rules, points, share
from kit.classroom.room import Room, bump
from kit.classroom.schema import Grading, GradingState, Person, Regrade, RegradeState, Submission, VerdictRow
from kit.classroom.versions import bank_version

__all__ = ["Change", "Progress", "apply", "discard", "preview", "progress", "settle", "start"]

OPEN: tuple[GradingState, ...] = ("pending", "running")
UNDECIDED: tuple[RegradeState, ...] = ("running", "preview")


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a regrade makes of one submission. new_…: None as long as there is no new verdict; points: by the rules it was handed in under."""

    submission_id: int
    person_id: int
    name: str
    pseudonym: str
    exercise: str
    assignment: str | None
    number: int
    submitted_at: datetime
    state: GradingState
    old_passed: bool
    old_checks: tuple[int, int]
    old_points: float
    new_passed: bool | None = None
    new_checks: tuple[int, int] | None = None
    new_points: float | None = None

    @property
    def differs(self) -> bool:
        """Whether anything would change: passed, the number of checks, the points."""
        if self.new_points is None:
            return False
        return (self.old_passed, self.old_checks, self.old_points) != (self.new_passed, self.new_checks, self.new_points)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a regrade is, in submissions."""

    done: int
    failed: int
    total: int


def start(session: Session, room: Room, *, exercise: str | None = None, assignment: str | None = None, by: Person | int | None = None) -> Regrade:
    """Have every submission of an exercise, of an assignment (its short name) or of both judged again, whose verdict is of an older bank.

    Raises Refused: no such exercise or assignment; nothing that the present bank has not judged.
    """
    plan = assignments.named(session, assignment) if assignment is not None else None
    if exercise is not None and exercise not in room.bank.by_slug:
        raise Refused("no-exercise", _("no exercise is called {slug}").format(slug=exercise), http=404)
    now = room.now()
    regrade = Regrade(
        exercise=exercise,
        assignment_id=plan.id if plan else None,
        created_by=by.id if isinstance(by, Person) else by,
        state="running",
        created_at=now,
    )
    session.add(regrade)
    session.flush()
    count = _enqueue(session, room, regrade)
    if not count:
        remedy = _("A regrade is for when its checks, model answer or limits have changed.")
        raise Refused("nothing-to-regrade", _("the present bank has judged all of that already"), remedy=remedy, http=409)
    audit.note(session, now, by, "regrade-start", f"regrade {regrade.id}", exercise=exercise, assignment=assignment, submissions=count)
    settle(session)
    session.refresh(regrade)
    return regrade


def progress(session: Session, regrade: Regrade) -> Progress:
    """How far it is."""
    counted = select(Grading.state, func.count()).where(Grading.regrade_id == regrade.id).group_by(Grading.state)
    counts = dict(session.execute(counted).all())
    return Progress(done=counts.get("done", 0), failed=counts.get("failed", 0), total=sum(counts.values()))


def preview(session: Session, room: Room, regrade: Regrade) -> list[Change]:
    """What it would change, submission by submission: those that change first, then by name, exercise and number."""
    found = (
        select(Grading, Submission, VerdictRow)
        .join(Submission, Submission.id == Grading.submission_id)
        .outerjoin(VerdictRow, (VerdictRow.submission_id == Grading.submission_id) & (VerdictRow.bank_version == Grading.bank_version))
        .where(Grading.regrade_id == regrade.id)
        .options(selectinload(Submission.person), selectinload(Submission.verdict), selectinload(Submission.assignment))
    )
    changes = [_change(room, grading, submission, new) for grading, submission, new in session.execute(found)]
    return sorted(changes, key=lambda change: (not change.differs, change.name, change.exercise, change.number))


def settle(session: Session) -> None:
    """Regrades of which nothing is left to be judged can be looked at."""
    left = select(Grading.id).where(Grading.regrade_id == Regrade.id, Grading.state.in_(OPEN)).exists()
    session.flush()
    ready = update(Regrade).where(Regrade.state == "running", ~left).values(state="preview")
    session.execute(ready.execution_options(synchronize_session=False))


def apply(session: Session, room: Room, regrade: Regrade, *, by: Person | int | None = None) -> int:
    """Let the new verdicts count; how many submissions have one. What could not be judged keeps its old one. Raises Refused unless all is judged."""
    settle(session)
    held = _held(session, regrade, ("preview",))
    own = select(Grading.submission_id).where(Grading.regrade_id == held.id, Grading.state == "done")
    new = (
        select(VerdictRow.id)
        .join(Grading, (Grading.submission_id == VerdictRow.submission_id) & (Grading.bank_version == VerdictRow.bank_version))
        .where(Grading.regrade_id == held.id, VerdictRow.submission_id == Submission.id)
        .scalar_subquery()
    )
    changed = update(Submission).where(Submission.id.in_(own)).values(verdict_id=new).returning(Submission.id)
    count = len(session.execute(changed.execution_options(synchronize_session=False)).all())
    held.state, held.applied_at = "applied", room.now()
    audit.note(session, room.now(), by, "regrade-apply", f"regrade {held.id}", submissions=count)
    bump(session)
    return count


def discard(session: Session, room: Room, regrade: Regrade, *, by: Person | int | None = None) -> None:
    """Let the old verdicts count; what waits is not judged any more. Raises Refused for one that was applied or discarded."""
    held = _held(session, regrade, UNDECIDED)
    session.execute(delete(Grading).where(Grading.regrade_id == held.id, Grading.state.in_(("pending", "failed"))))
    held.state = "discarded"
    audit.note(session, room.now(), by, "regrade-discard", f"regrade {held.id}")


def _held(session: Session, regrade: Regrade, states: Sequence[RegradeState]) -> Regrade:
    """The regrade as it stands, locked, in one of these states."""
    held = session.get(Regrade, regrade.id, with_for_update=True, populate_existing=True)
    if held is None or held.state not in states:
        raise Refused("regrade-state", _("this regrade is not at that point"), remedy=_("Look at it again: it may be running still."), http=409)
    return held


def _enqueue(session: Session, room: Room, regrade: Regrade) -> int:
    """The regrade's gradings: new ones, and those of former regrades that were made but do not count. How many."""
    in_scope = Submission.verdict_id.is_not(None)
    if regrade.exercise is not None:
        in_scope &= Submission.exercise == regrade.exercise
    if regrade.assignment_id is not None:
        in_scope &= Submission.assignment_id == regrade.assignment_id
    fresh: list[dict[str, Any]] = []
    adopted = 0
    for slug in session.scalars(select(Submission.exercise).where(in_scope).distinct().order_by(Submission.exercise)).all():
        exercise = room.bank.by_slug.get(slug)
        if exercise is None:
            continue  # the bank has it no more
        version = bank_version(exercise)
        made = {"bank_version": version, "device": exercise.devices[0] if exercise.devices else "cpu"}
        for submission_id, grading in session.execute(_outdated(slug, version, in_scope)).all():
            if grading is None:
                fresh.append(made | {"submission_id": submission_id, "created_at": regrade.created_at, "regrade_id": regrade.id})
            elif grading.state not in OPEN and not _undecided(session, grading.regrade_id):
                grading.regrade_id = regrade.id
                adopted += 1
                if grading.state == "failed":
                    grading.state, grading.attempts, grading.not_before = "pending", 0, None
    if fresh:
        session.execute(insert(Grading), fresh)
    return adopted + len(fresh)


def _outdated(slug: str, version: str, in_scope: ColumnElement[bool]) -> "Select[int, Grading | None]":
    """Submissions of an exercise whose counting verdict is of another version, each with its grading of this version, if there is one."""
    found = (
        select(Submission.id, Grading)
        .join(VerdictRow, VerdictRow.id == Submission.verdict_id)
        .outerjoin(Grading, (Grading.submission_id == Submission.id) & (Grading.bank_version == version))
        .where(in_scope, Submission.exercise == slug, VerdictRow.bank_version != version)
        .order_by(Submission.id)
    )
    return cast("Select[int, Grading | None]", found)  # SQLAlchemy's types do not know what an outer join does


def _undecided(session: Session, regrade_id: int | None) -> bool:
    """Whether a regrade is still at work, or looked at."""
    former = session.get(Regrade, regrade_id) if regrade_id is not None else None
    return former is not None and former.state in UNDECIDED


def _change(room: Room, grading: Grading, submission: Submission, new: VerdictRow | None) -> Change:
    assignment, old = submission.assignment, submission.verdict
    assert old is not None  # only what has a verdict is regraded
    exercise = room.bank.by_slug.get(submission.exercise)
    weight = next((row.weight for row in assignment.exercises if row.exercise == submission.exercise), 1.0) if assignment else 1.0
    worth = (exercise.points if exercise else 0) * weight
    rules = Rules.of(assignment) if assignment else PRACTICE

    def made(verdict: VerdictRow) -> float:
        attempt = Attempt(
            submission.id, submission.person_id, submission.exercise, submission.assignment_id, submission.number, submission.submitted_at,
            "judged", verdict.passed, verdict.checks_passed, verdict.checks_total,
        )  # fmt: skip
        return points(share(attempt, rules), worth)

    return Change(
        submission_id=submission.id,
        person_id=submission.person_id,
        name=submission.person.name,
        pseudonym=submission.person.pseudonym,
        exercise=submission.exercise,
        assignment=assignment.slug if assignment else None,
        number=submission.number,
        submitted_at=submission.submitted_at,
        state=cast("GradingState", grading.state),
        old_passed=old.passed,
        old_checks=(old.checks_passed, old.checks_total),
        old_points=made(old),
        new_passed=new.passed if new else None,
        new_checks=(new.checks_passed, new.checks_total) if new else None,
        new_points=made(new) if new else None,
    )
