"""People at the desk: who comes in, what changes about them, what lets them in."""

import re

from browser import Browser
from sqlalchemy import select

from kit.classroom import people
from kit.classroom.schema import Audit, Person, Token


def person(house, name: str) -> Person:
    with house.room.store.reading() as session:
        return session.scalars(select(Person).where(Person.name == name)).one()


def actions(house) -> list[str]:
    with house.room.store.reading() as session:
        return list(session.scalars(select(Audit.action).order_by(Audit.id)))


def test_somebody_new_gets_a_link_that_is_shown_once(house, teacher):
    page = teacher.send("/desk/people", name="Emmy <Noether>", role="student", email="Emmy@Example.org", student_id="007", section="Lab A").text
    link = page.split('class="secret">')[1].split("<")[0]
    assert link.startswith("http://testserver/signin?token=")
    emmy = person(house, "Emmy <Noether>")
    assert (emmy.role, emmy.email, emmy.student_id, emmy.section.name) == ("student", "emmy@example.org", "007", "Lab A")
    assert "token=" not in teacher.get(f"/desk/people/{emmy.id}").text
    hers = Browser(house)
    assert hers.send(link.removeprefix("http://testserver"), "/signin").status_code == 303
    assert "Emmy &lt;Noether&gt;" in hers.get("/me").text
    assert actions(house) == ["person-add"]
    with house.room.store.reading() as session:
        assert "token" not in str(session.scalars(select(Audit.detail)).one())


def test_what_cannot_be_is_said_beside_the_form(house, teacher):
    house.person("Ada")
    assert teacher.send("/desk/people", name=" ", role="student").status_code == 422
    teacher.send("/desk/people", name="A", role="student", email="a@example.org")
    taken = teacher.send("/desk/people", name="B", role="student", email="a@example.org")
    assert (taken.status_code, 'value="a@example.org"' in taken.text) == (409, True)
    assert teacher.ask("POST", "/desk/people", data={"csrf": teacher.csrf(), "name": "C", "role": "emperor"}).status_code == 422


def test_the_same_form_twice_adds_nobody_twice(house, teacher):
    once = re.search(r'name="once" value="([^"]{43})"', teacher.get("/desk/people").text)[1]
    sent = {"csrf": teacher.csrf(), "once": once, "name": "张伟", "role": "student"}
    first = teacher.ask("POST", "/desk/people", data=sent)
    assert 'class="secret"' in first.text
    again = teacher.ask("POST", "/desk/people", data=sent)
    assert again.headers["location"] == f"/desk/people/{person(house, '张伟').id}"
    told = teacher.follow(again).text
    assert "张伟 has been in the class since then, and nobody was added now." in told
    assert 'class="secret"' not in told
    assert actions(house) == ["person-add"]
    teacher.send("/desk/people", name="张伟", role="student")  # a fresh form: another of that name
    assert actions(house) == ["person-add"] * 2


def test_a_name_a_number_and_an_email_are_corrected(house, teacher):
    ada = house.person("Ada Lovlace")
    own = f"/desk/people/{ada.id}"
    assert 'value="Ada Lovlace"' in teacher.get(own).text
    assert "Saved." in teacher.follow(teacher.send(own, f"{own}/correct", name="Ada Lovelace", student_id="007", email="Ada@Example.org")).text
    teacher.send(own, f"{own}/correct")
    assert (person(house, "Ada Lovelace").student_id, person(house, "Ada Lovelace").email) == ("007", "ada@example.org")
    with house.room.store.reading() as session:
        [entry] = session.scalars(select(Audit))
        assert (entry.action, entry.object, entry.person.name) == ("person-correct", f"person {ada.id}", "Grace Hopper")
    assert entry.detail == {"name": ["Ada Lovlace", "Ada Lovelace"], "email": ["", "ada@example.org"], "student_id": ["", "007"]}
    assert "Ada Lovlace → Ada Lovelace" in teacher.get("/desk/audit").text


def test_a_correction_that_cannot_be_says_why_and_keeps_what_was_typed(house, teacher):
    house.person("Ada")
    bob = house.person("Bob")
    for name, number in (("Ada", "007"), ("Bob", "008")):
        own = f"/desk/people/{person(house, name).id}"
        teacher.send(own, f"{own}/correct", student_id=number)
    kept_out = f"/desk/people/{person(house, 'Ada').id}"
    teacher.send(kept_out, f"{kept_out}/active", active="0")
    own = f"/desk/people/{bob.id}"
    taken = teacher.send(own, f"{own}/correct", name="Robert", student_id="007")
    assert (taken.status_code, 'value="Robert"' in taken.text, "It belongs to Ada." in taken.text) == (409, True, True)
    assert teacher.send(own, f"{own}/correct", name=" ").status_code == 422
    assert teacher.send(own, f"{own}/correct", email="nobody").status_code == 422
    assert person(house, "Bob").student_id == "008"
    assert teacher.ask("POST", "/desk/people/999/correct", data={"csrf": teacher.csrf(), "name": "X"}).status_code == 404
    assert actions(house) == ["person-correct", "person-correct", "deactivate"]


