"""People who handed something in, and what was said of it: put straight into a database, for tests of what is computed from it."""

from datetime import timedelta
from hashlib import sha256

from scene import MORNING
from sqlalchemy import func, select

from grader.verdict import CheckResult, Diagnosis, Failure, Verdict, encode
from kit.classroom.database import Store
from kit.classroom.schema import Assignment, AssignmentExercise, Classroom, Grading, Person, Section, Submission, VerdictRow


def check(name: str, status: str = "passed", mistake: str = "", message: str = "") -> CheckResult:
    diagnosis = Diagnosis(mistake, message or f"stored: {mistake}") if mistake else None
    return CheckResult(name=name, title=f"stored {name}", status=status, diagnosis=diagnosis)


class Handed:
    """Each call is one transaction."""

    def __init__(self, store: Store, **classroom) -> None:
        self.store = store
        with store.writing() as session:
            session.add(Classroom(id=1, name="Deep learning", join_code="ab-cd", secret=b"s" * 32, created_at=MORNING, **classroom))

    def person(self, name: str, role: str = "student", section: str | None = None, **values) -> int:
        with self.store.writing() as session:
            place = None
            if section is not None:
                place = session.scalar(select(Section).where(Section.name == section)) or Section(name=section)
            person = Person(role=role, name=name, pseudonym=f"the-{name.lower()}", section=place, created_at=MORNING, **values)
            session.add(person)
            session.flush()
            return person.id

    def assignment(self, slug: str, **weights: float) -> int:
        with self.store.writing() as session:
            exercises = [
                AssignmentExercise(exercise=exercise, weight=weight, position=place) for place, (exercise, weight) in enumerate(weights.items())
            ]
            row = Assignment(slug=slug, title=f"Title of {slug}", exercises=exercises, created_at=MORNING)
            session.add(row)
            session.flush()
            return row.id

    def submission(
        self, person: int, exercise: str, *checks: CheckResult, source: str = "pass", hour: float = 0, assignment: int | None = None, load: str = ""
    ) -> int:
        """With a verdict when there are checks, or load says why it could not be loaded; else it waits."""
        with self.store.writing() as session:
            own = (Submission.person_id == person, Submission.exercise == exercise)
            row = Submission(
                person_id=person, exercise=exercise, assignment_id=assignment, source=source, sha256=sha256(source.encode()).hexdigest(),
                number=session.scalars(select(func.count()).where(*own)).one() + 1, submitted_at=MORNING + timedelta(hours=hour),
            )  # fmt: skip
            session.add(row)
            session.flush()
            if not checks and not load:
                session.add(Grading(submission_id=row.id, bank_version="v", created_at=row.submitted_at))
                return row.id
            passed = [each.status == "passed" for each in checks]
            failure = Failure(kind=load) if load else None
            said = Verdict(
                slug=exercise, passed=all(passed) and not load, complete=True, seed=1, replayed=False, device="cpu", checks=list(checks), load=failure
            )
            verdict = VerdictRow(
                submission_id=row.id, bank_version="v", passed=said.passed, checks_passed=sum(passed), checks_total=len(passed),
                seconds=0.1, graded_at=row.submitted_at, verdict=encode(said),
            )  # fmt: skip
            session.add(verdict)
            session.flush()
            row.verdict_id = verdict.id
            return row.id
