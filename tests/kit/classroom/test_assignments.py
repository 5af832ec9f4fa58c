"""Assignments: rules that are refused, and which assignment somebody means."""

from dataclasses import replace
from datetime import timedelta

import pytest
from referee import a_room, hand_in
from scene import MORNING
from sqlalchemy import func, select

from kit.classroom import assignments, people
from kit.classroom.assignments import Rules
from kit.classroom.errors import Refused
from kit.classroom.schema import Assignment, AssignmentExercise, Classroom, Person
from kit.classroom.submissions import submit

DAY = timedelta(days=1)
PLAIN = Rules(title="Week 1", exercises=(("double", 1.0),))
FULL = Rules(
    title="Week 2",
    exercises=(("softplus", 2.0), ("double", 0.5)),
    opens_at=MORNING - DAY,
    due_at=MORNING + DAY,
    closes_at=MORNING + 2 * DAY,
    late_per_day=0.25,
    attempts=3,
    feedback="diagnosis",
    counts="last",
    credit="share",
    published=False,
    section="Lab A",
)


@pytest.fixture
def room(store, bank, clock):
    return a_room(store, bank, clock)


def create(room, slug: str, rules: Rules = PLAIN) -> Assignment:
    with room.store.writing() as session:
        return assignments.create(session, room.bank.by_slug, slug, rules, room.now())


def open_slug(room, exercise: str = "double", section: str | None = None, now=MORNING) -> str | None:
    with room.store.writing() as session:
        section_id = people.named_section(session, section).id if section else None
        found = assignments.find_open(session, section_id, exercise, now)
        return None if found is None else found.slug


def test_rules_are_kept_as_they_were_given(room):
    create(room, "week-2", FULL)
    with room.store.reading() as session:
        assignment = assignments.named(session, "week-2")
        assert assignments.rules_of(session, assignment) == FULL
        assert [(row.exercise, row.weight) for row in assignment.exercises] == [("softplus", 2.0), ("double", 0.5)]


def test_rules_can_be_changed(room):
    create(room, "week-1")
    with room.store.writing() as session:
        before = session.get_one(Classroom, 1).revision
        assignments.update(session, room.bank.by_slug, "week-1", FULL)
        session.expire_all()
        assert session.get_one(Classroom, 1).revision == before + 1
    with room.store.writing() as session:
        assert assignments.rules_of(session, assignments.named(session, "week-1")) == FULL
        assignments.update(session, room.bank.by_slug, "week-1", PLAIN)
        assert session.scalar(select(func.count()).select_from(AssignmentExercise)) == 1
    with room.store.reading() as session:
        assert assignments.rules_of(session, assignments.named(session, "week-1")) == PLAIN


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"exercises": ()}, "needs an exercise"),
        ({"exercises": (("tripel", 1.0),)}, "no exercise is called tripel"),
        ({"exercises": (("double", 1.0), ("double", 2.0))}, "twice"),
        ({"exercises": (("double", -1.0),)}, "weight"),
        ({"exercises": (("double", float("nan")),)}, "weight"),
        ({"late_per_day": 1.5}, "share of its points"),
        ({"late_per_day": float("nan")}, "share of its points"),
        ({"attempts": 0}, "number of attempts"),
        ({"feedback": "everything"}, "no such choice"),
        ({"counts": "first"}, "no such choice"),
        ({"credit": "half"}, "no such choice"),
        ({"opens_at": MORNING, "due_at": MORNING - DAY}, "times contradict"),
        ({"due_at": MORNING, "closes_at": MORNING - DAY}, "times contradict"),
    ],
)
def test_rules_that_make_no_sense_are_refused(sqlite_store, bank, clock, changes, said):
    room = a_room(sqlite_store, bank, clock)
    with pytest.raises(Refused, match=said) as caught:
        create(room, "week-1", replace(PLAIN, **changes))
    assert caught.value.http == 422
    create(room, "week-1")
    with pytest.raises(Refused, match=said), room.store.writing() as session:
        assignments.update(session, bank.by_slug, "week-1", replace(PLAIN, **changes))


