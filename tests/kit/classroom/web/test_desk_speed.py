"""Held speed results: a teacher decides."""

from browser import Browser
from house import RIGHT
from sqlalchemy import select

from kit.classroom.schema import Audit, SpeedResult


def hold(house, ada) -> int:
    ada.send("/exercises/double", source=RIGHT)
    submission_id = house.grade()
    with house.room.store.writing() as session:
        result = SpeedResult(
            submission_id=submission_id, device="cpu", machine="<fast>", ratio=0.0213, ratios=[0.02, 0.03], held=True, measured_at=house.clock()
        )
        session.add(result)
        session.flush()
        return result.id


def test_a_teacher_lets_it_count_or_keeps_it_off(house, ada, teacher):
    result_id = hold(house, ada)
    page = teacher.get("/desk/speed").text
    assert "0.0213" in page
    assert "&lt;fast&gt;" in page
    assert "1 speed result is too good to be true" in teacher.get("/desk").text
    teacher.send("/desk/speed", f"/desk/speed/{result_id}", verdict="off")
    assert "kept off the board" in teacher.get("/desk/speed").text
    assert "too good to be true" not in teacher.get("/desk").text
    teacher.send("/desk/speed", f"/desk/speed/{result_id}", verdict="counts")
    assert "Nothing is held." in teacher.get("/desk/speed").text
    with house.room.store.reading() as session:
        assert session.scalars(select(SpeedResult.held)).one() is False
        assert session.scalars(select(Audit.action).order_by(Audit.id)).all() == ["speed-kept-off", "speed-released"]


def test_an_assistant_sees_it_and_decides_nothing(house, ada):
    result_id = hold(house, ada)
    helper = Browser(house).sign_in(house.person("Alan", "assistant"))
    page = helper.get("/desk/speed").text
    assert "0.0213" in page
    assert "<button" not in page.split("<main")[1]
    assert helper.ask("POST", f"/desk/speed/{result_id}", data={"csrf": helper.csrf(), "verdict": "counts"}).status_code == 403
