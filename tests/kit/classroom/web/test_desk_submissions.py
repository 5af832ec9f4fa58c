"""A student's work at the desk: the verdict whole, the flags, what changed, and which submission counts."""

import pytest
from browser import Browser
from house import RIGHT, WRONG
from sqlalchemy import select

from kit.classroom import assignments, gradings
from kit.classroom.assignments import Rules
from kit.classroom.schema import Person, Submission


@pytest.fixture
def student(house, ada) -> str:
    """The address of Ada's work."""
    with house.room.store.reading() as session:
        return f"/desk/students/{session.scalars(select(Person.id).where(Person.name == 'Ada Lovelace')).one()}"


@pytest.fixture
def handed(house, ada) -> list[int]:
    """Two submissions for an assignment that tells students no values, where the last one counts; and one for practice."""
    with house.room.store.writing() as session:
        rules = Rules(title="Week 1", exercises=(("double", 1.0),), feedback="verdict", counts="last", closes_at=house.clock())
        assignments.create(session, house.room.bank.by_slug, "week-1", rules, house.clock())
    made = []
    for source, assignment in ((RIGHT, "week-1"), (WRONG, "week-1"), (WRONG + "# <b>\n", "")):
        if not assignment:
            house.clock.forward(seconds=1)  # practice of it is possible again
        ada.send("/exercises/double", source=source, assignment=assignment)
        made.append(house.grade())
    return made


def test_a_cell_leads_to_the_submission_that_counts(teacher, student, handed):
    overall, week = (teacher.get(f"{student}/double{asked}").text for asked in ("", "?assignment=week-1"))
    assert "<dd>1</dd>" in overall
    assert "<dd>2</dd>" in week
    assert overall.count("makes the points: everything") == 1
    assert week.count("makes the points: Week 1") == 1
    assert teacher.get(f"{student}/softplus").status_code == 404
    assert teacher.get("/desk/students/99/double").status_code == 404


def test_the_verdict_is_whole_and_the_source_is_shown_and_not_acted_on(house, teacher, handed):
    with house.room.store.writing() as session:
        session.get_one(Submission, handed[2]).flags = ["1: <os>"]
    page = teacher.get(f"/desk/submissions/{handed[2]}").text
    for told in ("largest error 0.41 at [2]", "You squared x.", "7041", "line 1: <code>&lt;os&gt;</code>", "# &lt;b&gt;", 'class="hll"'):
        assert told in page
    assert teacher.get("/desk/submissions/999").status_code == 404


def test_what_changed(house, teacher, handed):
    page = teacher.get(f"/desk/submissions/{handed[1]}?against={handed[0]}").text
    assert "    return 2 * x" in page
    assert page.count('<tr class="gone">') == page.count('<tr class="new">') == 1
    assert '<tr class="new">' in teacher.get(f"/desk/submissions/{handed[0]}?against=starter").text
    eve = Browser(house).sign_in(house.person("Eve"))
    eve.send("/exercises/double", source=RIGHT)
    others = house.grade()
    for wrong in (str(others), "999", "x", "9" * 40):
        assert teacher.get(f"/desk/submissions/{handed[0]}?against={wrong}").status_code == 404


def test_all_that_a_student_has_done(teacher, student, handed):
    page = teacher.get(student).text
    assert "Ada Lovelace" in page
    for submission_id in handed:
        assert f'href="/desk/submissions/{submission_id}"' in page


def test_what_waits_and_what_could_not_be_judged(house, teacher, ada):
    answer = ada.send("/exercises/double", source=RIGHT)
    path = "/desk" + answer.headers["location"]
    assert "place 1 in the queue" in teacher.get(path).text
    for _try in range(gradings.TRIES):
        house.clock.forward(minutes=1)
        with house.room.store.writing() as session:
            claimed = gradings.claim(session, "worker", house.clock(), devices=frozenset({"cpu"}))
            gradings.fail(session, claimed.grading_id, "worker", "the machine at 10.0.0.7 is on fire", house.clock())
    page = teacher.get(path).text
    assert "the machine at 10.0.0.7 is on fire" in page
    assert 'action="/desk/health/retry"' in page