@pytest.mark.parametrize("slug", ["", "Week", "a_b", "-a", "a/../b", "wöche", "x" * 61])
def test_names_that_cannot_stand_in_a_link_are_refused(sqlite_store, bank, clock, slug):
    with pytest.raises(Refused):
        create(a_room(sqlite_store, bank, clock), slug)


def test_a_name_stands_for_one(room):
    create(room, "week-1")
    with pytest.raises(Refused) as caught:
        create(room, "week-1")
    assert (caught.value.code, caught.value.http) == ("taken", 409)
    with pytest.raises(Refused, match="no assignment is called week-9"), room.store.reading() as session:
        assignments.named(session, "week-9")


def test_what_was_handed_in_keeps_its_assignment(room):
    create(room, "week-1")
    create(room, "week-2")
    hand_in(room, "answer")
    with room.store.writing() as session:
        assignments.delete(session, "week-2")
    with room.store.writing() as session:
        assert [each.slug for each in assignments.all_of_them(session)] == ["week-1"]
    submit(room, 1, "double", "answer", assignment="week-1")
    with pytest.raises(Refused, match="submissions for this assignment"), room.store.writing() as session:
        assignments.delete(session, "week-1")
    with pytest.raises(Refused, match="submissions for this exercise"), room.store.writing() as session:
        assignments.update(session, room.bank.by_slug, "week-1", replace(PLAIN, exercises=(("softplus", 1.0),)))


def test_the_one_due_soonest_is_meant(room):
    assert open_slug(room) is None
    create(room, "any-time")
    assert open_slug(room) == "any-time"
    create(room, "late", replace(PLAIN, due_at=MORNING - DAY))
    create(room, "later", replace(PLAIN, due_at=MORNING - 2 * DAY))
    assert open_slug(room) == "any-time"
    create(room, "next-week", replace(PLAIN, due_at=MORNING + 7 * DAY))
    create(room, "tomorrow", replace(PLAIN, due_at=MORNING + DAY))
    assert open_slug(room) == "tomorrow"
    assert open_slug(room, now=MORNING + 2 * DAY) == "next-week"
    assert open_slug(room, "softplus") is None
    with room.store.writing() as session:
        assignments.delete(session, "any-time")
    assert open_slug(room, now=MORNING + 8 * DAY) == "next-week", "late for all: the one that was due last"


def test_closed_hidden_and_other_sections_ones_are_not_meant(room):
    create(room, "not-yet", replace(PLAIN, opens_at=MORNING + DAY))
    create(room, "over", replace(PLAIN, closes_at=MORNING - DAY))
    create(room, "draft", replace(PLAIN, published=False))
    create(room, "theirs", replace(PLAIN, section="Lab B"))
    assert open_slug(room) is None
    assert open_slug(room, section="Lab A") is None
    assert open_slug(room, section="Lab B") == "theirs"
    assert open_slug(room, now=MORNING + DAY) == "not-yet", "from the moment on at which it opens"
    assert open_slug(room, now=MORNING - DAY) == "over", "to the moment at which it closes"


def test_students_see_what_is_theirs_and_staff_all(room):
    create(room, "everybodys")
    create(room, "draft", replace(PLAIN, published=False))
    create(room, "lab-a", replace(PLAIN, section="Lab A", due_at=MORNING))
    with room.store.writing() as session:
        ann = people.add(session, role="student", name="Ann", section="Lab A", now=MORNING)
        ada = people.add(session, role="assistant", name="Ada", now=MORNING)
        bob = session.get_one(Person, 1)

        def seen(person: Person) -> list[str]:
            return [assignment.slug for assignment in assignments.visible_to(session, person)]

        assert (seen(ann), seen(bob)) == (["lab-a", "everybodys"], ["everybodys"])
        assert seen(ada) == ["lab-a", "everybodys", "draft"]
        assert assignments.open_for(session, ann, "double", MORNING).slug == "lab-a"
        with pytest.raises(Refused, match="no open assignment of yours"):
            assignments.open_for(session, ann, "softplus", MORNING)
