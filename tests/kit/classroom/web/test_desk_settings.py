"""The classroom's settings: name, joining, boards, freeze."""

from datetime import UTC, datetime

import pytest
from browser import Browser
from sqlalchemy import select

from kit.classroom.schema import Audit, Classroom


def classroom(house) -> Classroom:
    with house.room.store.reading() as session:
        return session.get_one(Classroom, 1)


def post(teacher, path: str = "/desk/settings", **data):
    return teacher.ask("POST", path, data={"csrf": teacher.csrf(), **data})


def test_what_is_ticked_counts_and_what_is_not_sent_is_off(house, teacher):
    before = classroom(house).revision
    assert post(teacher, name="  Deep   learning 2 ", public_boards="1").status_code == 303
    now = classroom(house)
    assert (now.name, now.join_open, now.public_boards) == ("Deep learning 2", False, True)
    assert now.revision > before
    assert Browser(house).get("/boards").status_code == 200
    assert Browser(house).send("/join", code=house.code, name="Ada").status_code == 403
    with house.room.store.reading() as session:
        assert session.scalars(select(Audit.detail)).one()["join_open"] == [True, False]


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\u202eb"])
def test_a_name_that_cannot_be(house, teacher, name):
    assert post(teacher, name=name).status_code == 422
    assert classroom(house).name == "Deep learning"


def test_another_join_code(house, teacher):
    old = house.code
    teacher.send("/desk/settings", "/desk/settings/code")
    assert house.code != old
    assert house.code in teacher.get("/desk/settings").text
    assert Browser(house).send("/join", code=old, name="Ada").status_code == 403
    with house.room.store.reading() as session:
        [noted] = session.scalars(select(Audit))
        assert (noted.action, noted.detail) == ("code-rotate", {})


def test_freeze_now_at_and_off(house, teacher):
    assert "The boards are live." in teacher.get("/desk/settings").text
    post(teacher, "/desk/settings/freeze", when="now")
    assert classroom(house).freeze_at == house.clock()
    assert "Frozen since 2026-09-01 08:00 UTC." in teacher.get("/desk/settings").text
    post(teacher, "/desk/settings/freeze", when="at", at="2026-09-20T12:00")
    assert classroom(house).freeze_at == datetime(2026, 9, 20, 12, tzinfo=UTC)
    assert "They freeze at 2026-09-20 12:00 UTC." in teacher.get("/desk/settings").text
    assert "freeze at 2026-09-20 12:00 UTC" in teacher.get("/desk").text
    post(teacher, "/desk/settings/freeze", when="off")
    assert classroom(house).freeze_at is None
    for wrong in ("", "never"):
        assert post(teacher, "/desk/settings/freeze", when="at", at=wrong).status_code == 422
    assert post(teacher, "/desk/settings/freeze", when="never").status_code == 422
    assert classroom(house).freeze_at is None
