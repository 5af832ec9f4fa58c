"""People at the desk: who comes in, what changes about them, what lets them in."""

from browser import Browser
from sqlalchemy import select

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
