"""Submissions: what is accepted, what is refused, what happens when much comes at once."""

import sqlite3
import threading
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from referee import a_room, glance, hand_in, states
from scene import MORNING
from sqlalchemy import event, func, select

from grader.text import speaking
from grader.verdict import Job
from kit.answer import LARGEST
from kit.classroom import assignments, gradings, people
from kit.classroom.assignments import Rules
from kit.classroom.database import open_store
from kit.classroom.errors import Refused
from kit.classroom.line import Places
from kit.classroom.room import Room
from kit.classroom.schema import Classroom, Grading, Person, Submission
from kit.classroom.submissions import Tries, cleaned_source, status, submit
from kit.classroom.versions import bank_version

DAY = timedelta(days=1)
WEEK = Rules(title="Week 1", exercises=(("double", 1.0),))
CPU = frozenset({"cpu"})


@pytest.fixture
def room(store, bank, clock):
    return a_room(store, bank, clock, students=3)


def create(room, slug: str = "week-1", **rules) -> None:
    with room.store.writing() as session:
        assignments.create(session, room.bank.by_slug, slug, replace(WEEK, **rules), room.now())


def refused(room, source: str = "answer", *, person: int = 1, exercise: str = "double", assignment: str | None = None) -> tuple[str, int]:
    with pytest.raises(Refused) as caught:
        submit(room, person, exercise, source, assignment=assignment)
    return caught.value.code, caught.value.http


def kept(room) -> list[Submission]:
    with room.store.reading() as session:
        return list(session.scalars(select(Submission).order_by(Submission.id)))


def judge(room, source: str = "good good good", **changes) -> int:
    """Judge whoever is next; the submission's id."""
    made = msgspec.structs.replace(glance(Job(slug="double", source=source, filename="double.py", checks="")), **changes)
    with room.store.writing() as session:
        claimed = gradings.claim(session, "w", room.now(), devices=CPU)
        assert gradings.finish(session, claimed.grading_id, made, "here", room.now())
    return claimed.submission_id


def test_an_answer_is_kept_with_its_pending_grading(room, clock):
    done = submit(room, 2, "double", "def double(x):\r\n    return 2 * x\r\n")
    assert (done.new, done.position, done.age) == (True, 1, 0.0)
    (row,) = kept(room)
    assert (row.id, row.person_id, row.exercise, row.assignment_id, row.number) == (done.submission_id, 2, "double", None, 1)
    assert (row.source, row.submitted_at, row.flags, row.verdict_id) == ("def double(x):\n    return 2 * x\n", MORNING, [], None)
    with room.store.reading() as session:
        grading = session.scalars(select(Grading)).one()
        assert session.get_one(Classroom, 1).revision == 4, "three students came, one answer"
    assert (grading.submission_id, grading.state, grading.device, grading.created_at) == (row.id, "pending", "cpu", MORNING)
    assert grading.bank_version == bank_version(room.bank.exercise("double"))


def test_the_language_of_whoever_handed_in_is_kept_with_the_answer(room):
    with speaking("zh"):
        submit(room, 1, "double", "a")
    with speaking("en"):
        assert not submit(room, 1, "double", "a").new
    assert [row.lang for row in kept(room)] == ["zh"]


