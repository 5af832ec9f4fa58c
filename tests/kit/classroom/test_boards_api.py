"""The boards over HTTP: which there are, what a freeze hides from whom, one's own row."""

import pytest
from house import WRONG, House
from sqlalchemy import update

from kit.classroom import assignments
from kit.classroom.assignments import Rules
from kit.classroom.room import bump
from kit.classroom.schema import Classroom


@pytest.fixture
def house(store, bank, clock):
    served = House(store, bank, clock)
    with served.client:
        yield served


def board(house: House, who: dict[str, str], name: str):
    return house.client.get(f"/api/v1/boards/{name}", headers=who)


def test_every_kind_of_board(house):
    ada, _bob = house.token("Ada", section="Lab A"), house.token("Bob")
    with house.room.store.writing() as session:
        rules = Rules(title="Week 1", exercises=(("double", 2.0),))
        assignments.create(session, house.room.bank.by_slug, "week-1", rules, house.clock())
    house.submit(ada)
    house.grade()
    seen = {
        name: board(house, ada, name).json() for name in ("overall", "assignment/week-1", "exercise/double", "section/Lab A", "exercise/softplus")
    }
    assert {name: [row["points"] for row in each["rows"]] for name, each in seen.items()} == {
        "overall": [10.0, 0.0],
        "assignment/week-1": [20.0, 0.0],
        "exercise/double": [10.0, 0.0],
        "section/Lab A": [10.0],
        "exercise/softplus": [0.0, 0.0],
    }
    assert seen["exercise/double"]["rows"][0]["cells"][0]["first"] is True
    assert seen["assignment/week-1"]["title"] == "Week 1"
    assert "Ada" not in str(seen)


@pytest.mark.parametrize("name", ["assignment/none", "exercise/none", "section/none", "section/", "speed/double", "people", "exercise/%00"])
def test_boards_that_there_are_not(house, name):
    refused = board(house, house.token("Ada"), name)
    assert refused.status_code in {404, 422}
    assert refused.json()["error"]["what"]


def test_a_freeze_hides_from_students_what_came_later_but_not_their_own(house):
    ada, bob, teacher = house.token("Ada"), house.token("Bob"), house.token("Tea", "teacher")
    house.submit(ada, WRONG)
    house.grade()
    house.clock.forward(hours=1)
    with house.room.store.writing() as session:
        session.execute(update(Classroom).values(freeze_at=house.clock()))
        bump(session)
    house.hub.changed()
    house.submit(ada)
    house.grade()
    assert [row["points"] for row in board(house, bob, "overall").json()["rows"]] == [0.0, 0.0]
    assert board(house, bob, "overall").json()["freeze_at"] == "2026-09-01T09:00:00Z"
    assert [row["points"] for row in board(house, teacher, "overall").json()["rows"]] == [10.0, 0.0]
    own = house.client.get("/api/v1/standing", headers=ada).json()["row"]
    assert (own["points"], own["later_points"], own["later_solved"]) == (0.0, 10.0, 1)
    assert house.client.get("/api/v1/standing", headers=bob).json()["row"]["later_points"] is None
    assert house.client.get("/api/v1/standing", headers=teacher).json() == {"row": None}
    assert house.client.get("/api/v1/standing?board=speed/x", headers=ada).status_code == 404
