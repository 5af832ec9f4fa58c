"""Answers that resemble each other, as a hint for a teacher's eye: short exercises have few right answers, so it proves nothing.

Names and comments do not count (copydetect: fingerprints of the tokens, after Schleimer, Wilkerson and Aiken 2003, Winnowing: local algorithms for
document fingerprinting), nor does what stands in the starter.
"""

# ruff: noqa: PLC0415  # copydetect imports a plotting library, for a second

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from itertools import combinations
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kit.classroom.schema import Person, Submission
from kit.exercise import Exercise

__all__ = ["THRESHOLD", "Pair", "Side", "compare", "similar"]

THRESHOLD = 0.8  # of an answer's own tokens
NOISE = 25  # tokens' characters: shorter agreement is chance
FEWEST = 60  # characters of agreement in all, with names as one letter each: about four lines
MOST = 200  # pairs


@dataclass(frozen=True)
class Side:
    """One answer of a pair. lines: (first, last) of the parts that agree, counted from 1; similarity: the part of its own tokens, 0 to 1."""

    person_id: int
    submission_id: int
    similarity: float
    lines: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Pair:
    """Two answers of different people. The first was handed in earlier. overlap: characters that agree, names as one letter each."""

    first: Side
    second: Side
    overlap: int

    @property
    def similarity(self) -> float:
        """The larger of both: a copy with something added is a copy."""
        return max(self.first.similarity, self.second.similarity)


@dataclass(frozen=True)
class _Answer:
    person_id: int
    submission_id: int
    fingerprint: Any


def similar(session: Session, exercise: Exercise, *, assignment_id: int | None = None, threshold: float = THRESHOLD) -> list[Pair]:
    """Pairs of students' latest answers to an exercise (handed in for an assignment, where one is given) that agree in so much; most alike first.

    Takes seconds for hundreds of answers. At most 200 pairs.
    """
    wanted = [Submission.exercise == exercise.slug]
    if assignment_id is not None:
        wanted.append(Submission.assignment_id == assignment_id)
    latest = select(func.max(Submission.id)).where(*wanted).group_by(Submission.person_id)
    query = select(Submission.person_id, Submission.id, Submission.source).join(Person, Person.id == Submission.person_id)
    query = query.where(Submission.id.in_(latest), Person.role == "student").order_by(Submission.id)
    answers = [(person_id, submission_id, source) for person_id, submission_id, source in session.execute(query)]
    starter = exercise.starter.read_text(encoding="utf-8") if exercise.starter.is_file() else ""
    return compare(answers, starter, threshold=threshold)


def compare(answers: list[tuple[int, int, str]], starter: str, *, threshold: float = THRESHOLD) -> list[Pair]:
    """The same for (person, submission, source), the earlier ones first."""
    given = {int(number) for number in _fingerprint(starter).hashes}
    read = [_Answer(person_id, submission_id, _without(_fingerprint(source), given)) for person_id, submission_id, source in answers]
    likely = [(_likeness(one, other), one, other) for one, other in combinations([answer for answer in read if answer.fingerprint.hashes], 2)]
    likely = sorted((each for each in likely if 2 * each[0] >= threshold), key=lambda each: -each[0])[: 2 * MOST]
    pairs = [_compared(one, other) for _likeness, one, other in likely]
    pairs = [pair for pair in pairs if pair.overlap >= FEWEST and pair.similarity >= threshold]
    pairs.sort(key=lambda pair: (-pair.similarity, -pair.overlap, pair.first.submission_id, pair.second.submission_id))
    return pairs[:MOST]


def _likeness(one: _Answer, other: _Answer) -> float:
    """The part of the shorter answer's fingerprints that the other has too: quick, and close enough to choose by."""
    mine, theirs = one.fingerprint.hashes, other.fingerprint.hashes
    return len(mine & theirs) / min(len(mine), len(theirs))


def _fingerprint(source: str) -> Any:
    from copydetect import CodeFingerprint  # pyright: ignore[reportMissingTypeStubs]

    every_one = 1  # answers are short: nothing is to be gained by keeping only some fingerprints
    return CodeFingerprint("answer.py", NOISE, every_one, language="python", fp=StringIO(source))


def _without(fingerprint: Any, given: set[int]) -> Any:
    """The fingerprint without what was given. copydetect's own way of leaving it out takes repetitions within an answer for given, too."""
    from copydetect.utils import get_token_coverage  # pyright: ignore[reportMissingTypeStubs]

    fingerprint.hashes = {int(number) for number in fingerprint.hashes} - given
    fingerprint.hash_idx = {number: places for number, places in fingerprint.hash_idx.items() if number not in given}
    fingerprint.token_coverage = get_token_coverage(fingerprint.hash_idx, fingerprint.k, len(fingerprint.filtered_code))
    return fingerprint


def _compared(one: _Answer, other: _Answer) -> Pair:
    from copydetect import compare_files  # pyright: ignore[reportMissingTypeStubs]

    overlap, similarities, slices = compare_files(one.fingerprint, other.fingerprint)
    first, second = (
        Side(answer.person_id, answer.submission_id, min(float(share), 1.0), _lines(answer.fingerprint.raw_code, places))
        for answer, share, places in zip((one, other), similarities, slices, strict=True)
    )
    return Pair(first, second, int(overlap))


def _lines(source: str, slices: Any) -> tuple[tuple[int, int], ...]:
    """The lines in which the slices lie, those that touch as one."""
    if not len(slices) or not len(slices[0]):
        return ()
    merged: list[tuple[int, int]] = []
    for start, end in sorted(zip(slices[0], slices[1], strict=True)):
        first, last = source.count("\n", 0, int(start)) + 1, source.count("\n", 0, max(int(end) - 1, 0)) + 1
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged)