def test_attempts_are_counted_among_ones_own_answers_however_many_the_class_has(sqlite_store, bank, clock):
    room, said = a_room(sqlite_store, bank, clock), []
    create(room, attempts=9)

    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        said.append((statement, parameters))

    event.listen(sqlite_store.engine, "before_cursor_execute", note)
    submit(room, 1, "double", "a")
    submit(room, 1, "double", "a")
    event.remove(sqlite_store.engine, "before_cursor_execute", note)
    asked = [each for each in said if each[0].startswith("SELECT") and "NOT (submissions.verdict_id IS NULL" in each[0]]
    assert asked
    for statement, parameters in asked:
        with sqlite_store.reading() as session:
            steps = [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        assert any("(person_id=? AND exercise=?)" in step for step in steps), steps
        assert any("SEARCH gradings" in step and "(submission_id=?)" in step for step in steps), steps


def test_nobody_waits_while_the_place_in_the_line_is_looked_up(sqlite_store, bank, clock, monkeypatch):
    room, of = a_room(sqlite_store, bank, clock), Places.of

    def held_up(places, session, *asked):
        other = sqlite3.connect(sqlite_store.url.database, isolation_level=None, timeout=0)
        other.execute("BEGIN IMMEDIATE")
        other.close()
        return of(places, session, *asked)

    monkeypatch.setattr(Places, "of", held_up)
    assert [submit(room, 1, "double", source).position for source in ("a", "b", "b")] == [1, 2, 2]


def test_numbers_count_a_persons_answers_of_an_exercise(room):
    hand_in(room, "a", "b")
    hand_in(room, "a", person=2)
    hand_in(room, "a", exercise="softplus")
    assert [(row.person_id, row.exercise, row.number) for row in kept(room)] == [
        (1, "double", 1),
        (1, "double", 2),
        (2, "double", 1),
        (1, "softplus", 1),
    ]


def test_the_latest_answer_again_is_the_same_submission(room, clock):
    first = submit(room, 1, "double", "a")
    clock.forward(seconds=5)
    again = submit(room, 1, "double", "a")
    assert (again.submission_id, again.new, again.position, again.age) == (first.submission_id, False, 1, 5.0)
    submit(room, 1, "double", "b")
    assert submit(room, 1, "double", "a").new, "not the latest any more"
    assert [row.source for row in kept(room)] == ["a", "b", "a"]
    judge(room)
    judge(room)
    judge(room)
    done = submit(room, 1, "double", "a")
    assert (done.new, done.position) == (False, None)


def test_the_same_answer_in_another_place_is_another_submission(room):
    create(room)
    create(room, "week-2", due_at=MORNING + DAY)
    there = [submit(room, 1, "double", "a", assignment=place) for place in ("week-1", "week-2", "", "week-1", None, "")]
    assert [one.new for one in there] == [True, True, True, False, False, False]
    assert there[4].submission_id == there[1].submission_id, "week-2 is due soonest"
    assert [row.number for row in kept(room)] == [1, 2, 3]


def test_without_an_open_assignment_it_is_practice(room):
    create(room, closes_at=MORNING - DAY)
    submit(room, 1, "double", "a")
    assert kept(room)[0].assignment_id is None


def test_what_cannot_be_an_answer_is_refused(room):
    assert refused(room, "a\0b") == ("bad-source", 422)
    assert refused(room, "a\ud800b") == ("bad-source", 422)
    assert refused(room, " \n") == ("bad-source", 422)
    assert refused(room, "é" * (LARGEST // 2 + 1)) == ("too-large", 413)
    assert refused(room, exercise="dubble") == ("no-exercise", 404)
    assert refused(room, person=99) == ("not-active", 403)
    assert refused(room, assignment="week-9") == ("no-assignment", 404)
    assert kept(room) == []
    with room.store.writing() as session:
        people.activate(session, session.get_one(Person, 3), active=False)
    assert refused(room, person=3) == ("not-active", 403)


def test_an_assignment_that_one_may_not_hand_in_for(room):
    create(room, "not-yet", opens_at=MORNING + DAY)
    create(room, "over", closes_at=MORNING - DAY)
    create(room, "draft", published=False)
    create(room, "theirs", section="Lab B")
    create(room, "other", exercises=(("softplus", 1.0),))
    assert refused(room, assignment="not-yet") == ("not-open", 409)
    assert refused(room, assignment="over") == ("closed", 409)
    assert refused(room, assignment="draft") == ("no-assignment", 404)
    assert refused(room, assignment="theirs") == ("no-assignment", 404)
    assert refused(room, assignment="other") == ("not-in-assignment", 409)
    with pytest.raises(Refused) as caught:
        submit(room, 1, "double", "a", assignment="week-9")
    assert str(caught.value) == "no assignment is called week-9. Open to you: other (Week 1)."
    with room.store.writing() as session:
        tea = people.add(session, role="teacher", name="Tea", now=MORNING)
    assert submit(room, tea.id, "double", "a", assignment="draft").new, "a teacher tries it out"


def test_an_answer_that_came_in_time_may_come_again_after_the_close(room, clock):
    create(room, closes_at=MORNING)
    first = submit(room, 1, "double", "a", assignment="week-1")
    clock.forward(seconds=1)
    again = submit(room, 1, "double", "a", assignment="week-1")
    assert (again.submission_id, again.new) == (first.submission_id, False)
    assert refused(room, "b", assignment="week-1") == ("closed", 409)
    assert refused(room, "a", person=2, assignment="week-1") == ("closed", 409)


def test_attempts_run_out_and_only_true_attempts_count(room):
    hand_in(room, "practice is free")
    create(room, attempts=2)
    submit(room, 1, "double", "a")
    assert submit(room, 1, "double", "b").new
    assert not submit(room, 1, "double", "b").new
    assert refused(room, "c") == ("no-attempts-left", 409)
    assert submit(room, 2, "double", "a").new
    with room.store.writing() as session:
        lost = session.scalars(select(Grading.id).join(Submission).where(Submission.source == "b")).one()
        session.get_one(Grading, lost).state = "failed"
    assert submit(room, 1, "double", "c").new, "what the infrastructure lost was no attempt"
    assert refused(room, "d") == ("no-attempts-left", 409)


def test_everybody_is_told_their_attempts(room):
    hand_in(room, "practice is no attempt")
    create(room, attempts=3)
    first, second, again = (submit(room, 1, "double", source) for source in ("a", "b", "b"))
    assert [each.tries for each in (first, second, again)] == [Tries(1, 3, 2), Tries(2, 3, 1), Tries(2, 3, 1)]
    with room.store.writing() as session:
        lost = session.scalars(select(Grading.id).where(Grading.submission_id == first.submission_id)).one()
        session.get_one(Grading, lost).state = "failed"
    assert [status(room, number).tries for number in (1, 2, 3)] == [Tries(), Tries(None, 3, 2), Tries(1, 3, 2)]
    create(room, "any-number", exercises=(("softplus", 1.0),))
    assert submit(room, 1, "softplus", "a").tries == Tries(1, None, None)


def test_the_last_attempt_can_be_spared(room):
    create(room, attempts=2)
    for source in ("a", "a"):
        assert submit(room, 1, "double", source, spare_last=True).tries.number == 1
    with pytest.raises(Refused) as caught:
        submit(room, 1, "double", "b", spare_last=True)
    assert (caught.value.code, caught.value.http, len(kept(room))) == ("last-attempt", 409, 1)
    assert submit(room, 1, "double", "b").tries == Tries(2, 2, 0)
    with pytest.raises(Refused) as caught:
        submit(room, 1, "double", "c", spare_last=True)
    assert caught.value.code == "no-attempts-left"


def test_the_untouched_starter_is_no_attempt(room):
    starter = room.bank.exercise("double").starter.read_text(encoding="utf-8")
    create(room, attempts=1)
    for source in (starter, "\n\n" + starter.replace("\n", "  \r\n") + "\n"):
        assert refused(room, source) == ("untouched", 422)
    assert submit(room, 1, "double", starter.replace('raise NotImplementedError("your turn")', "return 2 * x")).new
    assert submit(room, 2, "double", starter.replace("    ", "")).new, "indentation is Python, and may be the answer"


def test_where_a_submission_stands(room, clock):
    (theirs,) = hand_in(room, "x", person=2)
    create(room, feedback="diagnosis")
    mine = submit(room, 1, "double", "good").submission_id
    clock.forward(seconds=30)
    waiting = status(room, mine)
    assert (waiting.person_id, waiting.exercise, waiting.assignment, waiting.number) == (1, "double", "week-1", 1)
    assert (waiting.state, waiting.position, waiting.age, waiting.feedback, waiting.verdict) == ("pending", 2, 30.0, "diagnosis", None)
    assert judge(room) == theirs
    with room.store.writing() as session:
        claimed = gradings.claim(session, "w", clock(), devices=CPU)
    assert (status(room, mine).state, status(room, mine).position) == ("running", None)
    with room.store.writing() as session:
        gradings.finish(session, claimed.grading_id, glance(Job(slug="double", source="good", filename="f", checks="")), "here", clock())
        gradings.enqueue(session, mine, "a later version", clock())
    done = status(room, mine)
    assert (done.state, done.position, done.verdict.passed, len(done.verdict.checks)) == ("done", None, False, 3)
    assert (status(room, theirs).assignment, status(room, theirs).feedback) == (None, "full")
    with pytest.raises(Refused, match="no such submission"):
        status(room, 99)


def test_the_same_answer_posted_many_times_at_once_is_one(room):
    start, done = threading.Barrier(8), []

    def post() -> None:
        start.wait(30)
        done.append(submit(room, 1, "double", "a"))

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept(room)) == 1
    assert len({one.submission_id for one in done}) == 1
    assert sorted(one.new for one in done) == [False] * 7 + [True]
    assert states(room.store) == {1: ("pending", 0)}


def test_two_servers_of_one_database_keep_numbers_and_limits(postgres_store, bank, clock):
    room = a_room(postgres_store, bank, clock, students=1)
    create(room, attempts=6)
    other = open_store(postgres_store.url.render_as_string(hide_password=False), migrate=False)
    rooms, start, done, no = (room, Room(other, bank, room.settings, clock)), threading.Barrier(8), [], []

    def post(at: int) -> None:
        start.wait(30)
        for source in ("same", f"{at} own"):
            try:
                done.append(submit(rooms[at % 2], 1, "double", source).submission_id)
            except Refused as error:
                no.append(error.code)

    threads = [threading.Thread(target=post, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert len(done) + len(no) == 16
    assert set(no) <= {"no-attempts-left"}
    assert [row.number for row in kept(room)] == [1, 2, 3, 4, 5, 6]
    assert set(done) == {row.id for row in kept(room)}
    sources = [row.source for row in kept(room)]
    assert all(first != second for first, second in pairwise(sources))
    with postgres_store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Grading)) == 6


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_a_cleaned_source_is_what_python_reads(source):
    try:
        text = cleaned_source(source)
    except Refused:
        assert "\0" in source or not source.removeprefix("\ufeff").strip()
        return
    assert "\r" not in text
    assert cleaned_source("\ufeff" + text) == text
