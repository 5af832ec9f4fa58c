"""People: joining, tokens and links, pseudonyms, roles."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scene import MORNING
from sqlalchemy import func, select

from kit.classroom import people, tokens
from kit.classroom.errors import Refused
from kit.classroom.room import found
from kit.classroom.schema import Classroom, Person, Section, Token

ALL = ("client", "session", "link")
DAY = timedelta(days=1)


@pytest.fixture
def code(store) -> str:
    """The join code of a founded classroom."""
    return found(store, "Deep learning", MORNING).join_code


def join(store, code, **who) -> Person:
    with store.writing() as session:
        return people.join(session, code=code, now=MORNING, **{"name": "Ann", **who})


def refused(store, code, **who) -> str:
    with pytest.raises(Refused) as caught:
        join(store, code, **who)
    return caught.value.code


def count(store, table) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_joining_makes_a_student_with_a_pseudonym(store, code):
    ann = join(store, code, name="  Ann \u202e Lee ", email="Ann@Example.org ")
    assert (ann.role, ann.name, ann.email, ann.active, ann.created_at) == ("student", "Ann Lee", "ann@example.org", True, MORNING)
    assert "ann" not in ann.pseudonym.split("-")
    assert join(store, code).pseudonym != ann.pseudonym


def test_the_code_is_read_as_people_type_it(store, code):
    join(store, code.upper())
    join(store, code.replace("-", " "))
    assert refused(store, "aaaa-aaaa") == "wrong-code"
    assert refused(store, "") == "wrong-code"
    assert refused(store, code + "x") == "wrong-code"


def test_a_closed_door_and_what_is_no_name(store, code):
    assert refused(store, code, name="\u200b \t") == "bad-name"
    assert refused(store, code, name="x" * 101) == "bad-name"
    assert refused(store, code, email="nobody") == "bad-email"
    with store.writing() as session:
        session.get_one(Classroom, 1).join_open = False
    assert refused(store, code) == "join-closed"
    assert count(store, Person) == 0


def test_an_email_belongs_to_one(store, code):
    join(store, code, email="ann@example.org")
    assert refused(store, code, name="Bob", email="ANN@example.org") == "taken"
    assert count(store, Person) == 1


def test_a_student_number_takes_the_place_of_the_imported_person_once(store, code):
    with store.writing() as session:
        imported = people.add(session, role="student", name="Ann Lee", student_id="s-17", section="Lab A", now=MORNING)
        people.issue(session, imported, "link", now=MORNING)
    ann = join(store, code, name="Annie", student_id=" s-17 ", email="ann@example.org")
    assert (ann.id, ann.name, ann.section.name, ann.email) == (imported.id, "Ann Lee", "Lab A", "ann@example.org")
    with store.writing() as session:
        people.issue(session, ann, "client", now=MORNING)
    assert refused(store, code, student_id="s-17") == "number-taken"
    with store.writing() as session:
        people.revoke_all(session, ann, MORNING)
    assert refused(store, code, student_id="s-17") == "number-taken", "whoever had a token once is known"


def test_a_number_that_nobody_imported_or_of_staff_is_refused(store, code):
    with store.writing() as session:
        people.add(session, role="teacher", name="Tea", student_id="t-1", now=MORNING)
    assert refused(store, code, student_id="s-99") == "unknown-number"
    assert refused(store, code, student_id="t-1") == "unknown-number"
    assert count(store, Person) == 1


def test_a_token_stands_for_its_person_until_it_ends(store, code):
    ann = join(store, code)
    with store.writing() as session:
        made = {kind: people.issue(session, ann, kind, now=MORNING) for kind in ALL}

    def who(token, kinds=ALL, after=timedelta(0)):
        with store.reading() as session:
            person = people.whose(session, token, kinds, MORNING + after)
        return None if person is None else person.id

    assert [who(made[kind]) for kind in ALL] == [ann.id] * 3
    assert who(made["client"], ("session",)) is None
    assert who("made up") is None
    assert who(tokens.hashed(made["client"])) is None, "what the database holds opens nothing"
    assert [who(made[kind], after=DAY) for kind in ALL] == [ann.id, ann.id, None]
    assert [who(made[kind], after=31 * DAY) for kind in ALL] == [ann.id, None, None]
    with store.writing() as session:
        people.activate(session, session.get_one(Person, ann.id), active=False)
    assert [who(made[kind]) for kind in ALL] == [None] * 3


def test_tokens_can_be_ended_one_by_one_and_all_at_once(store, code):
    ann = join(store, code)
    with store.writing() as session:
        first, second, third = (people.issue(session, ann, "client", now=MORNING, label=f"machine {number}") for number in range(3))
        first_id = session.scalar(select(Token.id).where(Token.sha256 == tokens.hashed(first)))
    with store.writing() as session:
        assert people.revoke(session, first_id, MORNING)
        assert not people.revoke(session, first_id, MORNING)
        assert people.leave(session, second, MORNING)
        assert not people.leave(session, "made up", MORNING)
        assert [people.whose(session, token, ALL, MORNING) is None for token in (first, second, third)] == [True, True, False]
        assert people.revoke_all(session, ann, MORNING) == 1
        assert people.whose(session, third, ALL, MORNING) is None


def test_a_link_opens_a_session_once(store, code):
    ann = join(store, code)
    with store.writing() as session:
        link = people.issue(session, ann, "link", now=MORNING)
        late = people.issue(session, ann, "link", now=MORNING)
        cookie = people.issue(session, ann, "session", now=MORNING)
    with store.writing() as session:
        person, token = people.redeem(session, link, MORNING)
        assert person.id == ann.id
        assert people.whose(session, token, ("session",), MORNING).id == ann.id
        assert people.whose(session, link, ALL, MORNING) is None
    for token, when in ((link, MORNING), (late, MORNING + DAY), (cookie, MORNING), ("made up", MORNING)):
        with pytest.raises(Refused, match="used already or is too old"), store.writing() as session:
            people.redeem(session, token, when)


def test_pseudonyms_change_and_stay_unique(store, code):
    ann, bob = join(store, code), join(store, code, name="Bob")
    with store.writing() as session:
        ann, bob = session.get_one(Person, ann.id), session.get_one(Person, bob.id)
        assert people.rename(session, ann, " Deep-Thought-42 ") == "deep-thought-42"
        assert people.rename(session, bob) != "deep-thought-42"
    for wanted in ("deep-thought-42", "x", "Ünïcode", "a b", "-a-", "а-cyrillic", "x" * 41):
        with pytest.raises(Refused), store.writing() as session:
            people.rename(session, session.get_one(Person, bob.id), wanted)


def test_somebody_can_always_open_the_desk(store, code):
    with store.writing() as session:
        tea = people.add(session, role="teacher", name="Tea", now=MORNING)
        with pytest.raises(Refused, match="only teacher"):
            people.change_role(session, tea, "student")
        with pytest.raises(Refused, match="only teacher"):
            people.activate(session, tea, active=False)
        other = people.add(session, role="assistant", name="Ada", now=MORNING)
        people.change_role(session, other, "teacher")
        people.change_role(session, tea, "student")
        assert (tea.role, other.role) == ("student", "teacher")


def test_sections_are_made_when_they_are_named(store, code):
    with store.writing() as session:
        ann = people.add(session, role="student", name="Ann", section="Lab A", now=MORNING)
        bob = people.add(session, role="student", name="Bob", section=" Lab  A", now=MORNING)
        assert ann.section_id == bob.section_id
        people.move(session, ann, "Lab B")
        people.move(session, bob, None)
    with store.reading() as session:
        assert session.get_one(Person, ann.id).section.name == "Lab B"
        assert session.get_one(Person, bob.id).section is None
        assert sorted(session.scalars(select(Section.name))) == ["Lab A", "Lab B"]


def test_what_a_board_shows_of_people_raises_the_revision(store, code):
    def revision(session) -> int:
        session.expire_all()
        return session.get_one(Classroom, 1).revision

    with store.writing() as session:
        ann = people.add(session, role="student", name="Ann", now=MORNING)
        seen = [revision(session)]
        for change in (
            lambda: people.rename(session, ann),
            lambda: people.move(session, ann, "Lab A"),
            lambda: people.activate(session, ann, active=False),
            lambda: people.change_role(session, ann, "assistant"),
        ):
            change()
            session.flush()
            seen.append(revision(session))
    assert seen == sorted(set(seen))


@given(st.text(max_size=60))
def test_a_cleaned_name_is_one_visible_line(name):
    try:
        clean = people.cleaned_name(name)
    except Refused:
        return
    assert clean == clean.strip()
    assert clean.isprintable()
    assert people.cleaned_name(clean) == clean
