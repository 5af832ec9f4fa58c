"""What the command line does to a classroom: who is let in, by which code, and what the audit says of it."""

import pytest
from scene import MORNING
from sqlalchemy import select

from kit.classroom import people, tokens
from kit.classroom.errors import Refused
from kit.classroom.room import found
from kit.classroom.schema import Audit, Classroom, Person, Token
from kit.classroom.upkeep import appoint, last_served, note_served, rotate_code, take_in

LIST = b"name,student number\nAda,1\nBob,2\n"


@pytest.fixture
def class_store(store):
    found(store, "Deep learning", MORNING)
    return store


def audit(store) -> list[tuple]:
    with store.reading() as session:
        return [(row.person_id, row.action, row.object, row.detail) for row in session.scalars(select(Audit).order_by(Audit.id))]


def test_a_teacher_gets_a_link_and_one_who_is_here_another(class_store):
    first = appoint(class_store, "  Grace   Hopper ", "teacher", MORNING, email="Grace@example.org")
    again = appoint(class_store, "Grace Hopper", "teacher", MORNING)
    assert appoint(class_store, "grace  HOPPER", "teacher", MORNING).new is False
    by_email = appoint(class_store, "G. Hopper", "teacher", MORNING, email="grace@example.org ")
    assert [(done.name, done.role, done.new) for done in (first, again, by_email)] == [
        ("Grace Hopper", "teacher", True), ("Grace Hopper", "teacher", False), ("Grace Hopper", "teacher", False),
    ]  # fmt: skip
    with class_store.writing() as session:
        for done in (first, again, by_email):
            person, _session = people.redeem(session, done.token, MORNING)
            assert (person.name, person.role) == ("Grace Hopper", "teacher")
        with pytest.raises(Refused, match="was used already"):
            people.redeem(session, first.token, MORNING)
    assert [(who, action, name) for who, action, name, _detail in audit(class_store)] == [
        (None, "appoint", "Grace Hopper"), *[(None, "sign-in-link", "Grace Hopper")] * 3,
    ]  # fmt: skip
    assert first.token not in repr(audit(class_store))


def test_an_assistant_is_no_teacher_and_a_students_email_is_not_taken_over(class_store):
    appoint(class_store, "Grace", "teacher", MORNING)
    assert appoint(class_store, "Grace", "assistant", MORNING).new
    with class_store.writing() as session:
        people.add(session, role="student", name="Ada", email="ada@example.org", now=MORNING)
    with pytest.raises(Refused, match="somebody else's already"):
        appoint(class_store, "Ada", "teacher", MORNING, email="ada@example.org")
    with class_store.reading() as session:
        assert sorted(session.scalars(select(Person.role))) == ["assistant", "student", "teacher"]


def test_only_the_hash_of_a_link_is_kept(class_store):
    done = appoint(class_store, "Grace", "teacher", MORNING)
    with class_store.reading() as session:
        [token] = session.scalars(select(Token))
    assert (token.kind, token.sha256, token.expires_at) == ("link", tokens.hashed(done.token), MORNING + people.LIFETIMES["link"])


def test_where_it_was_served_last(class_store):
    assert last_served(class_store) is None
    for address in ("http://192.0.2.7:8000", "https://class.example.org"):
        with class_store.writing() as session:
            note_served(session, address, MORNING)
    assert last_served(class_store) == "https://class.example.org"


def test_a_rotated_code(class_store):
    with class_store.reading() as session:
        old = session.get_one(Classroom, 1).join_code
    code, is_open = rotate_code(class_store, MORNING)
    with class_store.writing() as session:
        assert (is_open, people.join(session, code=code, name="Ada", now=MORNING).name) == (True, "Ada")
        with pytest.raises(Refused, match="not the join code"):
            people.join(session, code=old, name="Bob", now=MORNING)
        session.get_one(Classroom, 1).join_open = False
    assert rotate_code(class_store, MORNING)[1] is False
    assert code not in repr(audit(class_store))


def test_a_list_is_looked_at_and_put_in(class_store):
    looked, unused = take_in(class_store, LIST.replace(b"number\n", b"number,age\n"), "list.csv", MORNING, look=True)
    assert (len(looked.new), unused, audit(class_store)) == (2, ("age",), [])
    assert len(take_in(class_store, LIST, "list.csv", MORNING)[0].new) == 2
    assert take_in(class_store, LIST, "list.csv", MORNING)[0].same == 2
    assert audit(class_store) == [
        (None, "list-import", "list.csv", {"added": 2, "changed": 0, "same": 0}),
        (None, "list-import", "list.csv", {"added": 0, "changed": 0, "same": 2}),
    ]
