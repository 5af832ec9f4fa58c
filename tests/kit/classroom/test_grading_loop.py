"""The grader: everything handed in gets one verdict, whatever breaks on the way."""

import shutil
import threading
from contextlib import contextmanager

import pytest
from msgspec import structs
from referee import PATIENCE, Bell, Held, Hurrying, Referee, a_room, glance, hand_in, results, states
from scene import MINI_BANK
from sqlalchemy import select, update

from grader.text import speaking
from grader.verdict import decode_verdict
from kit.bank import Bank
from kit.classroom import grading_loop, regrade
from kit.classroom.executor import NODE, Infrastructure
from kit.classroom.grading_loop import Grader
from kit.classroom.gradings import LEASE, claim
from kit.classroom.schema import Audit, Grading, Regrade, Submission, VerdictRow
from kit.classroom.versions import bank_version
from kit.errors import KitError

CPU = frozenset({"cpu"})


@pytest.fixture
def own_bank(tmp_path) -> Bank:
    """A bank that a test may change."""
    shutil.copytree(MINI_BANK, tmp_path / "bank")
    return Bank(tmp_path / "bank", cache=tmp_path / "cache")


class Watched(Referee):
    """Gives no verdict before the grader has looked for more to do, twice; notes what was judged beside what."""

    def __init__(self, **settings) -> None:
        super().__init__(self.watch, **settings)
        self.wake = lambda: None
        self.beside: dict[str, set[str]] = {}
        self._under_way: set[str] = set()
        self._lock, self._looked = threading.Lock(), threading.Condition()
        self._looks = 0

    def describe(self):
        with self._looked:
            self._looks += 1
            self._looked.notify_all()
        return super().describe()

    def watch(self, job):
        with self._lock:
            self.beside[job.source] = set(self._under_way)
            for other in self._under_way:
                self.beside[other].add(job.source)
            self._under_way.add(job.source)
        with self._looked:
            until = self._looks + 2
            while self._looks < until:
                self.wake()
                assert self._looked.wait(PATIENCE)
        with self._lock:
            self._under_way.remove(job.source)
        return glance(job)


def test_everything_that_was_handed_in_gets_one_verdict(store, bank, clock):
    room, bell, referee = a_room(store, bank, clock, students=2), Bell(), Referee()
    first = hand_in(room, "good good good", "bad")
    grader = Grader(room, referee, on_verdict=bell)
    grader.start()
    second = hand_in(room, "good good good", "good", person=2)
    grader.wake()
    bell.wait_for(4)
    grader.stop()
    assert results(store) == dict(zip(first + second, [True, False, True, False], strict=True))
    assert sorted(bell.ids) == sorted(first + second)
    with store.reading() as session:
        rows = session.scalars(select(VerdictRow)).all()
        assert [row.checks_total for row in rows] == [3, 3, 3, 3]
        assert {decode_verdict(row.verdict).policy for row in rows} == {"server"}


def test_verdicts_are_in_the_language_of_whoever_handed_in(store, bank, clock):
    room, bell, referee = a_room(store, bank, clock), Bell(), Referee()
    for lang, source in (("zh", "a"), ("en", "b"), ("zh", "c")):
        with speaking(lang):
            hand_in(room, source)
    with store.writing() as session:
        session.execute(update(Submission).where(Submission.id == 3).values(lang=None))  # of an older kit
    grader = Grader(room, referee, on_verdict=bell)
    grader.start()
    bell.wait_for(3)
    with store.writing() as session:
        session.execute(update(VerdictRow).values(bank_version="older"))
        session.execute(update(Grading).values(bank_version="older"))
        regrade.start(session, room, exercise="double")
    grader.wake()
    bell.wait_for(3)
    grader.stop()
    assert [(job.source, job.lang) for job in referee.jobs] == [("a", "zh"), ("b", "en"), ("c", "en")] * 2


