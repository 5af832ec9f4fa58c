"""What a class finds hard: for each check of an exercise how many fail it, and by which known mistakes. For the teacher, nothing of it is public."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from msgspec import DecodeError, Struct, json
from sqlalchemy import select
from sqlalchemy.orm import Session

from grader import mistakes
from grader.text import _, current_language
from kit.classroom.schema import Person, Submission, VerdictRow
from kit.exercise import Exercise

__all__ = ["CheckStatistics", "MistakeCount", "Statistics", "sentence", "statistics"]


class MistakeCount(Struct, frozen=True):
    """How many people an answer of theirs was diagnosed with a known mistake; message: what it is, in the language in use."""

    mistake: str
    message: str
    people: int


class CheckStatistics(Struct, frozen=True):
    """A check over all people with a verdict.

    met: people in whose answers it ran. failed: of those, who failed it at least once; failing: whose latest judged answer fails it. mistakes: most
    frequent first.
    """

    name: str
    title: str
    met: int
    failed: int
    failing: int
    mistakes: tuple[MistakeCount, ...]

    @property
    def share(self) -> float:
        """The part of the people who met the check and failed it, 0 to 1."""
        return self.failed / self.met if self.met else 0.0


class Statistics(Struct, frozen=True):
    """An exercise over the active students.

    people: with at least one verdict; passed: who passed with any of them. to_pass: how many submissions those needed, the passing one too, in the
    order of size. unloadable: whose latest judged answer could not even be loaded. checks: in the order of the file.
    """

    exercise: str
    people: int
    submissions: int
    passed: int
    to_pass: tuple[int, ...]
    unloadable: int
    checks: tuple[CheckStatistics, ...]


class _Diagnosis(Struct):
    mistake: str
    message: str


class _Check(Struct):
    name: str
    title: str
    status: str
    diagnosis: _Diagnosis | None = None


class _Load(Struct):
    kind: str


class _Verdict(Struct):
    """Of a verdict what is counted here; reading the rest would take most of the time."""

    checks: list[_Check]
    load: _Load | None = None


class _Tally:
    """One check while verdicts are counted; people by their number."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.met: set[int] = set()
        self.failed: set[int] = set()
        self.failing: set[int] = set()
        self.mistakes: dict[str, set[int]] = {}
        self.messages: dict[str, str] = {}

    def count(self, person_id: int, check: _Check) -> None:
        if check.status == "skipped":
            return
        self.met.add(person_id)
        self.failing.discard(person_id)
        if check.status != "failed":
            return
        self.failed.add(person_id)
        self.failing.add(person_id)
        if check.diagnosis is not None:
            self.mistakes.setdefault(check.diagnosis.mistake, set()).add(person_id)
            self.messages[check.diagnosis.mistake] = check.diagnosis.message


def statistics(session: Session, exercise: Exercise, *, assignment_id: int | None = None, section: str | None = None) -> Statistics:
    """Count an exercise's verdicts that hold now, of active students; of an assignment or a section alone where one is given."""
    query = (
        select(Submission.person_id, Submission.number, VerdictRow.passed, VerdictRow.verdict)
        .join(VerdictRow, VerdictRow.id == Submission.verdict_id)
        .join(Person, Person.id == Submission.person_id)
        .where(Submission.exercise == exercise.slug, Person.active, Person.role == "student")
        .order_by(Submission.person_id, Submission.number)
        .execution_options(yield_per=500)
    )
    if assignment_id is not None:
        query = query.where(Submission.assignment_id == assignment_id)
    if section is not None:
        query = query.where(Person.section.has(name=section))
    tallies = {name: _Tally(title) for name, title in _titles(exercise).items()}
    submissions: Counter[int] = Counter()
    to_pass: dict[int, int] = {}
    unloadable: set[int] = set()
    for person_id, _number, passed, body in session.execute(query):
        submissions[person_id] += 1
        if passed:
            to_pass.setdefault(person_id, submissions[person_id])
        verdict = _decoded(body)
        if verdict.load is not None and verdict.load.kind != "your_turn":
            unloadable.add(person_id)
        else:
            unloadable.discard(person_id)
        for check in verdict.checks:
            tallies.setdefault(check.name, _Tally(check.title)).count(person_id, check)
    known = _messages(exercise)
    return Statistics(
        exercise.slug,
        people=len(submissions),
        submissions=submissions.total(),
        passed=len(to_pass),
        to_pass=tuple(sorted(to_pass.values())),
        unloadable=len(unloadable),
        checks=tuple(_of(name, tally, known) for name, tally in tallies.items()),
    )


def sentence(check: CheckStatistics) -> str:
    """The line for a teacher: how many fail a check, and by what most of all."""
    said = _("{percent} fail: {title}").format(percent=f"{check.share:.0%}", title=check.title)
    if not check.mistakes:
        return said
    return _("{said}; most often: {message}").format(said=said, message=check.mistakes[0].message)


def _of(name: str, tally: _Tally, known: dict[str, str]) -> CheckStatistics:
    counted = [MistakeCount(mistake, known.get(mistake, tally.messages[mistake]), len(people)) for mistake, people in tally.mistakes.items()]
    counted.sort(key=lambda each: (-each.people, each.mistake))
    return CheckStatistics(name, tally.title, len(tally.met), len(tally.failed), len(tally.failing), tuple(counted))


def _decoded(body: bytes) -> _Verdict:
    """What is counted of a verdict; nothing of one of an older form."""
    try:
        return json.decode(body, type=_Verdict)
    except DecodeError:
        return _Verdict([])


def _titles(exercise: Exercise) -> dict[str, str]:
    """The exercise's checks as they are now, in their order, with their titles in the language in use."""
    try:
        tree = ast.parse(exercise.checks.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return {}
    return {
        node.name.removeprefix("test_"): _title(node)
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
    }


def _title(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The docstring's first line, its second in Chinese; else the name."""
    lines = [line.strip() for line in (ast.get_docstring(node) or "").splitlines() if line.strip()]
    if not lines:
        return node.name.removeprefix("test_").replace("_", " ")
    return lines[1] if current_language() == "zh" and len(lines) > 1 else lines[0]


def _messages(exercise: Exercise) -> dict[str, str]:
    """The known mistakes' messages in the language in use; verdicts hold them in the language of their day."""
    if not Path(exercise.mistakes).is_file():
        return {}
    try:
        return {each.name: mistakes.message(each, current_language()) for each in mistakes.load(exercise.mistakes)}
    except mistakes.MistakeError:
        return {}
