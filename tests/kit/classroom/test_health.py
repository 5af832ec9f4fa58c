"""Whether the server lives and can work, and who may see its figures."""

import httpx
import pytest
from house import Client, House

from kit.errors import KitError


@pytest.fixture
def house(sqlite_store, bank, clock):
    served = House(sqlite_store, bank, clock)
    with served.client:
        yield served


def test_it_lives_and_is_ready(house):
    assert house.client.get("/healthz").text == "ok\n"
    ready = house.client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"database": "ok", "grading": "ok"})


def test_without_its_database_it_lives_but_is_not_ready(house, monkeypatch):
    def away():
        raise KitError("the database does not answer (connection refused)", "postgresql://kit@db/kit")

    monkeypatch.setattr(house.room.store, "reading", away)
    assert house.client.get("/healthz").status_code == 200
    ready = house.client.get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, "away")
    assert "db/kit" not in ready.text


def test_without_anybody_to_judge_it_is_not_ready(house):
    house.judge.executor.fine = False
    assert (house.client.get("/readyz").status_code, house.client.get("/readyz").json()["grading"]) == (503, "away")


def test_the_figures_are_for_this_machine(sqlite_store, bank, clock):
    served = House(sqlite_store, bank, clock)

    def figures(address: str, **headers: str) -> httpx.Response:
        with Client(served.app, address) as client:
            return client.get("/metrics", headers=headers)

    here = figures("127.0.0.1")
    assert here.headers["content-type"].startswith("text/plain")
    assert 'kit_gradings{state="pending"} 0.0' in here.text
    assert "kit_oldest_pending_seconds 0.0" in here.text
    assert figures("192.0.2.1").status_code == 404
    for header in ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via"):
        assert figures("127.0.0.1", **{header: "127.0.0.1"}).status_code == 404, header