def test_a_failure_of_the_infrastructure_is_tried_again_and_then_shown(store, bank, clock):
    room, bell = a_room(store, bank, clock), Bell()
    hand_in(room, "good")

    def broken(_job):
        raise Infrastructure("the node is gone")

    for attempt in (1, 2):
        referee = Referee(broken)
        grader = Grader(room, referee, on_verdict=bell)
        grader.start()
        while not referee.jobs:
            grader.wake()
        grader.stop()
        assert states(store) == {1: ("pending", attempt)}
        clock.forward(seconds=2**attempt)
    grader = Grader(room, Referee(broken), on_verdict=bell)
    grader.start()
    bell.wait_for(1)
    grader.stop()
    assert states(store) == {1: ("failed", 3)}
    with store.reading() as session:
        assert session.scalars(select(Grading.failure)).all() == ["the node is gone"]
    assert results(store) == {1: None}


def test_what_failed_comes_back_when_its_time_has_come(sqlite_store, bank):
    room, bell = a_room(sqlite_store, bank, Hurrying()), Bell()
    hand_in(room, "good good good")
    failures = [ZeroDivisionError(), Infrastructure("gone")]

    def shaky(job):
        if failures:
            raise failures.pop()
        return glance(job)

    grader = Grader(room, Referee(shaky), on_verdict=bell)
    grader.start()
    bell.wait_for(1)
    grader.stop()
    assert (results(sqlite_store), states(sqlite_store)) == ({1: True}, {1: ("done", 2)})


def test_verdicts_of_an_exercise_that_is_gone_wait_for_the_teacher(sqlite_store, own_bank, clock):
    room, bell = a_room(sqlite_store, own_bank, clock), Bell()
    hand_in(room, "good")
    with sqlite_store.writing() as session:
        session.execute(update(Grading).values(attempts=2))
    shutil.rmtree(own_bank.root / "exercises" / "warm-up" / "double")
    grader = Grader(a_room(sqlite_store, Bank(own_bank.root, cache=own_bank.root), clock, students=0), Referee(), on_verdict=bell)
    grader.start()
    bell.wait_for(1)
    grader.stop()
    with sqlite_store.reading() as session:
        assert "no exercise is called double" in session.scalar(select(Grading.failure))


def test_no_more_at_once_than_there_are_places(sqlite_store, bank, clock):
    room, bell, held = a_room(sqlite_store, bank, clock), Bell(), Held(places=2)
    hand_in(room, "good", "good good", "good good good")
    grader = Grader(room, held, on_verdict=bell)
    grader.start()
    held.wait_for(2)
    grader.wake()
    assert sorted(states(sqlite_store).values()) == [("pending", 0), ("running", 0), ("running", 0)]
    held.goes_on.set()
    bell.wait_for(3)
    grader.stop()
    assert results(sqlite_store) == {1: False, 2: False, 3: True}


def test_work_for_a_gpu_waits_for_one(sqlite_store, bank, clock):
    room, bell = a_room(sqlite_store, bank, clock), Bell()
    hand_in(room, "good", "good good")
    with sqlite_store.writing() as session:
        session.execute(update(Grading).where(Grading.submission_id == 1).values(device="cuda"))
    grader = Grader(room, Referee(), on_verdict=bell)
    grader.start()
    bell.wait_for(1)
    grader.stop()
    assert states(sqlite_store) == {1: ("pending", 0), 2: ("done", 0)}


def test_a_start_takes_back_what_a_dead_server_was_judging(store, bank, clock):
    room, bell = a_room(store, bank, clock), Bell()
    hand_in(room, "good good good")
    with store.writing() as session:
        assert claim(session, "the dead one", clock(), devices=CPU)
    clock.forward(seconds=LEASE.total_seconds() + 1)
    grader = Grader(room, Referee(), on_verdict=bell)
    grader.start()
    bell.wait_for(1)
    grader.stop()
    assert results(store) == {1: True}


def test_what_is_to_be_judged_alone_waits_and_is_waited_for(store, bank, clock):
    room, bell, watched = a_room(store, bank, clock, students=4), Bell(), Watched(places=2)
    for person, source in enumerate(("first", "second", "third", "fourth"), start=1):
        hand_in(room, source, person=person)
    with store.writing() as session:  # as two deaths of a server leave it
        session.execute(update(Grading).where(Grading.submission_id == 2).values(attempts=2, worker="a dead server"))
    grader = Grader(room, watched, on_verdict=bell)
    watched.wake = grader.wake
    grader.start()
    bell.wait_for(4)
    grader.stop()
    assert (watched.beside["first"], watched.beside["second"]) == (set(), set())
    assert watched.beside.keys() == {"first", "second", "third", "fourth"}
    assert states(store) == {1: ("done", 0), 2: ("done", 2), 3: ("done", 0), 4: ("done", 0)}


