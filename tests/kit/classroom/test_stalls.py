"""A database that is full, locked, busy or gone for a moment: whoever hands in is told so, and nothing is lost."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy
from house import RIGHT, WRONG, House
from referee import Bell, Held, Hurrying, a_room, hand_in
from served import PATIENCE, assert_said_so

from kit.classroom import database, grading_loop, gradings
from kit.classroom.database import open_store
from kit.classroom.grading_loop import Grader
from kit.classroom.schema import Grading


@pytest.fixture
def house(sqlite_store, bank, clock, monkeypatch) -> Iterator[House]:
    """The application in this process; it does not wait long for a database that is locked."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    store = open_store(str(sqlite_store.url), migrate=False)
    house = House(store, bank, clock)
    with house.client:
        yield house
    store.close()


def test_a_database_that_cannot_grow(house):
    ada, limit = house.token("Ada"), []

    def limited(connection, _record) -> None:
        if limit:
            connection.execute(f"PRAGMA max_page_count={limit[0]}")

    sqlalchemy.event.listen(house.room.store.engine, "connect", limited)
    with house.room.store.reading() as session:
        limit.append(session.execute(sqlalchemy.text("PRAGMA page_count")).scalar_one())
    first = house.submit(ada, WRONG)
    house.room.store.engine.dispose()
    long = RIGHT + "#" * 100_000
    assert_said_so(house.submit(ada, long))
    assert house.client.get("/api/v1/submissions", headers=ada).json()["submissions"][0]["id"] == first.json()["id"]
    limit.clear()
    house.room.store.engine.dispose()
    assert house.submit(ada, long).json().items() >= {"id": 2, "new": True, "position": 2, "age": 0.0}.items()
    assert [house.grade(), house.grade()] == [1, 2]


def test_a_database_that_another_program_holds(house, monkeypatch):
    monkeypatch.setattr(grading_loop, "AGAIN", 0.01)
    ada = house.token("Ada")
    assert house.submit(ada, WRONG).status_code == 201
    judge, bell = Held(), Bell()
    grader = Grader(house.room, judge, on_verdict=bell)
    grader.start()
    judge.wait_for(1)
    other = sqlite3.connect(house.room.store.url.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    judge.goes_on.set()
    assert_said_so(house.submit(ada, RIGHT))
    assert house.client.get("/api/v1/boards/overall", headers=ada).status_code == 200
    other.execute("ROLLBACK")
    other.close()
    bell.wait_for(1)
    assert house.submit(ada, RIGHT).json()["id"] == 2
    bell.wait_for(1)
    grader.stop()
    assert bell.ids == [1, 2]


def test_a_database_that_keeps_everybody_waiting(house, monkeypatch):
    ada, engine = house.token("Ada"), house.room.store.engine
    monkeypatch.setattr(engine.pool, "_timeout", 0.05)
    taken = [engine.connect() for _ in range(engine.pool.size() + engine.pool._max_overflow)]
    assert_said_so(house.submit(ada, RIGHT))
    assert house.client.get("/readyz").json()["database"] == "away"
    for each in taken:
        each.close()
    assert house.submit(ada, RIGHT).status_code == 201
    board = house.client.get("/api/v1/boards/overall", headers=ada).json()
    assert [row["pending"] for row in board["rows"]] == [1]


def test_a_claim_whose_receipt_was_lost(postgres_store, bank, monkeypatch):
    """PostgreSQL died right after the commit: by the database it is this server's, and nobody judges it."""
    taken_back = threading.Semaphore(0)

    def recover(*arguments, **lease) -> int:
        count = really(*arguments, **lease)
        if count:
            taken_back.release()
        return count

    really = gradings.recover
    monkeypatch.setattr(gradings, "recover", recover)
    monkeypatch.setattr(grading_loop, "POLL", 0.01)
    monkeypatch.setattr(grading_loop, "UPKEEP", 0.0)
    room = a_room(postgres_store, bank, Hurrying())
    hand_in(room, "good", "good good")
    judge, bell = Held(places=1), Bell()
    grader = Grader(room, judge, on_verdict=bell)
    grader.start()
    judge.wait_for(1)
    with postgres_store.writing() as session:
        lost = sqlalchemy.update(Grading).where(Grading.submission_id == 2)
        session.execute(lost.values(state="running", worker=grader.worker, claimed_at=room.now()))
    assert taken_back.acquire(timeout=PATIENCE)
    judge.goes_on.set()
    bell.wait_for(2)
    grader.stop()
    assert bell.ids == [1, 2]
