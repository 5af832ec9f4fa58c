"""The audit as a page."""

import pytest

from kit.classroom import audit


@pytest.fixture
def noted(house, teacher):
    with house.room.store.writing() as session:
        audit.note(session, house.clock(), 1, "role-change", "person 7", before="student", after="<teacher>", old=None, on=True)
        audit.note(session, house.clock(), None, "late-verdict", "submission 9", machine="here")
        audit.note(session, house.clock(), 1, "assignment-create", "week-1", exercises={"double": 2.0})


def rows(answer) -> int:
    assert answer.status_code == 200
    return answer.text.count("</code></td>")


def test_newest_first_with_what_was_done(teacher, noted):
    page = teacher.get("/desk/audit").text
    assert page.index("assignment-create</code>") < page.index("late-verdict</code>") < page.index("role-change</code>")
    for said in ("Grace Hopper", "the server", "&lt;teacher&gt;", "double: 2.0", "2026-09-01 08:00 UTC"):
        assert said in page


def test_filters(teacher, noted):
    assert rows(teacher.get("/desk/audit")) == 3
    assert rows(teacher.get("/desk/audit?person=1")) == 2
    assert rows(teacher.get("/desk/audit?person=0")) == 1
    assert rows(teacher.get("/desk/audit?action=late-verdict")) == 1
    assert rows(teacher.get("/desk/audit?q=PERSON")) == 1
    assert "Nothing is like that." in teacher.get("/desk/audit?q=%25").text
    for wrong in ("person=x", "page=0"):
        assert teacher.get(f"/desk/audit?{wrong}").status_code == 422


def test_pages(house, teacher):
    with house.room.store.writing() as session:
        for number in range(51):
            audit.note(session, house.clock(), None, "x", str(number))
    assert "Page 1 of 2" in teacher.get("/desk/audit").text
    assert rows(teacher.get("/desk/audit?page=2")) == 1
    assert rows(teacher.get("/desk/audit?page=99")) == 1