def test_what_was_under_way_at_three_deaths_is_told_to_whoever_waits(store, bank, clock):
    room, bell = a_room(store, bank, clock), Bell()
    (submission_id,) = hand_in(room, "good good good")
    with store.writing() as session:
        assert claim(session, "the dead one", clock(), devices=CPU)
        session.execute(update(Grading).values(attempts=2))
    clock.forward(seconds=LEASE.total_seconds() + 1)
    grader = Grader(room, Referee(), on_verdict=bell)
    grader.start()
    bell.wait_for(1)
    grader.stop()
    assert (bell.ids, states(store), results(store)) == ([submission_id], {1: ("failed", 3)}, {1: None})


def test_a_regrade_does_not_wait_for_what_was_given_up(sqlite_store, bank, clock):
    room = a_room(sqlite_store, bank, clock)
    hand_in(room, "good good good")
    bell = Bell()
    grader = Grader(room, Referee(), on_verdict=bell)
    grader.start()
    bell.wait_for(1)
    grader.stop()
    with sqlite_store.writing() as session:
        session.execute(update(VerdictRow).values(bank_version="older"))
        session.execute(update(Grading).values(bank_version="older"))
        again = regrade.start(session, room, exercise="double")
        assert claim(session, "the dead one", clock(), devices=CPU).regrade
        session.execute(update(Grading).where(Grading.state == "running").values(attempts=2))
    grader = Grader(room, Referee())
    grader.start()
    grader.stop()
    with sqlite_store.reading() as session:
        assert session.get_one(Regrade, again.id).state == "preview"
    assert results(sqlite_store) == {1: True}


def test_a_second_server_leaves_what_another_one_is_judging(postgres_store, bank, clock):
    room, bell, held = a_room(postgres_store, bank, clock), Bell(), Held()
    hand_in(room, "good good good")
    one, other = Grader(room, held, on_verdict=bell), Grader(room, Referee(), on_verdict=bell)
    one.start()
    held.wait_for(1)
    other.start()
    other.stop()
    assert results(postgres_store) == {1: None}
    held.goes_on.set()
    bell.wait_for(1)
    one.stop()
    assert results(postgres_store) == {1: True}


def test_a_heartbeat_keeps_the_lease(postgres_store, bank, clock, monkeypatch):
    monkeypatch.setattr(grading_loop, "UPKEEP", 0.0)
    room, bell, held = a_room(postgres_store, bank, clock), Bell(), Held()
    hand_in(room, "good good good")
    grader = Grader(room, held, on_verdict=bell)
    grader.start()
    held.wait_for(1)
    clock.forward(seconds=LEASE.total_seconds() + 1)
    claimed_at = None
    while claimed_at != clock():
        grader.wake()
        with postgres_store.reading() as session:
            claimed_at = session.scalar(select(Grading.claimed_at))
    other = Grader(room, Referee(), on_verdict=bell)
    other.start()
    other.stop()
    held.goes_on.set()
    bell.wait_for(1)
    grader.stop()
    assert (results(postgres_store), states(postgres_store)) == ({1: True}, {1: ("done", 0)})


def test_a_graceful_stop_waits_and_an_ungraceful_one_gives_back(sqlite_store, bank, clock):
    room, held = a_room(sqlite_store, bank, clock), Held()
    hand_in(room, "good good good", "bad")
    grader = Grader(room, held)
    grader.start()
    held.wait_for(2)
    grader.stop(graceful=False)
    assert sorted(states(sqlite_store).values()) == [("pending", 0), ("pending", 0)]
    held.close()
    held = Held()
    grader = Grader(room, held)
    grader.start()
    held.wait_for(2)
    held.goes_on.set()
    grader.stop()
    assert results(sqlite_store) == {1: True, 2: False}


