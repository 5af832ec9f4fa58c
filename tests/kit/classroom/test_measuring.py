"""Passing answers of exercises that have a speed board are timed, each once, also when the server was away."""

import shutil

import pytest
from msgspec.structs import replace
from referee import PATIENCE, Bell, Referee, a_room, hand_in
from scene import MINI_BANK
from sqlalchemy import select

from kit.bank import Bank
from kit.classroom.executor import NODE, Infrastructure
from kit.classroom.grading_loop import Grader
from kit.classroom.measuring import Measurements
from kit.classroom.schema import SpeedResult


@pytest.fixture
def bank(tmp_path) -> Bank:
    """`double` has a speed board, `softplus` has none."""
    shutil.copytree(MINI_BANK, tmp_path / "bank")
    bank = Bank(tmp_path / "bank", cache=tmp_path / "cache")
    bank.exercise("double").speed.write_text("# rules\n", encoding="utf-8")
    return bank


def ratios(store) -> dict[int, float]:
    with store.reading() as session:
        return dict(session.execute(select(SpeedResult.submission_id, SpeedResult.ratio)).all())


def test_what_passes_is_timed_when_the_queue_is_empty(sqlite_store, bank, clock):
    room, bell, referee = a_room(sqlite_store, bank, clock, sandbox="local"), Bell(), Referee()
    hand_in(room, "good good good", "good\ngood\ngood", "good")
    hand_in(room, "good good good", exercise="softplus")
    grader = Grader(room, referee, on_verdict=bell)
    grader.start()
    bell.wait_for(4)
    for _ in range(2):
        assert referee.began.acquire(timeout=PATIENCE)
    grader.stop()
    assert ratios(sqlite_store) == {1: 1.0, 2: 3.0}
    assert {(job.speed, job.policy) for job in referee.timed} == {(str(bank.exercise("double").speed), "local")}


def test_what_was_not_timed_before_is_found_at_the_start(sqlite_store, bank, clock):
    room, bell = a_room(sqlite_store, bank, clock), Bell()

    class Away(Referee):
        def measure(self, job):
            raise Infrastructure("gone")

    hand_in(room, "good good good")
    grader = Grader(room, Away(), on_verdict=bell)
    grader.start()
    bell.wait_for(1)
    grader.stop()
    assert ratios(sqlite_store) == {}
    referee = Referee()
    grader = Grader(room, referee)
    grader.start()
    assert referee.began.acquire(timeout=PATIENCE)
    grader.stop()
    assert ratios(sqlite_store) == {1: 1.0}
    again = Measurements(room, Referee(), "en")
    again.find()
    assert again.take() is None


def test_another_machine_is_named(sqlite_store, bank, clock):
    class Elsewhere(Referee):
        def measure(self, job):
            return replace(super().measure(job), versions={NODE: "node-7"})

    room = a_room(sqlite_store, bank, clock)
    hand_in(room, "good good good")
    assert Measurements(room, Elsewhere(), "en").measure(1)
    with sqlite_store.reading() as session:
        assert session.scalars(select(SpeedResult.machine)).all() == ["a referee (node-7)"]


def test_a_submission_that_is_gone_is_no_error(sqlite_store, bank, clock):
    assert not Measurements(a_room(sqlite_store, bank, clock), Referee(), "en").measure(99)
