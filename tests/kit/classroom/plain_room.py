"""A classroom to whom things happen, in the database and in the model by hand at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from plain_board import Handed, PlainRoom, Student, Task, plain_board
from scene import MORNING
from sqlalchemy import delete, event, update

from kit.classroom.boards import Board, BoardName
from kit.classroom.database import Store
from kit.classroom.room import bump
from kit.classroom.schema import Assignment, AssignmentExercise, Classroom, Grading, Person, Regrade, Section, Submission, VerdictRow
from kit.classroom.standings import Standings

POINTS = {"double": 10, "softplus": 20}
WEIGHTS = ({"double": 1.0}, {"double": 0.5, "softplus": 3.0}, {"softplus": 2.0})
SECTIONS = ("", "Lab A", "Lab B")


def at(hour: int):
    return MORNING + timedelta(hours=hour)


class Life:
    """Each method is one thing that happens; numbers choose among what there is, so that any numbers will do."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.room = PlainRoom(POINTS)
        self.happened = 0
        self.preview: list[tuple[Handed, Handed, int]] = []
        with store.writing() as session:
            session.add(Classroom(id=1, name="Deep learning", join_code="ab-cd", secret=b"s" * 32, created_at=MORNING))
            session.add_all(Section(id=number, name=name) for number, name in enumerate(SECTIONS) if name)
        for number in range(3):
            self.join(number, 0, 0)
        self.plan(0, 0, 1)

    def join(self, section: int, _b: int, _c: int) -> None:
        self.happened += 1
        section %= len(SECTIONS)
        with self.store.writing() as session:
            secrets = {"name": f"Real Name {self.happened}", "email": f"{self.happened}@secret.example", "student_id": f"S-{self.happened}"}
            person = Person(
                role="student", pseudonym=f"otter-{99 - self.happened}", section_id=section or None, created_at=at(self.happened), **secrets
            )
            session.add(person)
            session.flush()
            bump(session)
        self.room.students.append(Student(person.id, person.pseudonym, SECTIONS[section]))

    def leave(self, who: int, section: int, _c: int) -> None:
        """Or come back, into another section."""
        student = self.room.students[who % len(self.room.students)]
        student.active, student.section = not student.active, SECTIONS[section % len(SECTIONS)]
        with self.store.writing() as session:
            values = {"active": student.active, "section_id": SECTIONS.index(student.section) or None}
            session.execute(update(Person).where(Person.id == student.id).values(values))
            bump(session)

    def vanish(self, who: int, seldom: int, _c: int) -> None:
        if len(self.room.students) < 3 or seldom % 4:
            return
        student = self.room.students.pop(who % len(self.room.students))
        self.room.handed = [each for each in self.room.handed if each.student is not student]
        with self.store.writing() as session:
            session.execute(delete(Person).where(Person.id == student.id))
            bump(session)

    def plan(self, weights: int, rules: int, section: int) -> None:
        self.happened += 1
        task = Task(0, f"week-{self.happened}", WEIGHTS[weights % 3], *self._rules(rules), section=SECTIONS[section % 3])
        with self.store.writing() as session:
            row = Assignment(
                slug=task.slug, title="Week", counts=task.counts, credit=task.credit, due_at=task.due_at, late_per_day=task.late_per_day,
                section_id=SECTIONS.index(task.section) or None, created_at=at(self.happened),
                exercises=[AssignmentExercise(exercise=slug, weight=weight) for slug, weight in task.weights.items()],
            )  # fmt: skip
            session.add(row)
            session.flush()
            task.id = row.id
            bump(session)
        self.room.tasks.append(task)

    def change_rules(self, which: int, rules: int, published: int) -> None:
        if not self.room.tasks:
            return
        task = self.room.tasks[which % len(self.room.tasks)]
        task.counts, task.credit, task.due_at, task.late_per_day = self._rules(rules)
        task.published = bool(published % 3)
        with self.store.writing() as session:
            values = {name: getattr(task, name) for name in ("counts", "credit", "due_at", "late_per_day", "published")}
            session.execute(update(Assignment).where(Assignment.id == task.id).values(values))
            bump(session)

    def drop(self, which: int, _b: int, _c: int) -> None:
        """What was handed in for an assignment that is deleted is practice."""
        if not self.room.tasks:
            return
        task = self.room.tasks.pop(which % len(self.room.tasks))
        for each in self.room.handed:
            each.task = None if each.task is task else each.task
        with self.store.writing() as session:
            session.execute(delete(AssignmentExercise).where(AssignmentExercise.assignment_id == task.id))
            session.execute(delete(Assignment).where(Assignment.id == task.id))
            bump(session)

    def submit(self, who: int, what: int, hour: int) -> None:
        student = self.room.students[who % len(self.room.students)]
        exercise = [*POINTS][what % 2]
        task = ([None, *self.room.tasks])[what // 2 % (len(self.room.tasks) + 1)]
        number = 1 + sum(each.student is student and each.exercise == exercise for each in self.room.handed)
        handed = Handed(0, student, exercise, task, at(hour % 40), number)
        with self.store.writing() as session:
            row = Submission(
                person_id=student.id, exercise=exercise, assignment_id=task.id if task else None, number=number, source=f"# {self.happened}",
                sha256="0" * 64, submitted_at=handed.at,
            )  # fmt: skip
            session.add(row)
            session.flush()
            session.add(Grading(submission_id=row.id, bank_version="1", created_at=handed.at))
            bump(session)
        handed.id = row.id
        self.room.handed.append(handed)

    def judge(self, which: int, right: int, _c: int) -> None:
        pending = [each for each in self.room.handed if each.state == "pending"]
        if not pending:
            return
        handed = pending[which % len(pending)]
        handed.state, handed.right = "judged", right % 5
        handed.passed = handed.right == handed.checks
        with self.store.writing() as session:
            self._verdict(session, handed, "1")
            session.execute(update(Grading).where(Grading.submission_id == handed.id).values(state="done"))
            bump(session)

    def fail(self, which: int, back: int, _c: int) -> None:
        """The infrastructure fails for good, or the teacher has it tried again."""
        there = [each for each in self.room.handed if each.state == ("failed" if back % 2 else "pending")]
        if not there:
            return
        handed = there[which % len(there)]
        handed.state = "pending" if back % 2 else "failed"
        with self.store.writing() as session:
            session.execute(update(Grading).where(Grading.submission_id == handed.id).values(state=handed.state))
            bump(session)

    def regrade(self, what: int, right: int, _c: int) -> None:
        """Verdicts of a newer bank for an exercise, which do not count yet."""
        self.happened += 1
        exercise, version = [*POINTS][what % 2], f"bank {self.happened}"
        self.preview = []
        with self.store.writing() as session:
            session.add(Regrade(id=self.happened, exercise=exercise, state="preview", created_at=at(1)))
            session.flush()
            for number, handed in enumerate(each for each in self.room.handed if each.exercise == exercise and each.state == "judged"):
                new = Handed(handed.id, handed.student, exercise, handed.task, handed.at, right=(right + number) % 5)
                new.passed = new.right == new.checks
                session.add(Grading(submission_id=new.id, bank_version=version, state="done", created_at=at(1), regrade_id=self.happened))
                self.preview.append((handed, new, self._verdict(session, new, version, counts=False)))
            bump(session)

    def apply(self, what: int, right: int, _c: int) -> None:
        """Let them count, of a regrade that is made before if there is none."""
        if not self.preview:
            self.regrade(what, right, 0)
        with self.store.writing() as session:
            for handed, new, verdict_id in self.preview:
                if handed in self.room.handed:
                    handed.right, handed.passed = new.right, new.passed
                    session.execute(update(Submission).where(Submission.id == handed.id).values(verdict_id=verdict_id))
            session.execute(update(Regrade).where(Regrade.state == "preview").values(state="applied"))
            bump(session)
        self.preview = []

    def freeze(self, hour: int, thaw: int, _c: int) -> None:
        self.room.freeze_at = at(hour % 40) if thaw % 3 else None
        with self.store.writing() as session:
            session.execute(update(Classroom).values(freeze_at=self.room.freeze_at))
            bump(session)

    def _verdict(self, session, handed: Handed, version: str, *, counts: bool = True) -> int:
        figures = {"passed": handed.passed, "checks_passed": handed.right, "checks_total": handed.checks, "seconds": 0.1}
        row = VerdictRow(submission_id=handed.id, bank_version=version, graded_at=at(1), verdict=b"{}", **figures)
        session.add(row)
        session.flush()
        if counts:
            session.execute(update(Submission).where(Submission.id == handed.id).values(verdict_id=row.id))
        return row.id

    def _rules(self, number: int) -> tuple:
        return "best" if number % 2 else "last", "all" if number // 2 % 2 else "share", at(8) if number % 3 else None, (0.0, 0.25, 1.0)[number % 3]

    def names(self, audience: str) -> list[BoardName]:
        tasks = [BoardName("assignment", task.slug) for task in self.room.tasks if task.published or audience == "staff"]
        return [
            BoardName("overall"),
            *tasks,
            *(BoardName("exercise", slug) for slug in POINTS),
            *(BoardName("section", name) for name in SECTIONS[1:]),
        ]

    def expected(self, name: BoardName, audience: str) -> list[dict]:
        return plain_board(self.room, name.kind, name.name, until=self.room.freeze_at if audience == "students" else None)


DEEDS = [
    Life.submit,
    Life.submit,
    Life.submit,
    Life.judge,
    Life.judge,
    Life.fail,
    Life.regrade,
    Life.apply,
    Life.freeze,
    Life.join,
    Life.leave,
    Life.vanish,
]
DEEDS += [Life.plan, Life.change_rules, Life.drop]


def seen(made: Board) -> list[dict]:
    """The rows in the form of the model."""
    facts = ("pseudonym", "points", "reached_at", "submissions", "solved", "first_solves", "pending", "rank")
    return [
        {
            **{name: getattr(row, name) for name in facts},
            "cells": {
                slug: (cell.points, cell.state, cell.attempts, cell.pending, cell.submission_id, cell.first) for slug, cell in row.cells.items()
            },
        }
        for row in made.rows
    ]


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    """The SQL statements that are sent meanwhile."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        sent.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    yield sent
    event.remove(store.engine, "before_cursor_execute", note)


def compare(standings: Standings, life: Life) -> None:
    for audience in ("students", "staff"):
        for name in life.names(audience):
            assert seen(standings.board(name, audience)) == life.expected(name, audience), f"{name} for {audience}"


def a_busy_day(life: Life) -> None:
    """Many submissions of many kinds, for every assignment."""
    for number in range(3):
        life.plan(number, number, 0)
    for number in range(30):
        life.submit(number, 5 * number + number // 7, 3 * number)
        if number % 4:
            life.judge(0, 4 if number % 3 else number, 0)
