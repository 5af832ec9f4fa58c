"""Regrades: what would change is looked at before it counts, and nothing that was written is lost."""

import shutil
from datetime import timedelta

import pytest
from referee import Bell, Held, Referee, a_room, glance, hand_in, results
from scene import MINI_BANK
from sqlalchemy import select

from kit.bank import Bank
from kit.classroom import assignments, people, regrade
from kit.classroom.errors import Refused
from kit.classroom.executor import Infrastructure
from kit.classroom.grading_loop import Grader
from kit.classroom.schema import Audit, Classroom, Grading, Regrade, Submission, VerdictRow
from kit.classroom.submissions import submit


@pytest.fixture
def bank(tmp_path) -> Bank:
    """A bank that a test may change."""
    shutil.copytree(MINI_BANK, tmp_path / "bank")
    return Bank(tmp_path / "bank", cache=tmp_path / "cache")


def change(bank, slug="double", line="# changed\n") -> None:
    """Another version of an exercise's checks."""
    checks = bank.exercise(slug).checks
    checks.write_text(checks.read_text(encoding="utf-8") + line, encoding="utf-8")


def judge(room, count, judging=glance) -> None:
    """Have so many submissions judged."""
    bell = Bell()
    grader = Grader(room, Referee(judging), on_verdict=bell)
    grader.start()
    bell.wait_for(count)
    grader.stop()


def kinder(job):
    """A bank in whose eyes everything is a little better."""
    from msgspec.structs import replace

    return glance(replace(job, source=job.source + " good"))


def started(room, **scope) -> Regrade:
    with room.store.writing() as session:
        return regrade.start(session, room, **scope)


def looked_at(room, held) -> list[tuple[int, bool, bool | None, float, float | None]]:
    with room.store.reading() as session:
        return [
            (change.submission_id, change.old_passed, change.new_passed, change.old_points, change.new_points)
            for change in regrade.preview(session, room, held)
        ]


def test_it_counts_when_it_is_applied_and_not_before(store, bank, clock):
    room = a_room(store, bank, clock)
    hand_in(room, "good good good", "good good", "poor")
    judge(room, 3)
    change(bank)
    held = started(room, exercise="double")
    with store.reading() as session, pytest.raises(Refused, match="not at that point"):
        regrade.apply(session, room, held)
    judge(room, 3, kinder)
    assert results(store) == {1: True, 2: False, 3: False}
    assert looked_at(room, held) == [(2, False, True, 0, 10), (3, False, False, 0, 0), (1, True, True, 10, 10)]
    with store.writing() as session:
        before = session.get_one(Classroom, 1).revision
        assert regrade.apply(session, room, held) == 3
    assert results(store) == {1: True, 2: True, 3: False}
    with store.reading() as session:
        assert session.get_one(Classroom, 1).revision > before
        assert session.get_one(Regrade, held.id).state == "applied"
        assert len(session.scalars(select(VerdictRow)).all()) == 6
        assert session.scalars(select(Audit.action).order_by(Audit.id)).all() == ["regrade-start", "regrade-apply"]
    with store.writing() as session, pytest.raises(Refused, match="not at that point"):
        regrade.discard(session, room, held)


def test_a_discarded_one_changes_nothing_and_is_taken_up_again_without_judging(sqlite_store, bank, clock):
    room = a_room(sqlite_store, bank, clock)
    hand_in(room, "good good")
    judge(room, 1)
    change(bank)
    held = started(room, exercise="double")
    judge(room, 1, kinder)
    with sqlite_store.writing() as session:
        regrade.discard(session, room, held)
    assert results(sqlite_store) == {1: False}
    again = started(room)
    assert again.state == "preview"
    assert looked_at(room, again) == [(1, False, True, 0, 10)]
    with sqlite_store.writing() as session:
        regrade.apply(session, room, again)
    assert results(sqlite_store) == {1: True}


def test_what_waits_is_not_judged_after_it_is_discarded(sqlite_store, bank, clock):
    room = a_room(sqlite_store, bank, clock)
    hand_in(room, "good", "good good")
    judge(room, 2)
    change(bank)
    held = started(room)
    with sqlite_store.writing() as session:
        regrade.discard(session, room, held)
    with sqlite_store.reading() as session:
        assert session.scalars(select(Grading.state)).all() == ["done", "done"]


