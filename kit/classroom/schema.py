"""The classroom's tables. What is true is what stands here; everything else (boards, statistics, positions in the queue) is computed from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

Role = Literal["teacher", "assistant", "student"]
TokenKind = Literal["client", "session", "link"]
Feedback = Literal["full", "diagnosis", "verdict"]
Counts = Literal["best", "last"]
Credit = Literal["all", "share"]
GradingState = Literal["pending", "running", "done", "failed"]
RegradeState = Literal["running", "preview", "applied", "discarded"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATER = {"later": True}  # a column that the first tables did not have: an older backup says nothing of it
KEYS = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER PRIMARY KEY counts by itself in SQLite


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, kept as whole microseconds since 1970: it orders and compares alike in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> int | None:  # noqa: ARG002  # SQLAlchemy's signature
        """Raise ValueError for a moment without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: object) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        """An aware datetime in UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Base(DeclarativeBase):
    """Of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Instant, int: KEYS, dict[str, Any]: JSON}


class Classroom(Base):
    """The one classroom of this database (id is 1).

    join_code lets people in as students while join_open. secret signs cookies and CSRF tokens. From freeze_at on, until it is taken away, boards
    show the state of that moment to students. revision grows with every change that a board could show.
    """

    __tablename__ = "classroom"

    id: Mapped[int] = mapped_column(KEYS, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    join_code: Mapped[str] = mapped_column(String(40))
    join_open: Mapped[bool] = mapped_column(Boolean, default=True)
    public_boards: Mapped[bool] = mapped_column(Boolean, default=False)
    secret: Mapped[bytes] = mapped_column(LargeBinary(64))
    freeze_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime]


class Section(Base):
    """A group of students: a lab, a seminar."""

    __tablename__ = "sections"

    id: Mapped[int] = mapped_column(KEYS, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)


class Person(Base):
    """Somebody of the classroom. On a board stands the pseudonym and nothing else of them. student_id: the university's own number or login."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(KEYS, primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    pseudonym: Mapped[str] = mapped_column(String(60), unique=True)
    email: Mapped[str | None] = mapped_column(String(320), unique=True)
    student_id: Mapped[str | None] = mapped_column(String(100), unique=True)
    subject: Mapped[str | None] = mapped_column(String(500), unique=True)  # issuer and subject of OpenID Connect
    section_id: Mapped[int | None] = mapped_column(ForeignKey("sections.id", ondelete="SET NULL"), index=True)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime]

    section: Mapped[Section | None] = relationship(lazy="joined")


class Token(Base):
    """256 random bits that stand for a person; only their SHA-256 is kept. A link works once; session and client until they are revoked."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(KEYS, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(String(100), default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="joined")


