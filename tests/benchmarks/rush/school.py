"""A class in the middle of its term, and the answers that it hands in."""

import random
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update

from grader import mistakes
from grader.verdict import CheckResult, Verdict, encode
from kit.author.drawers import find
from kit.bank import Bank
from kit.classroom import assignments, people
from kit.classroom.database import open_store
from kit.classroom.room import found
from kit.classroom.schema import Base, Classroom, Grading, Submission, VerdictRow

ROOT = Path(__file__).parents[3]
SLUG = "conv2d"
EXERCISES, EACH = 20, 2  # how many exercises of the bank everybody has handed in, and how often
CHECKS = 8


@dataclass(frozen=True)
class Answer:
    """What somebody hands in; right: whether it passes."""

    name: str
    source: str
    right: bool


@dataclass(frozen=True)
class School:
    """A database of a class, and each student's client token. Every part of the benchmark has a copy of its own."""

    path: Path
    tokens: list[str]

    def copy(self, folder: Path) -> Path:
        """A database like this one."""
        return Path(shutil.copy(self.path, folder / "classroom.db"))


def answers() -> list[Answer]:
    """Every answer to conv2d that the bank has: the solution, somebody's who saw only the statement, and each known mistake."""
    drawers = find(ROOT, [SLUG])[0]
    solution = drawers.solution.read_text(encoding="utf-8")
    wrong = [Answer(each.name, mistakes.apply(solution, each), right=False) for each in mistakes.load(drawers.mistakes)]
    return [Answer("solution", solution, right=True), Answer("blind answer", drawers.blind.read_text(encoding="utf-8"), right=True), *wrong]


def mixed(count: int) -> list[Answer]:
    """So many of them, each as often as any other, in an order that is the same in every run; each with a line of its own."""
    known = answers()
    chosen = [known[number % len(known)] for number in range(count)]
    random.Random(1).shuffle(chosen)
    return [Answer(each.name, f"{each.source}\n# answer {number}\n", each.right) for number, each in enumerate(chosen)]


def make(path: Path, students: int) -> School:
    """A class of so many students with judged submissions, and an open assignment."""
    bank = Bank(ROOT, cache=path.parent)
    timed = {drawers.slug for drawers in find(ROOT) if drawers.speed.exists()}  # what passed there the server would time while we measure
    slugs = [exercise.slug for exercise in bank.exercises]
    done = [slug for slug in slugs if slug not in timed][:EXERCISES]
    now = datetime.now(UTC)
    store = open_store(f"sqlite:///{path}")
    found(store, "Benchmark", now)
    with store.writing() as session:
        persons = [people.add(session, role="student", name=f"Student {number}", now=now) for number in range(students)]
        tokens = [people.issue(session, person, "client", now=now) for person in persons]
        assignments.create(
            session, slugs, "week-1", assignments.Rules(title="Week 1", exercises=tuple((slug, 1.0) for slug in [*done[:5], SLUG])), now
        )
        for table, rows in _history([person.id for person in persons], done, now).items():
            session.execute(insert(table), rows)
        session.execute(update(Classroom).values(revision=Classroom.revision + 1))
    store.close()
    return School(path, tokens)


def _history(persons: list[int], slugs: list[str], now: datetime) -> dict[type[Base], list[dict[str, Any]]]:
    """What everybody has handed in so far, and what came of it."""
    drawn = random.Random(1)
    source = answers()[0].source
    rows: dict[type[Base], list[dict[str, Any]]] = {Submission: [], VerdictRow: [], Grading: []}
    turns = [(number, person, slug) for number in range(1, EACH + 1) for slug in slugs for person in persons]
    for key, (number, person, slug) in enumerate(turns, 1):
        right = drawn.random() < 0.4 * number
        passed = CHECKS if right else drawn.randrange(CHECKS)
        at = now - timedelta(days=30) + timedelta(days=29) * (key / len(turns))
        whose: dict[str, Any] = {"person_id": person, "exercise": slug, "number": number, "assignment_id": None}
        rows[Submission].append({"id": key, **whose, "source": source, "sha256": str(key), "submitted_at": at, "flags": [], "verdict_id": key})
        judged = {"id": key, "submission_id": key, "bank_version": "1"}
        result = {"passed": right, "checks_passed": passed, "checks_total": CHECKS, "seconds": 0.5, "machine": ""}
        rows[VerdictRow].append({**judged, **result, "graded_at": at, "verdict": encode(_verdict(slug, passed))})
        rows[Grading].append({**judged, "device": "cpu", "state": "done", "attempts": 0, "worker": "", "failure": "", "created_at": at})
    return rows


def _verdict(slug: str, passed: int) -> Verdict:
    checks = [CheckResult(name=f"check_{number}", title="", status="passed" if number < passed else "failed") for number in range(CHECKS)]
    return Verdict(slug=slug, passed=passed == CHECKS, complete=True, seed=1, replayed=False, device="cpu", checks=checks)
