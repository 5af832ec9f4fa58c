"""The loop that judges: claims what is next in the queue, has it judged, writes the verdict down; whatever breaks on the way is tried again."""

from __future__ import annotations

import logging
import os
import platform
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import TypeVar, cast

from msgspec import structs
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from grader.text import _, current_language, speaking
from grader.verdict import Device, Verdict
from kit.classroom import gradings, regrade
from kit.classroom.executor import NODE, Executor, Infrastructure, job_for
from kit.classroom.gradings import Claimed
from kit.classroom.measuring import Measurements
from kit.classroom.room import Room
from kit.classroom.versions import bank_version
from kit.errors import KitError

__all__ = ["Grader"]

T = TypeVar("T")

POLL = 1.0  # seconds until the queue is looked at again without being told to: what failed comes back, another process may hand in
UPKEEP = gradings.LEASE.total_seconds() / 4  # between two heartbeats
AGAIN = 1.0  # seconds until something is written again that the database did not take
MOST = 1000  # at once, on any cluster; a thread is made only when it is needed
STOP_SECONDS = 30.0  # that a graceful stop waits for what is being judged

log = logging.getLogger(__name__)


class Grader:
    """Judges what is pending until it is stopped. Everything that it knows stands in the database: it may be killed at any time."""

    def __init__(self, room: Room, executor: Executor, *, on_verdict: Callable[[int], None] = lambda _submission_id: None) -> None:
        """on_verdict gets a submission's id after its verdict, or when its grading is given up, in a thread of ours. Speaks the language in use.

        A verdict speaks the language that the student spoke when they handed in.
        """
        self.executor = executor
        self.worker = f"{platform.node()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._room = room
        self._on_verdict = on_verdict
        self._lang = current_language()
        self._alone = room.store.engine.dialect.name == "sqlite"  # nobody else judges for a SQLite database
        self._pool = ThreadPoolExecutor(max_workers=MOST, thread_name_prefix="kit-grading")
        self._loop = threading.Thread(target=self._run, name="kit-grader", daemon=True)
        self._news = threading.Condition()
        self._woken = False
        self._stop = threading.Event()
        self._running: dict[Future[None], Claimed] = {}
        self._upkeep_at = 0.0
        self._measurements = Measurements(room, executor, self._lang)
        self._measuring = threading.Lock()  # held while an answer is timed: one at a time

    def start(self) -> None:
        """Take back what a dead server left running, and begin. Raises KitError when the database does not answer."""
        self._recover(self._room.now())
        self._measurements.find()
        self._loop.start()

    def wake(self) -> None:
        """There is something to judge, or room for it. From any thread."""
        with self._news:
            self._woken = True
            self._news.notify_all()

    def stop(self, *, graceful: bool = True, seconds: float = STOP_SECONDS) -> None:
        """Claim nothing more. graceful: wait for what is being judged, so many seconds at most; what is not done then is pending again."""
        self._stop.set()
        self.wake()
        if self._loop.ident is not None:
            self._loop.join()
        with self._news:
            running = dict(self._running)
        unfinished = wait(running, timeout=seconds if graceful else 0).not_done
        for claimed in [running[future] for future in unfinished]:
            grading_id = claimed.grading_id
            self._write(lambda session, grading_id=grading_id: gradings.release(session, grading_id, self.worker))
        if graceful and self._measuring.acquire(timeout=seconds):
            self._measuring.release()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        """Hand out work until told to stop."""
        with speaking(self._lang):
            while not self._stop.is_set():
                with self._news:
                    self._woken = False
                try:
                    self._upkeep()
                    claimed = self._claim()
                except (KitError, SQLAlchemyError) as error:
                    log.warning("the queue cannot be read: %s", error)
                    claimed = None
                if claimed is not None:
                    self._begin(claimed)
                    continue
                self._measure_one()
                with self._news:
                    self._news.wait_for(lambda: self._woken or self._stop.is_set(), timeout=POLL)

    def _upkeep(self) -> None:
        """Now and then: say that we live, and take back what a dead server had."""
        if time.monotonic() < self._upkeep_at:
            return
        self._upkeep_at = time.monotonic() + UPKEEP
        now = self._room.now()
        with self._news:
            ours = [claimed.grading_id for claimed in self._running.values()]
        if ours:
            with self._room.store.writing() as session:
                gradings.heartbeat(session, self.worker, ours, now)
        if not self._alone:
            self._recover(now)

    def _recover(self, now: datetime) -> None:
        """now: not later than that of our own heartbeat."""
        with self._room.store.writing() as session:
            left = gradings.recover(session, now, lease=None if self._alone else gradings.LEASE)
            if left.given_up:
                regrade.settle(session)
        if left.again:
            log.warning("%d gradings were left by a server that is gone; they are made again", left.again)
        for submission_id in left.given_up:
            log.warning("submission %d was being judged at three deaths of a server; a teacher decides whether it is tried again", submission_id)
            self._on_verdict(submission_id)

    def _claim(self) -> Claimed | None:
        """The next grading for which there is a place."""
        devices = self._free()
        with self._news:
            running = list(self._running.values())
        if not devices or any(claimed.alone for claimed in running):
            return None
        busy = bool(running) or self._measuring.locked()
        with self._room.store.writing() as session:
            return gradings.claim(session, self.worker, self._room.now(), devices=devices, busy=busy)

    def _free(self) -> frozenset[str]:
        """The devices that have a place for one more answer."""
        with self._news:
            running = Counter(claimed.device for claimed in self._running.values())
        places: Counter[str] = Counter()
        for state in self.executor.describe():
            for device in state.devices if state.fine else ():
                places[device] += state.capacity
        return frozenset(device for device in self.executor.devices if running[device] < places[device])

    def _begin(self, claimed: Claimed) -> None:
        future = self._pool.submit(self._grade, claimed)
        with self._news:
            self._running[future] = claimed
        future.add_done_callback(self._ended)

    def _measure_one(self) -> None:
        """Begin to time a passing answer, when nothing is being judged: that takes seconds, wants quiet and can wait."""
        with self._news:
            busy = bool(self._running)
        if busy or not self._measuring.acquire(blocking=False):
            return
        submission_id = self._measurements.take()
        if submission_id is None:
            self._measuring.release()
        else:
            self._pool.submit(self._measure, submission_id)

    def _measure(self, submission_id: int) -> None:
        with speaking(self._lang):
            try:
                self._measurements.measure(submission_id)
            except (Infrastructure, KitError) as error:
                log.warning("submission %d was not timed: %s", submission_id, error)
            except Exception:
                log.exception("submission %d was not timed", submission_id)
            finally:
                self._measuring.release()
                self.wake()

    def _ended(self, future: Future[None]) -> None:
        with self._news:
            self._running.pop(future, None)
        if not future.cancelled() and future.exception() is not None:
            log.error("a grading ended in an error of ours", exc_info=future.exception())
        self.wake()

    def _grade(self, claimed: Claimed) -> None:
        """Judge one answer and write down what came of it."""
        with speaking(self._lang):
            try:
                verdict = self._judged(claimed)
                if verdict is not None:
                    self._finish(claimed, verdict)
            except (Infrastructure, KitError) as error:
                self._failed(claimed, str(error))
            except Exception as error:
                log.exception("grading %d failed", claimed.grading_id)
                self._failed(claimed, type(error).__name__)

    def _judged(self, claimed: Claimed) -> Verdict | None:
        """The verdict, by the bank as it is now; None when another grading makes it. Raises Infrastructure, KitError."""
        exercise = self._room.bank.exercise(claimed.exercise)
        version = bank_version(exercise)
        if version != claimed.bank_version and not self._write(lambda session: self._renewed(session, claimed, version)):
            return None
        device = cast("Device", claimed.device)
        work = job_for(exercise, claimed.source, sandbox=self._room.settings.sandbox, device=device, lang=claimed.lang or self._lang)
        verdict = self.executor.grade(work)
        if verdict.error is not None:
            raise Infrastructure(verdict.error)
        if bank_version(exercise) != version:
            raise Infrastructure(_("the exercise was changed while an answer to it was judged"))
        return verdict

    def _renewed(self, session: Session, claimed: Claimed, version: str) -> bool:
        """Whether this grading is now of the bank as it is; else another one is, and this one is gone."""
        renewed = gradings.renew(session, claimed.grading_id, version)
        if claimed.regrade and not renewed:
            regrade.settle(session)
        return renewed

    def _finish(self, claimed: Claimed, verdict: Verdict) -> None:
        versions = dict(verdict.versions)
        machine = versions.pop(NODE, platform.node())
        verdict = structs.replace(verdict, versions=versions)

        def write(session: Session) -> bool:
            first = gradings.finish(session, claimed.grading_id, verdict, machine, self._room.now())
            if claimed.regrade:
                regrade.settle(session)
            return first

        if self._write(write):
            if verdict.passed and not claimed.regrade:
                self._measurements.add(claimed.submission_id, claimed.exercise)
            self._on_verdict(claimed.submission_id)

    def _failed(self, claimed: Claimed, reason: str) -> None:
        log.warning("grading %d was not made: %s", claimed.grading_id, reason)

        def write(session: Session) -> str | None:
            state = gradings.fail(session, claimed.grading_id, self.worker, reason.replace("\0", ""), self._room.now())
            if claimed.regrade:
                regrade.settle(session)
            return state

        if self._write(write) == "failed":
            self._on_verdict(claimed.submission_id)

    def _write(self, work: Callable[[Session], T]) -> T | None:
        """Do it in a transaction, again and again until the database takes it; None when we are to stop before that."""
        while True:
            try:
                with self._room.store.writing() as session:
                    return work(session)
            except (KitError, SQLAlchemyError) as error:
                log.warning("the database did not take what was judged: %s", error if isinstance(error, KitError) else type(error).__name__)
            if self._stop.wait(AGAIN):
                return None
