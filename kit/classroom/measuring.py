"""Timing passing answers for the speed board: one at a time, when nothing waits to be judged."""

from __future__ import annotations

import threading
from collections import deque

from sqlalchemy import select

from grader.verdict import Job
from kit.classroom import speed
from kit.classroom.executor import NODE, Executor
from kit.classroom.room import Room
from kit.classroom.schema import SpeedResult, Submission, VerdictRow

__all__ = ["Measurements"]


class Measurements:
    """The passing submissions that are still to be timed. Kept in memory: a server that starts finds them again."""

    def __init__(self, room: Room, executor: Executor, lang: str) -> None:
        self._room, self._executor, self._lang = room, executor, lang
        self._waiting: deque[int] = deque()
        self._lock = threading.Lock()

    def find(self) -> None:
        """Those that passed and were not timed yet, the earliest first. Raises KitError when the database does not answer."""
        allowed = [exercise.slug for exercise in self._room.bank.exercises if speed.allowed(exercise)]
        timed = select(SpeedResult.id).where(SpeedResult.submission_id == Submission.id).exists()
        missing = (
            select(Submission.id)
            .join(VerdictRow, VerdictRow.id == Submission.verdict_id)
            .where(Submission.exercise.in_(allowed), VerdictRow.passed, ~timed)
            .order_by(Submission.id)
        )
        with self._room.store.reading() as session:
            found = session.scalars(missing).all() if allowed else []
        with self._lock:
            self._waiting.extend(found)

    def add(self, submission_id: int, exercise: str) -> None:
        """One that has just passed; nothing happens for an exercise without a speed board."""
        if speed.allowed(self._room.bank.exercise(exercise)):
            with self._lock:
                self._waiting.append(submission_id)

    def take(self) -> int | None:
        """The next one, if there is any."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def measure(self, submission_id: int) -> bool:
        """Time it and write down the result; whether there is one. Raises Infrastructure, KitError."""
        job = self._job(submission_id)
        if job is None:
            return False
        measured = self._executor.measure(job)
        with self._room.store.writing() as session:
            row = speed.record(session, submission_id, measured, self._room.now(), machine=measured.versions.get(NODE, ""))
        return row is not None

    def _job(self, submission_id: int) -> Job | None:
        with self._room.store.reading() as session:
            submission = session.get(Submission, submission_id)
        if submission is None:
            return None
        exercise = self._room.bank.exercise(submission.exercise)
        return speed.speed_job(exercise, submission.source, sandbox=self._room.settings.sandbox, lang=self._lang)
