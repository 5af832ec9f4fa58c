"""Serving: what keeps it from beginning, what the teacher is told, and that it ends when it is told to."""

import io
import json
import os
import signal
import socket
import threading
from pathlib import Path

import httpx
import pytest
from house import Executor
from sqlalchemy import text

from kit.bank import Bank
from kit.classroom import serve as serving
from kit.classroom.database import open_store
from kit.classroom.ledger import Ledger
from kit.classroom.room import Settings
from kit.classroom.schema import Classroom, Grading, Person
from kit.classroom.serve import Opening, Plan, serve
from kit.classroom.upkeep import last_served
from kit.errors import KitError


@pytest.fixture
def executor(monkeypatch: pytest.MonkeyPatch) -> Executor:
    fake = Executor()
    monkeypatch.setattr(serving, "open_executor", lambda *_where, **_more: fake)
    return fake


@pytest.fixture
def plan(fresh_sqlite: Path, tmp_path: Path) -> Plan:
    (tmp_path / "classroom.db").write_bytes(fresh_sqlite.read_bytes())
    database = f"sqlite:///{tmp_path / 'classroom.db'}"
    return Plan(database=database, grade_on="local", host="127.0.0.1", port=0, name="Deep learning", settings=Settings(sandbox="local"))


def served(bank: Bank, plan: Plan, sig: signal.Signals = signal.SIGTERM) -> tuple[Opening, str]:
    """Begin, look whether it is ready, and end by a signal; what the teacher was told, and the log."""
    openings, log = [], io.StringIO()

    def stop(opening: Opening) -> None:
        openings.append(opening)
        os.kill(os.getpid(), sig)

    serve(bank, plan, stop, log)
    return openings[0], log.getvalue()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_it_begins_and_ends_and_leaves_signals_as_they_were(bank, plan, executor, sig):
    before = signal.getsignal(sig)
    opening, log = served(bank, plan, sig)
    assert opening.classroom == "Deep learning"
    assert opening.link.startswith(f"{opening.address}/signin?token=")
    assert opening.exposed is False
    assert [json.loads(line)["event"] for line in log.splitlines()][-2:] == ["stopping", "stopped"]
    assert opening.link.rpartition("=")[2] not in log
    assert signal.getsignal(sig) is before


def test_boards_are_read_before_anybody_asks_and_nobody_waits_for_that(bank, plan, executor, monkeypatch):
    refresh, reading, goes_on = Ledger.refresh, threading.Event(), threading.Event()
    seen = []

    def held(ledger, session) -> bool:
        session.execute(text("SELECT 1 FROM submissions"))
        reading.set()
        assert goes_on.wait(30)
        return refresh(ledger, session)

    def visit(opening: Opening) -> None:
        assert reading.wait(30)
        with httpx.Client(base_url=opening.address, timeout=30) as client:
            joined = client.post("/api/v1/join", json={"code": opening.join_code, "name": "Ada"})
            seen.extend((client.get("/readyz").status_code, joined.status_code))
            goes_on.set()
            board = client.get("/api/v1/boards/overall", headers={"Authorization": f"Bearer {joined.json()['token']}"})
            seen.append(len(board.json()["rows"]))
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Ledger, "refresh", held)
    visitors = []

    def opened(opening: Opening) -> None:
        visitors.append(threading.Thread(target=visit, args=(opening,)))
        visitors[0].start()

    serve(bank, plan, opened, io.StringIO())
    visitors[0].join()
    assert seen == [200, 201, 1]


def test_begun_again_it_is_the_same_classroom_with_the_same_teacher(bank, plan, executor):
    first, again = served(bank, plan)[0], served(bank, plan)[0]
    assert first.join_code == again.join_code
    assert first.link != again.link
    store = open_store(plan.database)
    with store.reading() as session:
        assert [(person.role, person.name) for person in session.query(Person)] == [("teacher", "Teacher")]
    store.close()


def test_what_was_running_when_it_died_is_pending_again(bank, plan, executor):
    served(bank, plan)
    store = open_store(plan.database)
    with store.writing() as session:
        from kit.classroom import people, submissions
        from kit.classroom.room import Room

        student = people.add(session, role="student", name="Ada", now=session.get_one(Classroom, 1).created_at)
    submissions.submit(Room(store, bank), student.id, "double", "x = 1")
    with store.writing() as session:
        session.query(Grading).update({"state": "running", "worker": "gone"})
    store.close()
    executor.devices = frozenset()  # nobody takes it
    served(bank, plan)
    store = open_store(plan.database)
    with store.reading() as session:
        assert [(grading.state, grading.attempts) for grading in session.query(Grading)] == [("pending", 1)]
    store.close()


def test_a_port_that_is_taken_is_named(bank, plan, executor):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        taken = Plan(**{**vars(plan), "port": port})
        with pytest.raises(KitError, match=rf"127\.0\.0\.1:{port}.*--port"):
            serve(bank, taken, lambda _opening: None, io.StringIO())


def test_an_address_that_is_not_ours_is_named(bank, plan, executor):
    elsewhere = Plan(**{**vars(plan), "host": "192.0.2.1"})
    with pytest.raises(KitError, match=r"192\.0\.2\.1.*--host"):
        serve(bank, elsewhere, lambda _opening: None, io.StringIO())


def test_two_servers_do_not_share_a_file(bank, plan, executor):
    refused = []

    def second(_opening: Opening) -> None:
        with pytest.raises(KitError, match="another server has this classroom open") as caught:
            serve(bank, plan, lambda _opening: None, io.StringIO())
        refused.append(caught.value)
        os.kill(os.getpid(), signal.SIGTERM)

    serve(bank, plan, second, io.StringIO())
    assert len(refused) == 1


def test_behind_a_proxy_its_address_is_told(bank, plan, executor):
    proxied = Plan(**{**vars(plan), "settings": Settings(sandbox="local", base_url="https://class.example.org/", trusted_proxy=True)})
    opening = served(bank, proxied)[0]
    assert (opening.address, opening.exposed) == ("https://class.example.org", False)
    store = open_store(plan.database)
    assert last_served(store) == "https://class.example.org", "links for colleagues lead there"
    store.close()


def test_for_the_whole_network_an_address_is_found_and_a_warning_given(bank, plan, executor):
    everywhere = Plan(**{**vars(plan), "host": "0.0.0.0"})
    opening = served(bank, everywhere)[0]
    assert "0.0.0.0" not in opening.address
    assert opening.exposed == ("127.0.0.1" not in opening.address)
    assert httpx.URL(opening.address).port


def test_a_sandbox_that_is_not_complete_stops_it(bank, plan, monkeypatch):
    def incomplete(*_where, **_more):
        raise KitError("the server's sandbox is not complete here")

    monkeypatch.setattr(serving, "open_executor", incomplete)
    with pytest.raises(KitError, match="sandbox is not complete"):
        served(bank, plan)