def test_only_what_is_in_its_scope_and_was_judged_by_another_bank(store, bank, clock):
    room = a_room(store, bank, clock, students=2)
    with store.writing() as session:
        rules = assignments.Rules(title="Sheet", exercises=(("double", 3.0),), due_at=clock() + timedelta(hours=1), late_per_day=0.5)
        assignments.create(session, bank.by_slug, "sheet", rules, clock())
    hand_in(room, "good good")
    clock.forward(hours=2)
    submit(room, 2, "double", "good good", assignment="sheet")
    hand_in(room, "good good good", person=2, exercise="softplus")
    judge(room, 3)
    hand_in(room, "good", person=1)
    with store.writing() as session, pytest.raises(Refused, match="judged all of that already"):
        regrade.start(session, room)
    change(bank)
    held = started(room, assignment="sheet")
    judge(room, 2, kinder)  # the one that was handed in last is judged first, by the new bank
    with store.reading() as session:
        (only,) = regrade.preview(session, room, held)
        assert regrade.progress(session, held) == regrade.Progress(done=1, failed=0, total=1)
    assert (only.submission_id, only.assignment, only.old_points, only.new_points, only.differs) == (2, "sheet", 0, 15, True)
    assert (only.old_checks, only.new_checks, only.name) == ((2, 3), (3, 3), "Student 2")
    assert results(store)[4] is False


def test_unknown_names_are_refused(sqlite_store, bank, clock):
    room = a_room(sqlite_store, bank, clock)
    with sqlite_store.writing() as session, pytest.raises(Refused, match="no exercise is called treble"):
        regrade.start(session, room, exercise="treble")
    with sqlite_store.writing() as session, pytest.raises(Refused, match="no-sheet"):
        regrade.start(session, room, assignment="no-sheet")
    with sqlite_store.reading() as session:
        assert session.scalars(select(Regrade)).all() == []


def test_fresh_work_comes_before_a_regrade(sqlite_store, bank, clock):
    room, held, bell = a_room(sqlite_store, bank, clock, students=2), Held(places=1), Bell()
    hand_in(room, "good", "good good")
    judge(room, 2)
    change(bank)
    started(room)
    hand_in(room, "fresh", person=2)
    grader = Grader(room, held, on_verdict=bell)
    grader.start()
    held.goes_on.set()
    bell.wait_for(3)
    grader.stop()
    assert [job.source for job in held.jobs] == ["fresh", "good", "good good"]


def test_what_cannot_be_judged_keeps_its_verdict_and_can_be_tried_again(sqlite_store, bank, clock):
    room = a_room(sqlite_store, bank, clock)
    hand_in(room, "good good good", "good good")
    judge(room, 2)
    change(bank)
    held = started(room)
    with sqlite_store.writing() as session:
        for grading in session.scalars(select(Grading).where(Grading.regrade_id == held.id)):
            grading.attempts = 2

    def half_broken(job):
        if "good good good" in job.source:
            raise Infrastructure("gone")
        return kinder(job)

    judge(room, 2, half_broken)
    with sqlite_store.writing() as session:
        assert regrade.progress(session, held) == regrade.Progress(done=1, failed=1, total=2)
        assert regrade.apply(session, room, held) == 1
    assert results(sqlite_store) == {1: True, 2: True}
    again = started(room)
    judge(room, 1, glance)
    with sqlite_store.reading() as session:
        assert regrade.progress(session, again) == regrade.Progress(done=1, failed=0, total=1)


def test_an_exercise_that_changes_twice_is_regraded_for_the_last_time_only(sqlite_store, bank, clock):
    room = a_room(sqlite_store, bank, clock)
    hand_in(room, "good good")
    judge(room, 1)
    change(bank)
    first = started(room)
    change(bank, line="# and again\n")
    second = started(room)
    judge(room, 1, kinder)
    with sqlite_store.writing() as session:
        states = [session.get_one(Regrade, each.id).state for each in (first, second)]
        assert regrade.progress(session, first).total + regrade.progress(session, second).total == 1
    assert states == ["preview", "preview"]


def test_who_started_it_is_written_down(sqlite_store, bank, clock):
    room = a_room(sqlite_store, bank, clock)
    hand_in(room, "good")
    judge(room, 1)
    change(bank)
    with sqlite_store.writing() as session:
        teacher = people.add(session, role="teacher", name="T", now=clock())
        regrade.start(session, room, by=teacher)
    with sqlite_store.reading() as session:
        assert session.scalars(select(Audit.person_id)).all() == [teacher.id]
        assert session.scalars(select(Regrade.created_by)).all() == [teacher.id]
        assert session.scalars(select(Submission.verdict_id)).all() == [1]
