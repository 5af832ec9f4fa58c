"""People: joining, tokens and links, pseudonyms, roles."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scene import MORNING
from sqlalchemy import func, select

from kit.classroom import people, tokens
from kit.classroom.errors import Refused
from kit.classroom.room import found
from kit.classroom.schema import Audit, Classroom, Person, Section, Token

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
    assert refused(store, code, name="\u3164\u2800") == "bad-name"
    assert refused(store, code, name="x" * 101) == "bad-name"
    assert refused(store, code, email="nobody") == "bad-email"
    with store.writing() as session:
        session.get_one(Classroom, 1).join_open = False
    assert refused(store, code) == "join-closed"
    assert count(store, Person) == 0


def test_an_email_belongs_to_one(store, code):
    join(store, code, email="ann@example.org")
    assert refused(store, code, name="Bob", email="ANN@example.org") == "unknown-number", "not who has it, nor that somebody has"
    assert count(store, Person) == 1


def add_once(store, form="f" * 43, name="Ann", email="", student_id="") -> tuple[Person, str | None]:
    with store.writing() as session:
        about = {"name": name, "email": email, "student_id": student_id}
        return people.add_once(session, form, role="student", section="", now=MORNING, label="desk", **about)


def test_a_form_that_comes_again_adds_nobody(store, code):
    ann, token = add_once(store, email="ann@example.org")
    again, nothing = add_once(store, email="ann@example.org", name=" Ann  ")
    assert (again.id, nothing, count(store, Person), count(store, Token)) == (ann.id, None, 1, 1)
    with store.writing() as session:
        assert people.redeem(session, token, MORNING)[0].id == ann.id
    assert add_once(store)[1] is None, "also after the link was used"
    assert add_once(store, name="Bob")[1] not in {None, token}
    assert add_once(store, form="g" * 43)[1] not in {None, token}, "there may be two of a name"
    with pytest.raises(Refused, match="somebody else's"):
        add_once(store, form="h" * 43, email="ann@example.org")
    assert count(store, Person) == 3


@pytest.mark.parametrize("email", ["", "ann@example.org"])
def test_a_form_that_comes_twice_at_once_adds_one(store, code, email):
    ready = Barrier(4)

    def one(_number: int) -> tuple[Person, str | None]:
        ready.wait(30)
        return add_once(store, email=email)

    with ThreadPoolExecutor(4) as pool:
        came = list(pool.map(one, range(4)))
    assert len({person.id for person, _token in came}) == count(store, Person) == 1
    assert sum(token is not None for _person, token in came) == 1


def test_what_was_written_down_wrongly_is_corrected(store, code):
    with store.writing() as session:
        ann = people.add(session, role="student", name="An Le", email="an@example.org", student_id="17", now=MORNING)
        people.add(session, role="student", name="Bob", email="bob@example.org", student_id="18", now=MORNING)
        changed = people.correct(session, ann, name=" 李  安 ", email="An@Example.org", student_id=" ")
        assert changed == {"name": ["An Le", "李 安"], "student_id": ["17", ""]}
        assert people.correct(session, ann, name="李 安", email="an@example.org", student_id="") == {}
    for wrong, said in (
        ({"name": " "}, "cannot be a name"),
        ({"email": "nobody"}, "no email address"),
        ({"email": "BOB@example.org"}, "somebody else's already: bob@example.org"),
        ({"student_id": "18"}, "somebody else's already: 18"),
    ):
        with pytest.raises(Refused) as caught, store.writing() as session:
            people.correct(session, session.get_one(Person, ann.id), **{"name": "Ann", "email": "an@example.org", "student_id": "", **wrong})
        assert said in f"{caught.value.what}: {caught.value.where}"
    with store.reading() as session:
        kept = session.get_one(Person, ann.id)
        assert (kept.name, kept.email, kept.student_id) == ("李 安", "an@example.org", None)


def test_a_student_number_takes_the_place_of_the_imported_person_once(store, code):
    with store.writing() as session:
        imported = people.add(session, role="student", name="Ann Lee", student_id="s-17", section="Lab A", now=MORNING)
    ann = join(store, code, name="LEE, Ann", student_id=" s-17 ", email="ann@example.org")
    assert (ann.id, ann.name, ann.section.name, ann.email) == (imported.id, "Ann Lee", "Lab A", "ann@example.org")
    with store.writing() as session:
        people.issue(session, ann, "client", now=MORNING)
    assert refused(store, code, name="Ann Lee", student_id="s-17") == "number-taken"
    with store.writing() as session:
        people.revoke_all(session, ann, MORNING)
    assert refused(store, code, name="Ann Lee", student_id="s-17") == "number-taken", "whoever had a token once is known"
    assert refused(store, code, name="Eve", student_id="s-17") == "unknown-number", "that they are here is not told either"


def told(store, code, **who) -> tuple[str, str, str, int]:
    with pytest.raises(Refused) as caught:
        join(store, code, **who)
    return caught.value.code, caught.value.what, caught.value.remedy, caught.value.http


def test_who_knows_a_number_only_learns_nothing_and_takes_no_place(store, code):
    with store.writing() as session:
        ann = people.add(session, role="student", name="Ann Lee", student_id="s-17", email="ann@example.org", section="Lab A", now=MORNING)
        people.add(session, role="student", name="Bob", email="bob@example.org", now=MORNING)
    refusals = {
        told(store, code, **who)
        for who in (
            {"name": "Eve", "student_id": "s-99"},
            {"name": "Eve", "student_id": "s-17"},
            {"name": "Ann", "student_id": "s-17"},
            {"name": "Eve", "student_id": "s-17", "email": "eve@example.org"},
            {"name": "Eve", "student_id": "s-17", "email": "bob@example.org"},
            {"name": "Eve", "email": "ann@example.org"},
            {"name": "Annie", "student_id": "s-17", "email": "ann@example.org"},
            {"name": "Ann Lee", "student_id": "s-99", "email": "ann@example.org"},
        )
    }
    assert len(refusals) == 1, refusals
    assert "Lee" not in str(refusals)
    assert (count(store, Person), count(store, Token), count(store, Audit)) == (2, 0, 0)
    assert join(store, code, name="Lee, Ann", student_id="s-17", email="eve@example.org").id == ann.id, "the email may be another"


def test_a_listed_email_and_name_take_the_place_where_a_list_has_no_numbers(store, code):
    with store.writing() as session:
        ann = people.add(session, role="student", name="Ann Lee", email="ann@example.org", section="Lab A", now=MORNING)
        people.add(session, role="teacher", name="Tea", email="tea@example.org", now=MORNING)
    unlisted = told(store, code, name="Eve", student_id="s-99")
    assert told(store, code, name="Eve", email="ann@example.org") == unlisted
    assert told(store, code, name="Tea", email="tea@example.org") == unlisted
    assert join(store, code, name="LEE, Ann", email=" Ann@example.org").id == ann.id
    with store.writing() as session:
        people.issue(session, ann, "client", now=MORNING)
        [note] = session.scalars(select(Audit))
        assert (note.action, note.object, note.detail["name"]) == ("joined", f"person {ann.id}", "Ann Lee")
    assert told(store, code, name="Ann Lee", email="ann@example.org") == unlisted, "once"
    with store.writing() as session:
        people.release(session, session.get_one(Person, ann.id))
    assert join(store, code, name="Ann Lee", email="ann@example.org").email == "ann@example.org", "the list's email stays"
    with store.writing() as session:
        people.activate(session, session.get_one(Person, ann.id), active=False)
    assert told(store, code, name="Ann Lee", email="ann@example.org") == unlisted


@pytest.mark.parametrize("by", [{"student_id": "s-17"}, {"email": "ann@example.org"}])
def test_a_sign_in_link_holds_the_place(store, code, by):
    with store.writing() as session:
        ann = people.add(session, role="student", name="Ann Lee", student_id="s-17", email="ann@example.org", now=MORNING)
        people.issue(session, ann, "client", now=MORNING)
        people.release(session, ann)
        people.issue(session, ann, "link", now=MORNING)
    assert told(store, code, name="Ann Lee", **by)[::3] == ("number-taken", 409)
    assert refused(store, code, name="Eve", **by) == "unknown-number", "of that, too, nothing is told"
    with store.writing() as session:
        later = people.join(session, code=code, name="Ann Lee", **by, now=MORNING + DAY)  # the link is too old by then
        assert later.id == ann.id
        people.issue(session, ann, "link", now=MORNING)
        people.revoke_all(session, ann, MORNING)
    assert join(store, code, name="Ann Lee", **by).id == ann.id, "nor does a link hold it that was ended"


@pytest.mark.parametrize(("listed", "typed"), [("20２６-é", "2026-É"), ("2026001", "２０２６００１"), ("ab1", "ＡＢ１")])
def test_a_number_is_the_same_in_full_width_and_capitals(store, code, listed, typed):
    with store.writing() as session:
        ann = people.add(session, role="student", name="Ann", student_id=listed, now=MORNING)
    assert join(store, code, student_id=typed).id == ann.id


def test_a_claim_of_a_number_is_written_down_and_can_be_undone(store, code):
    with store.writing() as session:
        ann = people.add(session, role="student", name="Ann Lee", student_id="s-17", section="Lab A", now=MORNING)
    eve = join(store, code, name="Ann Lee", student_id="s-17", email="eve@example.org")
    with store.writing() as session:
        for kind in ALL:
            people.issue(session, session.get_one(Person, eve.id), kind, now=MORNING)
        session.get_one(Person, eve.id).subject = "https://login.example.edu eve"
    with store.reading() as session:
        [note] = session.scalars(select(Audit))
        assert (note.action, note.object, note.detail["student_id"], note.detail["name"]) == ("joined", f"person {ann.id}", "s-17", "Ann Lee")
    with store.writing() as session:
        assert people.release(session, session.get_one(Person, ann.id)) == 3
    with store.reading() as session:
        free = session.get_one(Person, ann.id)
        assert (free.email, free.subject, free.student_id, count(store, Token)) == (None, None, "s-17", 0)
    assert join(store, code, name="Ann Lee", student_id="s-17").id == ann.id
    with store.writing() as session, pytest.raises(Refused, match="no student"):
        people.release(session, people.add(session, role="teacher", name="Tea", now=MORNING))


def test_an_email_of_the_list_is_not_undone(store, code):
    with store.writing() as session:
        ann = people.add(session, role="student", name="Ann Lee", student_id="s-17", email="ann@example.org", now=MORNING)
    join(store, code, name="Ann Lee", student_id="s-17", email="eve@example.org")
    with store.writing() as session:
        people.release(session, session.get_one(Person, ann.id))
        assert session.get_one(Person, ann.id).email == "ann@example.org"


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
