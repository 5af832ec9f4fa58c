"""An exam is an exam: what an open assignment with limits forbids elsewhere."""

from dataclasses import replace
from datetime import timedelta

import pytest
from referee import a_room
from scene import MORNING

from kit.classroom import assignments, people, strict
from kit.classroom.assignments import Rules
from kit.classroom.errors import Refused
from kit.classroom.schema import Assignment
from kit.classroom.submissions import status, submit

HOUR = timedelta(hours=1)
EXAM = Rules(title="Exam", exercises=(("double", 1.0),), opens_at=MORNING, closes_at=MORNING + 2 * HOUR, attempts=3, feedback="verdict")


@pytest.fixture
def room(store, bank, clock):
    return a_room(store, bank, clock, students=2)


def create(room, slug: str = "exam", **rules) -> Assignment:
    with room.store.writing() as session:
        return assignments.create(session, room.bank.by_slug, slug, replace(EXAM, **rules), room.now())


def refused(room, assignment: str | None = "", source: str = "b", person: int = 1) -> Refused:
    with pytest.raises(Refused) as caught:
        submit(room, person, "double", source, assignment=assignment)
    return caught.value


def test_no_practice_of_an_exam_while_it_is_open(room, clock):
    before = submit(room, 1, "double", "a", assignment="").submission_id
    create(room, opens_at=MORNING + HOUR)
    submit(room, 1, "double", "still before it", assignment="")
    clock.forward(hours=1)
    error = refused(room)
    assert (error.code, error.http) == ("belongs-to-assignment", 409)
    assert error.what == "double belongs to exam until 2026-09-01 10:00 UTC: practice of it is possible again after that"
    assert status(room, before).feedback == "full"
    submit(room, 1, "double", "b", assignment="exam")
    submit(room, 1, "softplus", "b", assignment="")
    clock.forward(hours=1)
    assert refused(room).code == "belongs-to-assignment", "up to and including the last moment"
    clock.forward(seconds=1)
    assert submit(room, 1, "double", "c", assignment="").new


@pytest.mark.parametrize("rules", [{"feedback": "full"}, {"attempts": None}, {"attempts": None, "feedback": "diagnosis"}])
def test_either_limit_makes_it_strict(room, rules):
    create(room, **rules)
    assert refused(room).code == "belongs-to-assignment"


@pytest.mark.parametrize("rules", [{"attempts": None, "feedback": "full"}, {"published": False}, {"exercises": (("softplus", 1.0),)}])
def test_what_does_not_bind_somebody(room, rules):
    create(room, **rules)
    assert submit(room, 1, "double", "b", assignment="").new


def practised(room, person: int, assignment: str | None = "") -> str:
    with pytest.raises(Refused) as caught:
        submit(room, person, "double", "b", assignment=assignment)
    assert caught.value.code == "belongs-to-assignment"
    return f"{caught.value.what}. {caught.value.remedy}"


DISCREET = "this exercise belongs to an assignment that is open now. Practise something else meanwhile."


@pytest.mark.parametrize("assignment", ["", None])
def test_nobody_practises_another_sections_exam(room, clock, assignment):
    create(room, section="Lab B")
    with room.store.writing() as session:
        ids = [people.add(session, role="student", name=f"Cy {name}", section=name, now=MORNING).id for name in ("Lab A", "Lab B")]
    assert [practised(room, person, assignment) for person in (1, ids[0])] == [DISCREET, DISCREET]
    assert "double belongs to exam until 2026-09-01 10:00 UTC" in practised(room, ids[1])
    assert submit(room, ids[1], "double", "b").new, "for the exam itself"
    clock.forward(hours=3)
    assert submit(room, 1, "double", "b", assignment=assignment).new


def test_an_exam_of_ones_own_does_not_betray_another_sections(room):
    create(room)
    create(room, "theirs", section="Lab B", closes_at=MORNING + 5 * HOUR)
    own = practised(room, 1)
    assert own.startswith("double belongs to exam: it cannot be handed in as practice while that is open"), "not: possible again at 10"
    submit(room, 1, "double", "a", assignment="exam")
    create(room, "over", opens_at=None, closes_at=MORNING - HOUR)
    assert refused(room, "over", "c").remedy == "Ask your teacher."


