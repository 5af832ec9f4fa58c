"""Assignments at the desk: made, changed, published, deleted."""

from dataclasses import replace

import pytest
from house import RIGHT
from sqlalchemy import select

from kit.classroom import assignments
from kit.classroom.schema import Audit

NEW = {
    "slug": "week-1", "title": "Week 1", "due_at": "2026-09-08T20:00", "late": "10", "attempts": "3", "feedback": "diagnosis", "counts": "last",
    "credit": "share", "published": "1", "section": "", "use-double": "1", "weight-double": "2", "weight-softplus": "1",
}  # fmt: skip


def post(teacher, path: str, **data):
    return teacher.ask("POST", path, data={"csrf": teacher.csrf(), **data})


def rules(house, slug: str = "week-1"):
    with house.room.store.reading() as session:
        return assignments.rules_of(session, assignments.named(session, slug))


def audited(house) -> list[tuple[str, dict]]:
    with house.room.store.reading() as session:
        return [(row.action, row.detail) for row in session.scalars(select(Audit).order_by(Audit.id))]


@pytest.fixture
def made(teacher):
    assert post(teacher, "/desk/new-assignment", **NEW).status_code == 303


def test_every_rule_of_the_form_is_kept(house, teacher, ada, made):
    kept = rules(house)
    assert kept.exercises == (("double", 2.0),)
    assert (kept.late_per_day, kept.attempts, kept.feedback, kept.counts, kept.credit) == (0.1, 3, "diagnosis", "last", "share")
    assert kept.due_at.isoformat() == "2026-09-08T20:00:00+00:00"
    assert "Week 1" in ada.get("/").text
    page = teacher.get("/desk/assignments/week-1").text
    assert 'value="2026-09-08T20:00"' in page
    assert "now it is <strong>2026-09-01 08:00 UTC</strong>" in page
    assert [action for action, _detail in audited(house)] == ["assignment-create"]


def test_what_contradicts_itself_comes_back_filled_in(house, teacher):
    for wrong in ({"opens_at": "2026-09-10T08:00"}, {"use-double": ""}, {"slug": "Week 1"}, {"weight-double": "much"}, {"attempts": "x"}):
        answer = post(teacher, "/desk/new-assignment", **{**NEW, **wrong})
        assert (answer.status_code, 'value="Week 1"' in answer.text) == (422, True), wrong
    assert audited(house) == []


def test_a_change_is_kept_with_what_it_was(house, teacher, made):
    changed = {**NEW, "title": "Week one", "late": "0", "use-softplus": "1"}
    assert post(teacher, "/desk/assignments/week-1", **changed).status_code == 303
    assert rules(house).exercises == (("double", 2.0), ("softplus", 1.0))
    action, detail = audited(house)[-1]
    assert action == "assignment-change"
    assert detail["title"] == ["Week 1", "Week one"]
    assert set(detail) == {"title", "late_per_day", "exercises"}
    assert "Week 1 → Week one" in teacher.get("/desk/audit").text


def test_the_order_of_the_exercises_stays(house, teacher, made):
    with house.room.store.writing() as session:
        own = replace(assignments.rules_of(session, assignments.named(session, "week-1")), exercises=(("softplus", 1.0), ("double", 1.0)))
        assignments.update(session, house.room.bank.by_slug, "week-1", own)
    post(teacher, "/desk/assignments/week-1", **{**NEW, "use-softplus": "1"})
    assert [slug for slug, _weight in rules(house).exercises] == ["softplus", "double"]


def test_published_and_hidden(house, teacher, ada, made):
    teacher.send("/desk/assignments", "/desk/assignments/week-1/publish", published="0")
    assert "Week 1" not in ada.get("/").text
    assert "draft" in teacher.get("/desk/assignments").text
    teacher.send("/desk/assignments", "/desk/assignments/week-1/publish", published="1")
    assert "Week 1" in ada.get("/").text
    assert [action for action, _detail in audited(house)][1:] == ["assignment-hide", "assignment-publish"]


def test_it_is_deleted_after_a_question(house, teacher, made):
    question = "/desk/assignments/week-1/delete"
    assert "Nothing was handed in for it." in teacher.get(question).text
    assert "Week 1 is deleted." in teacher.follow(teacher.send(question)).text
    assert teacher.get("/desk/assignments/week-1").status_code == 404
    assert audited(house)[-1] == ("assignment-delete", {"title": "Week 1"})


def test_it_is_not_deleted_with_submissions(house, teacher, ada, made):
    ada.send("/exercises/double", source=RIGHT, assignment="week-1")
    question = "/desk/assignments/week-1/delete"
    page = teacher.get(question).text
    assert "cannot be deleted" in page
    assert f'action="{question}"' not in page
    assert post(teacher, question).status_code == 409
    assert "1 submission was handed in for it" in teacher.get("/desk/assignments/week-1").text
    without = {name: value for name, value in NEW.items() if name != "use-double"} | {"use-softplus": "1"}
    assert post(teacher, "/desk/assignments/week-1", **without).status_code == 409


def test_the_whole_bank_can_be_chosen_from(house, teacher):
    page = teacher.get("/desk/new-assignment").text
    for exercise in house.room.bank.exercises:
        assert f'id="use-{exercise.slug}"' in page
