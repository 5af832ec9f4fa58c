"""The boards over HTTP: which there are, what a freeze hides from whom, one's own row."""

import re
from datetime import timedelta

import pytest
from house import WRONG, House
from sqlalchemy import select, update

from kit.classroom import assignments, people
from kit.classroom.assignments import Rules
from kit.classroom.room import bump
from kit.classroom.schema import Assignment, Classroom, Person


@pytest.fixture
def house(store, bank, clock):
    served = House(store, bank, clock)
    with served.client:
        yield served


def test_the_document_says_where_a_token_is_needed(house):
    paths = house.client.get("/api/v1/openapi.json").json()["paths"]
    token = {"Client token": []}
    boards = {path: asked["get"]["security"] for path, asked in paths.items() if path.startswith("/api/v1/boards/")}
    assert set(boards) == {"/api/v1/boards/overall", "/api/v1/boards/speed/{exercise}", "/api/v1/boards/{kind}/{name}"}
    assert list(boards.values()) == [[token, {}]] * 3, "boards may be public"
    assert paths["/api/v1/standing"]["get"]["security"] == [token]


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


@pytest.fixture
def sections(house):
    """Everybody who may ask for a board, and assignments of every kind: by name, for whom, whether published, when they open."""
    who = {
        "Ada of A": house.token("Ada", section="A"),
        "Bob of B": house.token("Bob", section="B"),
        "Cleo of none": house.token("Cleo"),
        "assistant of B": house.token("Assi", "assistant", "B"),
        "teacher": house.token("Tea", "teacher"),
        "stranger": {},
    }
    later = house.clock() + timedelta(days=1)
    with house.room.store.writing() as session:
        for section in ("A", None):
            for opens_at in (None, later):
                for published in (True, False):
                    rules = Rules(title="Secret", exercises=(("double", 1.0),), section=section, opens_at=opens_at, published=published)
                    name = f"{section or 'all'}-{'later' if opens_at else 'open'}-{'published' if published else 'draft'}".lower()
                    assignments.create(session, house.room.bank.by_slug, name, rules, house.clock())
        session.execute(update(Classroom).values(public_boards=True))
        names = list(session.scalars(select(Assignment.slug)))
    house.hub.changed()
    return who, names


def knows(caller: str, name: str) -> bool:
    section, _opens, state = name.split("-")
    return caller in {"assistant of B", "teacher"} or (state == "published" and (section == "all" or caller == "Ada of A"))


def answered(response) -> tuple[int, str]:
    """The status and the words, without the name that was asked for."""
    return response.status_code, re.sub(r"assignment/[a-z-]+", "", response.text) if response.status_code != 200 else ""


def test_a_board_of_an_assignment_is_there_for_who_may_know_of_it_only(house, sections):
    who, names = sections
    assert len(names) == 8
    for turn in ("made", "from memory", "unchanged"):
        while turn != "made" and house.hub.known is None:
            house.client.get("/api/v1/boards/overall", headers=who["teacher"])
        for caller, header in who.items():
            missing = answered(board(house, header, "assignment/none"))
            assert missing[0] == 404
            for name in names:
                etag = board(house, who["teacher"], f"assignment/{name}").headers["etag"]
                answer = board(house, header | ({"If-None-Match": etag} if turn == "unchanged" else {}), f"assignment/{name}")
                if knows(caller, name):
                    assert answer.status_code == (304 if turn == "unchanged" else 200), (turn, caller, name)
                else:
                    assert answered(answer) == missing, (turn, caller, name)
                    assert "etag" not in answer.headers


def test_ones_own_standing_tells_of_no_assignment_of_others(house, sections):
    who, names = sections
    for caller, header in who.items():
        missing = house.client.get("/api/v1/standing?board=assignment/none", headers=header)
        for name in names:
            answer = house.client.get(f"/api/v1/standing?board=assignment/{name}", headers=header)
            if caller == "stranger":
                assert answer.status_code == 401
            elif knows(caller, name) and not name.endswith("draft"):
                assert answer.status_code == 200, (caller, name)
            else:
                assert answered(answer) == answered(missing), (caller, name)


def test_who_left_a_section_does_not_know_of_its_board_any_more(house, sections):
    who, _names = sections
    house.submit(who["Ada of A"], assignment="a-open-published")
    house.grade()
    with house.room.store.writing() as session:
        people.move(session, session.get_one(Person, 1), "B")
    house.hub.changed()
    house.app.state.parts.identities.forget()
    assert [row["points"] for row in board(house, who["teacher"], "assignment/a-open-published").json()["rows"]] == [10.0]
    assert board(house, who["Ada of A"], "assignment/a-open-published").status_code == 404
    assert house.client.get("/api/v1/standing?board=assignment/a-open-published", headers=who["Ada of A"]).status_code == 404


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