def test_the_list_is_filtered(house, teacher):
    house.person("Ada Lovelace", section="Lab A")
    house.person("Bob_1")
    assert "Ada Lovelace" in teacher.get("/desk/people?q=LOVE").text
    assert "Bob" not in teacher.get("/desk/people?section=Lab%20A").text
    assert "Ada" not in teacher.get("/desk/people?q=%25").text  # no wildcard
    assert "Bob_1" in teacher.get("/desk/people?q=b_1").text
    assert "Ada" not in teacher.get("/desk/people?role=teacher").text
    ada = person(house, "Ada Lovelace")
    teacher.send(f"/desk/people/{ada.id}", f"/desk/people/{ada.id}/active", active="0")
    assert "Ada Lovelace" not in teacher.get("/desk/people").text
    assert "Ada Lovelace" in teacher.get("/desk/people?active=no").text
    assert "Ada Lovelace" in teacher.get("/desk/people?active=").text


def test_role_section_and_pseudonym(house, teacher):
    house.person("Bob", section="Lab A")
    ada = house.person("Ada")
    own = f"/desk/people/{ada.id}"
    teacher.send(own, role="assistant", section="Lab A")
    changed = person(house, "Ada")
    assert (changed.role, changed.section.name) == ("assistant", "Lab A")
    teacher.send(own, role="assistant", section="Lab A")
    teacher.send(own, f"{own}/pseudonym")
    assert person(house, "Ada").pseudonym != ada.pseudonym
    assert actions(house) == ["role-change", "section-move", "pseudonym-change"]


def test_the_last_teacher_stays(house, teacher):
    grace = person(house, "Grace Hopper")
    own = f"/desk/people/{grace.id}"
    assert teacher.send(own, role="student", section="").status_code == 409
    refused = teacher.send(own, f"{own}/active", active="0")
    assert (refused.status_code, "this is the only teacher" in refused.text) == (409, True)
    assert actions(house) == []


def test_who_is_kept_out_is_out_until_let_in_again(house, teacher, ada):
    own = f"/desk/people/{person(house, 'Ada Lovelace').id}"
    teacher.send(own, f"{own}/active", active="0")
    assert ada.get("/me").status_code == 401
    assert teacher.ask("POST", f"{own}/link", data={"csrf": teacher.csrf()}).status_code == 409
    teacher.send(own, f"{own}/active", active="1")
    assert ada.get("/me").status_code == 200
    assert actions(house) == ["deactivate", "activate"]


def test_tokens_are_revoked_one_by_one_and_all(house, teacher, ada):
    theirs = person(house, "Ada Lovelace")
    own = f"/desk/people/{theirs.id}"
    Browser(house).sign_in(theirs)
    with house.room.store.reading() as session:
        first, _second = session.scalars(select(Token.id).where(Token.person_id == theirs.id).order_by(Token.id))
        others = session.scalars(select(Token.id).where(Token.person_id != theirs.id)).first()
    assert teacher.ask("POST", f"{own}/revoke", data={"csrf": teacher.csrf(), "token": str(others)}).status_code == 404
    csrf = teacher.csrf()
    assert "1 token lets nobody in" in teacher.follow(teacher.ask("POST", f"{own}/revoke", data={"csrf": csrf, "token": str(first)})).text
    assert ada.get("/me").status_code == 401
    assert "1 token lets nobody in" in teacher.follow(teacher.ask("POST", f"{own}/revoke", data={"csrf": csrf})).text
    assert "they have not come in yet" in teacher.get(own).text
    assert teacher.get("/desk/people/999").status_code == 404


def test_that_somebody_else_took_a_place_is_seen_and_undone(house, teacher):
    with house.room.store.writing() as session:
        ada = people.add(session, role="student", name="Ada Lovelace", student_id="17", now=house.clock())
    own = f"/desk/people/{ada.id}"
    assert "/release" not in teacher.get(own).text
    eve = Browser(house)
    assert eve.send("/join", code=house.code, name="Eve", student_id="17").status_code == 404
    assert eve.send("/join", code=house.code, name="Ada Lovelace", student_id="17", email="eve@example.org").status_code == 303
    shown = teacher.get("/desk/audit").text
    assert ("joined" in shown, f"person {ada.id}" in shown, "17" in shown) == (True, True, True)
    undone = teacher.follow(teacher.send(own, f"{own}/release")).text
    assert "the student number can be joined with again" in undone
    assert ("eve@example.org" in undone, "/release" in undone, eve.get("/me").status_code) == (False, False, 401)
    assert Browser(house).send("/join", code=house.code, name="Ada Lovelace", student_id="17").status_code == 303
    assert actions(house) == ["joined", "join-undo", "joined"]
    grace = f"/desk/people/{person(house, 'Grace Hopper').id}"
    assert "/release" not in teacher.get(grace).text
    assert teacher.ask("POST", f"{grace}/release", data={"csrf": teacher.csrf()}).status_code == 409
