"""Sections at the desk."""

from sqlalchemy import select

from kit.classroom import assignments
from kit.classroom.assignments import Rules
from kit.classroom.schema import Audit, Section


def sections(house) -> dict[str, int]:
    with house.room.store.reading() as session:
        return {section.name: section.id for section in session.scalars(select(Section))}


def test_add_rename_and_delete(house, teacher):
    teacher.send("/desk/sections", name=" Lab   A ")
    assert list(sections(house)) == ["Lab A"]
    number = sections(house)["Lab A"]
    teacher.send("/desk/sections", f"/desk/sections/{number}", name="Lab B")
    assert sections(house) == {"Lab B": number}
    teacher.send("/desk/sections", f"/desk/sections/{number}/delete")
    assert sections(house) == {}
    with house.room.store.reading() as session:
        assert session.scalars(select(Audit.action).order_by(Audit.id)).all() == ["section-add", "section-rename", "section-delete"]


def test_names_are_kept_apart(house, teacher):
    for name in ("Lab A", "Lab B"):
        teacher.send("/desk/sections", name=name)
    number = sections(house)["Lab B"]
    taken = teacher.send("/desk/sections", f"/desk/sections/{number}", name="Lab A")
    assert (taken.status_code, "another section is called so" in taken.text) == (409, True)
    assert teacher.send("/desk/sections", name="  ").status_code == 422
    assert set(sections(house)) == {"Lab A", "Lab B"}


def test_one_that_exists_is_not_made_again(house, teacher):
    teacher.send("/desk/sections", name="Straße A")
    number = sections(house)["Straße A"]
    for name in ("Straße A", "  strasse   a "):
        answer = teacher.send("/desk/sections", name=name)
        assert answer.status_code == 409
        assert "this section exists already" in answer.text
        assert "Straße A" in answer.text
    teacher.send("/desk/sections", name="Lab B")
    assert teacher.send("/desk/sections", f"/desk/sections/{sections(house)['Lab B']}", name="STRASSE A").status_code == 409
    assert teacher.send("/desk/sections", f"/desk/sections/{number}", name="straße A").status_code == 303, "its own name in other letters"
    assert sections(house).keys() == {"straße A", "Lab B"}


def test_people_come_to_the_section_that_is_meant(house, teacher):
    teacher.send("/desk/sections", name="Lab A")
    teacher.send("/desk/people", name="Ada", section="lab  a")
    bob = house.person("Bob")
    teacher.send(f"/desk/people/{bob.id}", section="LAB A", role="student")
    assert sections(house).keys() == {"Lab A"}
    assert ">2</a>" in teacher.get("/desk/sections").text


def test_one_that_is_in_use_stays(house, teacher):
    house.person("Ada", section="Lab A")
    with house.room.store.writing() as session:
        rules = Rules(title="Lab only", exercises=(("double", 1.0),), section="Lab B")
        assignments.create(session, house.room.bank.by_slug, "lab", rules, house.clock())
    page = teacher.get("/desk/sections").text
    assert "/delete" not in page
    for number in sections(house).values():
        answer = teacher.ask("POST", f"/desk/sections/{number}/delete", data={"csrf": teacher.csrf()})
        assert (answer.status_code, "this section is not empty" in answer.text) == (409, True)
    assert teacher.ask("POST", "/desk/sections/999/delete", data={"csrf": teacher.csrf()}).status_code == 404