class Assignment(Base):
    """A set of exercises with rules.

    Before opens_at nothing can be handed in, after closes_at nothing any more (None: no bound). Work after due_at loses late_per_day of its
    points for each day begun. attempts: how many submissions of each exercise count as tries (None: any number). feedback: what a student is
    told; counts: which submission makes the points; credit: all or nothing, or the share of passed checks. section_id: only for that section.
    """

    __tablename__ = "assignments"

    id: Mapped[int] = mapped_column(KEYS, primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    opens_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    late_per_day: Mapped[float] = mapped_column(Float, default=0.0)
    attempts: Mapped[int | None]
    feedback: Mapped[str] = mapped_column(String(20), default="full")
    counts: Mapped[str] = mapped_column(String(20), default="best")
    credit: Mapped[str] = mapped_column(String(20), default="all")
    published: Mapped[bool] = mapped_column(Boolean, default=True)
    section_id: Mapped[int | None] = mapped_column(ForeignKey("sections.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]

    exercises: Mapped[list[AssignmentExercise]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="AssignmentExercise.position", back_populates="assignment"
    )


class AssignmentExercise(Base):
    """An exercise of an assignment; its points are those of the bank times weight."""

    __tablename__ = "assignment_exercises"

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id", ondelete="CASCADE"), primary_key=True)
    exercise: Mapped[str] = mapped_column(String(60), primary_key=True)
    weight: Mapped[float] = mapped_column(Float, default=1.0)
    position: Mapped[int] = mapped_column(Integer, default=0)

    assignment: Mapped[Assignment] = relationship(back_populates="exercises")


class Submission(Base):
    """An answer that somebody handed in: for an assignment, or as practice (None). number counts their submissions of this exercise, everywhere.

    verdict_id is the verdict that counts now; a regrade changes it when it is applied. flags: what the scan found suspicious.
    lang: the language that they spoke when they handed it in, None: not known.
    """

    __tablename__ = "submissions"
    __table_args__ = (
        UniqueConstraint("person_id", "exercise", "number"),
        Index("ix_submissions_exercise_assignment", "exercise", "assignment_id"),
    )

    id: Mapped[int] = mapped_column(KEYS, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    exercise: Mapped[str] = mapped_column(String(60))
    assignment_id: Mapped[int | None] = mapped_column(ForeignKey("assignments.id", ondelete="SET NULL"))
    number: Mapped[int]
    source: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    submitted_at: Mapped[datetime] = mapped_column(Instant, index=True)
    flags: Mapped[list[str]] = mapped_column(JSON, default=list)
    verdict_id: Mapped[int | None]  # no foreign key: the two tables would name each other, and no verdict goes without its submission
    lang: Mapped[str | None] = mapped_column(String(10), info=LATER)

    person: Mapped[Person] = relationship()
    assignment: Mapped[Assignment | None] = relationship()
    verdict: Mapped[VerdictRow | None] = relationship(primaryjoin="foreign(Submission.verdict_id) == VerdictRow.id", viewonly=True)


class Grading(Base):
    """A judgement that is to be made, or was. attempts counts what the infrastructure failed at; after three it is `failed`, for the teacher.

    worker: who judges it; of what is pending, who last had it and neither judged it nor failed at it, "" for nobody.
    """

    __tablename__ = "gradings"
    __table_args__ = (UniqueConstraint("submission_id", "bank_version"), Index("ix_gradings_state_id", "state", "id"))

    id: Mapped[int] = mapped_column(KEYS, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id", ondelete="CASCADE"))
    bank_version: Mapped[str] = mapped_column(String(64))
    device: Mapped[str] = mapped_column(String(10), default="cpu")
    state: Mapped[str] = mapped_column(String(20), default="pending")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    worker: Mapped[str] = mapped_column(String(100), default="")
    created_at: Mapped[datetime]
    not_before: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(Text, default="")
    regrade_id: Mapped[int | None] = mapped_column(ForeignKey("regrades.id", ondelete="SET NULL"), index=True)

    submission: Mapped[Submission] = relationship()


class VerdictRow(Base):
    """A verdict, written once for a submission and a version of the bank. verdict: the JSON of grader.verdict.Verdict."""

    __tablename__ = "verdicts"
    __table_args__ = (UniqueConstraint("submission_id", "bank_version"),)

    id: Mapped[int] = mapped_column(KEYS, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id", ondelete="CASCADE"))
    bank_version: Mapped[str] = mapped_column(String(64))
    passed: Mapped[bool]
    checks_passed: Mapped[int]
    checks_total: Mapped[int]
    seconds: Mapped[float]
    machine: Mapped[str] = mapped_column(String(100), default="")
    graded_at: Mapped[datetime] = mapped_column(Instant, index=True)
    verdict: Mapped[bytes] = mapped_column(LargeBinary)


class Regrade(Base):
    """A batch of submissions judged again with the present bank; what would change is looked at before it is applied."""

    __tablename__ = "regrades"

    id: Mapped[int] = mapped_column(KEYS, primary_key=True)
    exercise: Mapped[str | None] = mapped_column(String(60))
    assignment_id: Mapped[int | None] = mapped_column(ForeignKey("assignments.id", ondelete="SET NULL"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    state: Mapped[str] = mapped_column(String(20), default="running")
    created_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]


class SpeedResult(Base):
    """How fast a passing submission is: the median of paired ratios of its time to the reference's. held: too good, until a teacher has looked."""

    __tablename__ = "speed_results"
    __table_args__ = (UniqueConstraint("submission_id", "device"),)

    id: Mapped[int] = mapped_column(KEYS, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id", ondelete="CASCADE"))
    device: Mapped[str] = mapped_column(String(10))
    machine: Mapped[str] = mapped_column(String(200))
    ratio: Mapped[float]
    ratios: Mapped[list[float]] = mapped_column(JSON, default=list)
    held: Mapped[bool] = mapped_column(Boolean, default=False)
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    measured_at: Mapped[datetime]


class Audit(Base):
    """What somebody with rights did, or what the server had to refuse; person_id None is the server itself or the command line."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(KEYS, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    action: Mapped[str] = mapped_column(String(60))
    object: Mapped[str] = mapped_column(String(200), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    person: Mapped[Person | None] = relationship()