def test_a_verdict_waits_until_the_database_takes_it(sqlite_store, bank, clock, monkeypatch):
    monkeypatch.setattr(grading_loop, "AGAIN", 0.0)
    room, bell, held = a_room(sqlite_store, bank, clock), Bell(), Held()
    hand_in(room, "good good good")
    grader = Grader(room, held, on_verdict=bell)
    grader.start()
    held.wait_for(1)
    writing, refusals = sqlite_store.writing, iter(range(3))

    def full():
        if next(refusals, None) is not None:
            raise KitError("the disk is full")
        return writing()

    monkeypatch.setattr(sqlite_store, "writing", full)
    held.goes_on.set()
    bell.wait_for(1)
    grader.stop()
    assert results(sqlite_store) == {1: True}


def test_a_verdict_that_was_written_though_nobody_said_so_is_no_second_one(sqlite_store, bank, clock, monkeypatch):
    monkeypatch.setattr(grading_loop, "AGAIN", 0.0)
    room, bell, held = a_room(sqlite_store, bank, clock), Bell(), Held()
    hand_in(room, "good good good")
    grader = Grader(room, held, on_verdict=bell)
    grader.start()
    held.wait_for(1)
    writing, lost = sqlite_store.writing, iter(range(2))

    @contextmanager
    def cut_off():
        with writing() as session:
            yield session
        if next(lost, None) is not None:
            raise KitError("the connection was lost")

    monkeypatch.setattr(sqlite_store, "writing", cut_off)
    held.goes_on.set()
    bell.wait_for(1)
    grader.stop()
    assert (results(sqlite_store), bell.ids) == ({1: True}, [1])
    with sqlite_store.reading() as session:
        assert session.scalars(select(Audit.action)).all() == []


def test_an_exercise_that_changed_meanwhile_is_judged_as_it_is_now(store, own_bank, clock):
    room, bell = a_room(store, own_bank, clock), Bell()
    hand_in(room, "good good good")
    checks = own_bank.exercise("double").checks
    checks.write_text(checks.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    grader = Grader(room, Referee(), on_verdict=bell)
    grader.start()
    bell.wait_for(1)
    grader.stop()
    with store.reading() as session:
        assert session.scalars(select(VerdictRow.bank_version)).all() == [bank_version(own_bank.exercise("double"))]


def test_a_verdict_on_an_exercise_that_changes_under_the_judge_is_not_believed(sqlite_store, own_bank):
    room, bell = a_room(sqlite_store, own_bank, Hurrying()), Bell()
    hand_in(room, "good good good")
    checks = own_bank.exercise("double").checks
    versions = ["# changed\n"]

    def meddled(job):
        if versions:
            checks.write_text(checks.read_text(encoding="utf-8") + versions.pop(), encoding="utf-8")
        return glance(job)

    grader = Grader(room, Referee(meddled), on_verdict=bell)
    grader.start()
    bell.wait_for(1)
    grader.stop()
    assert states(sqlite_store) == {1: ("done", 1)}
    with sqlite_store.reading() as session:
        assert session.scalars(select(VerdictRow.bank_version)).all() == [bank_version(own_bank.exercise("double"))]


def test_a_late_second_verdict_is_refused_and_audited(sqlite_store, bank, clock):
    room, bell, held = a_room(sqlite_store, bank, clock), Bell(), Held(places=1)
    hand_in(room, "good good good")
    slow = Grader(room, held)
    slow.start()
    held.wait_for(1)
    quick = Grader(room, Referee(lambda job: structs.replace(glance(job), seconds=0.2)), on_verdict=bell)
    quick.start()
    bell.wait_for(1)
    quick.stop()
    held.goes_on.set()
    slow.stop()
    with sqlite_store.reading() as session:
        assert len(session.scalars(select(VerdictRow)).all()) == 1
        assert session.scalars(select(Audit.action)).all() == ["late-verdict"]


def test_the_machine_that_judged_is_noted_and_not_told_to_students(sqlite_store, bank, clock):
    room, bell = a_room(sqlite_store, bank, clock), Bell()
    hand_in(room, "good")

    def elsewhere(job):
        verdict = glance(job)
        verdict.versions[NODE] = "node-7"
        return verdict

    grader = Grader(room, Referee(elsewhere), on_verdict=bell)
    grader.start()
    bell.wait_for(1)
    grader.stop()
    with sqlite_store.reading() as session:
        row = session.scalars(select(VerdictRow)).one()
    assert (row.machine, decode_verdict(row.verdict).versions) == ("node-7", {})
    assert row.graded_at == clock()
