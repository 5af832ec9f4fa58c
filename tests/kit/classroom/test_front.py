"""Boards out of memory: no database is asked, nothing old is shown, and nobody sees what is not theirs."""

import gzip
import json

import pytest
from house import House
from sqlalchemy import event, update

from kit.classroom import people
from kit.classroom.room import bump
from kit.classroom.schema import Classroom, Person

OVERALL = "/api/v1/boards/overall"


@pytest.fixture
def house(sqlite_store, bank, clock):
    served = House(sqlite_store, bank, clock)
    with served.client:
        yield served


@pytest.fixture
def ada(house):
    return house.token("Ada")


def points(response) -> list[float]:
    return [row["points"] for row in response.json()["rows"]]


def statements(house: House) -> list[str]:
    seen: list[str] = []
    event.listen(house.room.store.engine, "before_cursor_execute", lambda _c, _cursor, statement, *_rest: seen.append(statement))
    return seen


def settled(house: House) -> None:
    """Until the hub knows the present revision: it is the producer that finds it."""
    while house.hub.known is None:
        house.client.get(OVERALL)


def test_a_board_that_was_made_is_answered_without_the_database(house, ada):
    house.submit(ada)
    house.grade()
    made = house.client.get(OVERALL, headers=ada)
    settled(house)
    house.hub._poll = 60.0
    seen = statements(house)
    again = [house.client.get(OVERALL, headers=ada) for _time in range(5)]
    assert [each.content for each in again] == [made.content] * 5
    assert [statement for statement in seen if "people" in statement or "submissions" in statement] == []
    assert b"kit_remembered_boards_total" in house.app.state.parts.metrics.text()
    assert again[0].headers["content-security-policy"] == house.client.get("/healthz").headers["content-security-policy"]


def test_after_a_verdict_the_next_reader_sees_it(house, ada):
    for number in range(3):
        house.submit(ada, f"# {number}\ndef double(x):\n    return x * x")
        house.grade()
        assert points(house.client.get(OVERALL, headers=ada)) == [0.0]
    house.submit(ada)
    house.grade()
    assert points(house.client.get(OVERALL, headers=ada)) == [10.0]


def test_what_another_process_changed_is_seen_soon(house, ada):
    assert len(house.client.get(OVERALL, headers=ada).json()["rows"]) == 1
    with house.room.store.writing() as session:
        people.add(session, role="student", name="Bob", now=house.clock())
    while len(house.client.get(OVERALL, headers=ada).json()["rows"]) == 1:
        pass
    assert len(house.client.get(OVERALL, headers=ada).json()["rows"]) == 2


def test_if_nothing_changed_nothing_is_sent(house, ada):
    first = house.client.get(OVERALL, headers=ada)
    settled(house)
    same = house.client.get(OVERALL, headers=ada | {"If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    house.submit(ada)
    house.grade()
    other = house.client.get(OVERALL, headers=ada | {"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200
    assert other.headers["etag"] != first.headers["etag"]


def test_large_boards_are_packed_for_those_who_can_unpack(house, ada):
    for number in range(10):
        house.person(f"Student {number}")
    plain = house.client.get(OVERALL, headers=ada | {"Accept-Encoding": "identity"})
    packed = [house.client.get(OVERALL, headers=ada | {"Accept-Encoding": "gzip"}) for _time in range(3)]
    assert "content-encoding" not in plain.headers
    assert {each.headers["content-encoding"] for each in packed} == {"gzip"}
    assert packed[2].content == plain.content
    assert len(gzip.compress(plain.content)) < len(plain.content)


def test_a_revoked_token_reads_no_board(house, ada):
    joined = house.client.post("/api/v1/join", json={"code": house.code, "name": "Bob"}).json()["token"]
    bob = {"Authorization": f"Bearer {joined}"}
    assert house.client.get(OVERALL, headers=bob).status_code == 200
    settled(house)
    house.client.post("/api/v1/leave", headers=bob)
    assert house.client.get(OVERALL, headers=bob).status_code == 401


def test_a_token_that_another_process_revoked_works_for_seconds_at_most(house, ada):
    assert house.client.get(OVERALL, headers=ada).status_code == 200
    with house.room.store.writing() as session:
        session.execute(update(Person).values(active=False))
        bump(session)
    house.clock.forward(seconds=10)
    assert house.client.get(OVERALL, headers=ada).status_code == 401


def test_without_a_token_only_public_boards(house, ada):
    assert house.client.get(OVERALL).status_code == 401
    with house.room.store.writing() as session:
        session.execute(update(Classroom).values(public_boards=True))
    assert json.loads(house.client.get(OVERALL).content)["board"] == "overall"
    assert house.client.get(OVERALL, headers={"Authorization": "Bearer wrong"}).status_code == 401
