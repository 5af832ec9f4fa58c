import sqlite3
import threading

import pytest
from msgspec.structs import replace

from grader.verdict import CheckResult, Verdict
from kit.errors import KitError
from kit.progress import FILE, SCHEMA_VERSION, Progress, Record, counts_as_pass

PASS = Verdict(slug="one", passed=True, complete=True, seed=2**63 - 1, replayed=False, device="cpu", checks=[], seconds=0.5)
FAIL = replace(PASS, passed=False, checks=[CheckResult(name="values", title="values", status="failed")])


@pytest.fixture
def progress(tmp_path) -> Progress:
    return Progress(tmp_path)


def test_nothing_is_made_by_looking(progress, tmp_path):
    assert progress.records() == {}
    assert progress.latest() is None
    assert list(tmp_path.iterdir()) == []


def test_attempts_add_up(progress):
    progress.record(FAIL, "a", at=1)
    assert progress.records()["one"].state == "tried"
    progress.record(PASS, "b", at=2)
    progress.record(replace(PASS, seconds=0.25), "b", at=3)
    progress.record(FAIL, "c", at=4)
    assert progress.records() == {"one": Record(attempts=4, passed=True, last=4, best_seconds=0.25)}


@pytest.mark.parametrize("half", [{"complete": False}, {"replayed": True}, {"error": "the judge fell over"}, {"passed": False}])
def test_what_is_no_pass(progress, half):
    verdict = replace(PASS, **half)
    progress.record(verdict, "")
    assert not counts_as_pass(verdict)
    assert not progress.records()["one"].passed


def test_hints_go_up_to_the_last(progress):
    assert [progress.take_hint("one", 3) for _ in range(5)] == [1, 2, 3, 3, 3]
    assert progress.records()["one"].hints == 3


def test_a_solution_shown_early_stays_so(progress):
    progress.show_solution("one")
    progress.record(PASS, "")
    progress.show_solution("one")
    assert progress.records()["one"].solution == "before"
    progress.record(replace(PASS, slug="two"), "")
    progress.show_solution("two")
    assert progress.records()["two"].solution == "after"


def test_fetched_and_latest(progress):
    progress.fetch("one", frozenset({"d1"}))
    progress.fetch("one", frozenset({"d2"}))
    assert progress.written("one") == {"d1", "d2"}
    assert progress.records()["one"].state == "fetched"
    progress.record(replace(FAIL, slug="two"), "")
    assert progress.latest() == "two"


def test_a_failed_attempt_leaves_no_half(progress):
    with pytest.raises(OverflowError):
        progress.record(replace(PASS, seed=2**70), "")
    assert progress.records() == {}


def test_many_terminals_at_once_lose_nothing(tmp_path):
    errors: list[KitError] = []

    def terminal() -> None:
        try:
            for _ in range(10):
                own = Progress(tmp_path)
                own.record(FAIL, "")
                own.take_hint("one", 100)
        except KitError as error:
            errors.append(error)

    threads = [threading.Thread(target=terminal) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    record = Progress(tmp_path).records()["one"]
    assert (record.attempts, record.hints) == (40, 40)


def test_a_newer_schema_is_left_alone(progress):
    progress.record(PASS, "")
    with sqlite3.connect(progress.path) as base:
        base.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    base.close()
    before = progress.path.read_bytes()
    for use in (progress.records, lambda: progress.record(FAIL, "")):
        with pytest.raises(KitError, match="newer kit"):
            use()
    assert progress.path.read_bytes() == before


def test_a_damaged_file_is_told_and_kept(tmp_path):
    (tmp_path / FILE).write_bytes(b"not a database " * 100)
    with pytest.raises(KitError, match="Move the file away"):
        Progress(tmp_path).record(PASS, "")
    assert (tmp_path / FILE).read_bytes() == b"not a database " * 100


def test_a_place_that_cannot_be_written(tmp_path):
    with pytest.raises(KitError, match="cannot be used"):
        Progress(tmp_path / "missing").record(PASS, "")