def test_anothers_exam_takes_nothing_from_what_is_told(room):
    create(room, "week-1", opens_at=None, closes_at=None, attempts=None, feedback="full")
    create(room, section="Lab B")
    assert status(room, submit(room, 1, "double", "a", assignment="week-1").submission_id).feedback == "full"


def test_the_staff_may_try_it(room):
    create(room)
    with room.store.writing() as session:
        tea = people.add(session, role="teacher", name="Tea", now=MORNING)
    assert submit(room, tea.id, "double", "b", assignment="").new


def test_an_assignment_without_an_end_says_so(room):
    create(room, closes_at=None)
    assert refused(room).what == "double belongs to exam: it cannot be handed in as practice while that is open"
    create(room, "sheet", feedback="full")
    assert "belongs to exam:" in refused(room).what, "the one that ends last"


def test_no_refusal_recommends_what_is_refused(room, clock):
    create(room, attempts=1)
    create(room, "over", opens_at=None, closes_at=MORNING - HOUR)
    create(room, "other", exercises=(("softplus", 1.0),))
    submit(room, 1, "double", "a", assignment="exam")
    errors = [refused(room, slug) for slug in ("exam", "over", "other")]
    assert [error.code for error in errors] == ["no-attempts-left", "closed", "not-in-assignment"]
    assert [error.remedy for error in errors] == [
        "Ask your teacher; practice of it is possible again after 2026-09-01 10:00 UTC.",
        "Ask your teacher; practice of it is possible again after 2026-09-01 10:00 UTC.",
        "Leave the assignment out: it goes to the open one that has the exercise, else it is practice.",
    ]
    clock.forward(hours=3)
    assert refused(room, "over").remedy == "Hand it in as practice, or ask your teacher."


def test_another_open_assignment_tells_no_more_than_the_strictest(room, clock):
    create(room, "week-1", opens_at=None, closes_at=None, attempts=None, feedback="full")
    before = submit(room, 1, "double", "a", assignment="week-1").submission_id
    clock.forward(hours=1)
    create(room, opens_at=MORNING + HOUR)
    create(room, "quiz", opens_at=MORNING + HOUR, closes_at=None, feedback="diagnosis", section="Lab B")
    during = submit(room, 1, "double", "b", assignment="week-1").submission_id
    assert [status(room, each).feedback for each in (before, during)] == ["full", "verdict"]
    limits = [status(room, each).limited_by for each in (before, during)]
    assert [limit and limit.slug for limit in limits] == [None, "exam"]
    assert status(room, submit(room, 1, "double", "b", assignment="exam").submission_id).limited_by is None, "its own rule"
    clock.forward(hours=2)
    assert status(room, during).feedback == "full", "the exam is over"


def test_which_assignments_are_strict_for_somebody(room):
    create(room)
    create(room, "week-1", attempts=None, feedback="full")
    with room.store.reading() as session:
        assert [each.slug for each in strict.those(session, None, "double", MORNING)] == ["exam"]
        assert strict.those(session, None, "double", MORNING - HOUR) == []


def test_without_a_name_an_exam_is_meant_before_homework(room):
    create(room, "week-1", attempts=None, feedback="full", opens_at=None, closes_at=None)
    create(room, "exam-1", closes_at=None)
    assert status(room, submit(room, 1, "double", "a").submission_id).assignment == "exam-1"
    create(room, "week-2", attempts=None, feedback="full", opens_at=None, due_at=MORNING + 9 * HOUR, closes_at=None)
    assert status(room, submit(room, 1, "double", "b").submission_id).assignment == "week-2", "due first, as ever"
    create(room, "exam-2")
    assert status(room, submit(room, 1, "double", "c").submission_id).assignment == "exam-2", "it closes before that is due"
