"""The line: fair by a naive model, regrades last, and places that may be a second old only where the line is long."""

from dataclasses import dataclass, field
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from referee import a_room, glance
from scene import MORNING, Clock
from sqlalchemy import delete, insert, select, update

from grader.verdict import Job
from kit.classroom import gradings
from kit.classroom.line import RECENT, SHORT, Places, position
from kit.classroom.schema import Grading, Regrade, Submission, VerdictRow

PEOPLE = 3
PASS = glance(Job(slug="double", source="good good good", filename="double.py", checks=""))


@dataclass
class Asked:
    """A grading as the model knows it."""

    id: int
    person: int
    regrade: bool
    state: str = "pending"
    finished_at: datetime | None = None


@dataclass
class Model:
    """The rule as it is written, looked at from scratch each time."""

    asked: list[Asked] = field(default_factory=list)

    def line(self, now: datetime) -> list[int]:
        def key(one: Asked) -> tuple[bool, int, int]:
            own = [other for other in self.asked if other.person == one.person]
            lately = sum(not o.regrade and (o.state == "running" or (o.finished_at is not None and o.finished_at > now - RECENT)) for o in own)
            before = sum(o.state == "pending" and o.regrade == one.regrade and o.id < one.id for o in own)
            return one.regrade, lately + before, one.id

        return [one.id for one in sorted((one for one in self.asked if one.state == "pending"), key=key)]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(1, PEOPLE)),
        st.tuples(st.just("regrade"), st.integers(1, PEOPLE)),
        st.tuples(st.sampled_from(["claim", "finish", "release"]), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 11)),
    ),
    max_size=25,
)


@pytest.fixture
def room(sqlite_store, bank, clock):
    made = a_room(sqlite_store, bank, clock, students=PEOPLE)
    with sqlite_store.writing() as session:
        session.add(Regrade(id=1, created_at=MORNING))
    return made


def ask(session, person: int, number: int, now: datetime, regrade_id: int | None = None) -> int:
    row = {"person_id": person, "exercise": "double", "number": number, "source": "", "sha256": "", "submitted_at": now, "flags": []}
    submission_id = session.scalar(insert(Submission).values(row).returning(Submission.id))
    return gradings.enqueue(session, submission_id, "v1", now, regrade_id=regrade_id)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_everybody_gets_their_turn_as_the_rule_says(room, steps):
    clock, model = Clock(), Model()
    with room.store.writing() as session:
        for table in (VerdictRow, Grading, Submission):
            session.execute(delete(table))
    for number, (step, value) in enumerate(steps, 1):
        with room.store.writing() as session:
            running = next((one for one in model.asked if one.state == "running"), None)
            if step in {"ask", "regrade"}:
                grading_id = ask(session, value, number, clock(), 1 if step == "regrade" else None)
                model.asked.append(Asked(grading_id, value, step == "regrade"))
            elif step == "claim":
                claimed = gradings.claim(session, "worker", clock(), devices=frozenset({"cpu"}))
                expected = next(iter(model.line(clock())), None)
                assert (claimed.grading_id if claimed else None) == expected
                for one in model.asked:
                    one.state = "running" if one.id == expected else one.state
            elif step == "finish" and running:
                assert gradings.finish(session, running.id, PASS, "here", clock())
                running.state, running.finished_at = "done", clock()
            elif step == "release" and running:
                assert gradings.release(session, running.id, "worker")
                running.state = "pending"
            elif step == "wait":
                clock.forward(minutes=value)
        with room.store.reading() as session:
            line = model.line(clock())
            assert [position(session, grading_id, clock()) for grading_id in line] == list(range(1, len(line) + 1))
            assert all(position(session, one.id, clock()) is None for one in model.asked if one.state != "pending")


def test_who_submits_often_waits_behind_who_submits_rarely(store, bank, clock):
    a_room(store, bank, clock, students=3)
    with store.writing() as session:
        often = [ask(session, 1, number, clock()) for number in range(1, 4)]
        rarely = ask(session, 2, 1, clock())
        for expected in (often[0], rarely):  # both have had nothing judged yet: the earlier one first
            assert gradings.claim(session, "w", clock(), devices=frozenset({"cpu"})).grading_id == expected
        third = ask(session, 3, 1, clock())
        assert [position(session, grading_id, clock()) for grading_id in (third, *often[1:])] == [1, 2, 3]
    clock.forward(minutes=1)
    with store.writing() as session:
        for grading_id in (often[0], rarely):
            gradings.finish(session, grading_id, PASS, "here", clock())
        newest = ask(session, 2, 2, clock())
        assert [position(session, grading_id, clock()) for grading_id in (third, often[1], newest, often[2])] == [1, 2, 3, 4]
        assert position(session, rarely, clock()) is None
    clock.forward(minutes=10)
    with store.reading() as session:
        assert [position(session, grading_id, clock()) for grading_id in (often[1], third, newest, often[2])] == [1, 2, 3, 4], (
            "forgotten after ten minutes"
        )


def test_places_are_exact_in_a_short_line_and_a_second_old_in_a_long_one(room, clock):
    places = Places()
    with room.store.writing() as session:
        first = ask(session, 1, 1, clock())
        second = ask(session, 1, 2, clock())
        assert [places.of(session, grading_id, 1, clock()) for grading_id in (first, second)] == [1, 2]
        many = [ask(session, 1, number, clock()) for number in range(3, SHORT + 3)]
        assert [places.of(session, grading_id, 1, clock()) for grading_id in (many[0], many[-1])] == [3, SHORT + 2]
        other = ask(session, 2, 1, clock())
        assert places.of(session, other, 2, clock()) == 2, "not in the picture yet, and placed as its person's next"
        assert position(session, other, clock()) == 2
        session.execute(update(Grading).where(Grading.id.in_([first, second])).values(state="failed"))
        assert places.of(session, many[0], 1, clock()) == 3
        clock.forward(seconds=1)
        assert places.of(session, many[0], 1, clock()) == position(session, many[0], clock()) == 1
        session.execute(delete(Grading).where(Grading.id.in_(many[1:])))
        clock.forward(seconds=1)
        assert places.of(session, many[0], 1, clock()) == 1
        assert places.of(session, many[-1], 1, clock()) is None
        assert session.scalars(select(Grading.id).where(Grading.state == "pending")).all() == [many[0], other]
