"""An executor that judges by a glance at the source, for tests of what is done with verdicts; and a classroom to judge in."""

import threading
from collections.abc import Callable
from datetime import datetime

from scene import Clock
from sqlalchemy import select

from grader.verdict import CheckResult, Job, Speed, Verdict
from kit.bank import Bank
from kit.classroom import people
from kit.classroom.database import Store
from kit.classroom.executor import Infrastructure, WorkerState
from kit.classroom.room import Room, Settings, found
from kit.classroom.schema import Grading, Submission, VerdictRow
from kit.classroom.submissions import submit

PATIENCE = 30  # seconds that a test waits for a thread before it fails


def glance(job: Job) -> Verdict:
    """Three checks, of which as many pass as the source has the word `good`."""
    good = min(job.source.count("good"), 3)
    checks = [CheckResult(name=f"check_{number}", title="", status="passed" if number < good else "failed") for number in range(3)]
    return Verdict(slug=job.slug, passed=good == 3, complete=True, seed=1, replayed=False, device="cpu", checks=checks, policy=job.policy)


class Hurrying(Clock):
    """A clock by which every look takes five seconds."""

    def __call__(self) -> datetime:
        self.forward(seconds=5)
        return self.now


class Referee:
    """Gives the verdict of a function; notes the jobs."""

    def __init__(self, judge: Callable[[Job], Verdict] = glance, *, places: int = 2, devices: tuple[str, ...] = ("cpu",)) -> None:
        self.judge = judge
        self.places = places
        self.devices = frozenset(devices)
        self.jobs: list[Job] = []
        self.timed: list[Job] = []
        self.began = threading.Semaphore(0)  # once for each that is timed

    @property
    def capacity(self) -> int:
        return self.places * len(self.devices)

    def describe(self) -> list[WorkerState]:
        return [WorkerState(device, self.places, 0, frozenset({device})) for device in sorted(self.devices)]

    def grade(self, job: Job) -> Verdict:
        self.jobs.append(job)
        return self.judge(job)

    def measure(self, job: Job) -> Speed:
        """As many times slower than the reference as the source has lines."""
        self.timed.append(job)
        self.began.release()
        ratio = float(job.source.count("\n") + 1)
        return Speed(slug=job.slug, device="cpu", machine="a referee", ratio=ratio, ratios=[ratio])

    def close(self) -> None:
        pass


class Held(Referee):
    """Holds every answer until it is told to go on, or closed."""

    def __init__(self, **settings) -> None:
        super().__init__(self.hold, **settings)
        self.asked = threading.Semaphore(0)
        self.goes_on = threading.Event()
        self.closed = False

    def hold(self, job: Job) -> Verdict:
        self.asked.release()
        assert self.goes_on.wait(PATIENCE)
        if self.closed:
            raise Infrastructure("closed")
        return glance(job)

    def wait_for(self, count: int) -> None:
        """Until so many answers are being judged."""
        for _ in range(count):
            assert self.asked.acquire(timeout=PATIENCE)

    def close(self) -> None:
        self.closed = True
        self.goes_on.set()


class Bell:
    """An on_verdict that can be waited for."""

    def __init__(self) -> None:
        self.rung = threading.Semaphore(0)
        self.ids: list[int] = []

    def __call__(self, submission_id: int) -> None:
        self.ids.append(submission_id)
        self.rung.release()

    def wait_for(self, count: int) -> None:
        """Until so many more verdicts are there."""
        for _ in range(count):
            assert self.rung.acquire(timeout=PATIENCE)


def a_room(store: Store, bank: Bank, clock: Clock, students: int = 1, **settings) -> Room:
    """A classroom with students whose ids are 1, 2, …"""
    found(store, "Deep learning", clock())
    with store.writing() as session:
        for number in range(1, students + 1):
            people.add(session, role="student", name=f"Student {number}", now=clock())
    return Room(store, bank, Settings(**settings), clock)


def hand_in(room: Room, *sources: str, person: int = 1, exercise: str = "double") -> list[int]:
    """Submissions, in this order; their ids."""
    return [submit(room, person, exercise, source, assignment="").submission_id for source in sources]


def states(store: Store) -> dict[int, tuple[str, int]]:
    """Of each submission's gradings: state and attempts."""
    with store.reading() as session:
        return {row.submission_id: (row.state, row.attempts) for row in session.scalars(select(Grading))}


def results(store: Store) -> dict[int, bool | None]:
    """Whether each submission passed by the verdict that counts."""
    with store.reading() as session:
        rows = session.execute(select(Submission.id, VerdictRow.passed).outerjoin(VerdictRow, VerdictRow.id == Submission.verdict_id))
        return dict(rows.all())
