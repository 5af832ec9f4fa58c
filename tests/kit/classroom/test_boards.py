"""Boards: ranks, ties and first solves, against a model made by hand; what a board shows and what it never does."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_board import Handed, PlainRoom, Student, Task, plain_board
from plain_room import POINTS, seen
from scene import MORNING

from kit.classroom.boards import Board, BoardName, Entrant, encoded, first_solves, parse, rank
from kit.classroom.errors import Refused
from kit.classroom.history import history
from kit.classroom.points import Attempt, Rules, tally

DUE = MORNING + timedelta(hours=8)


def hours(*values: int):
    return st.sampled_from(values).map(lambda number: MORNING + timedelta(hours=number))


@st.composite
def rooms(draw) -> PlainRoom:
    """Few people, exercises and moments, so that everything collides."""
    room = PlainRoom(POINTS)
    room.students = [Student(number, f"otter-{9 - number}", active=draw(st.booleans()) or number < 2) for number in range(1, draw(st.integers(2, 5)))]
    for number in range(1, draw(st.integers(1, 3))):
        rules = draw(st.tuples(st.sampled_from(["best", "last"]), st.sampled_from(["all", "share"]), st.sampled_from([DUE, None])))
        weights = draw(st.sampled_from([{"double": 1.0}, {"double": 0.5, "softplus": 3.0}, {"softplus": 0.0, "double": 1.0}]))
        room.tasks.append(Task(number, f"week-{number}", weights, *rules, late_per_day=draw(st.sampled_from([0.0, 0.25, 1.0]))))
    for number in range(1, draw(st.integers(0, 14)) + 1):
        right = draw(st.integers(0, 4))
        room.handed.append(
            Handed(
                number,
                draw(st.sampled_from(room.students)),
                draw(st.sampled_from([*POINTS])),
                draw(st.sampled_from([None, *room.tasks])),
                draw(hours(0, 1, 1, 2, 8, 9, 32, 33)),
                state=draw(st.sampled_from(["judged", "judged", "judged", "pending", "failed"])),
                passed=right == 4,
                right=right,
            )
        )
    room.freeze_at = draw(st.none() | hours(1, 2, 9))
    return room


def attempts(room: PlainRoom) -> list[Attempt]:
    return [
        Attempt(
            each.id, each.student.id, each.exercise, each.task.id if each.task else None, each.number, each.at, each.state,
            each.state == "judged" and each.passed, each.right if each.state == "judged" else 0, each.checks if each.state == "judged" else 0,
        )
        for each in room.handed
    ]  # fmt: skip


def tallies(room: PlainRoom, until=None):
    rules = {task.id: Rules(task.counts, task.credit, task.due_at, task.late_per_day) for task in room.tasks}
    cells: dict[int, dict[str, list[Attempt]]] = {}
    for attempt in attempts(room):
        if until is None or attempt.submitted_at < until:
            cells.setdefault(attempt.person_id, {}).setdefault(attempt.exercise, []).append(attempt)
    return {person: {exercise: tally(own, rules) for exercise, own in exercises.items()} for person, exercises in cells.items()}


def board(room: PlainRoom, task: Task | None = None, until=None) -> Board:
    counted = tallies(room, until)
    active = [student for student in room.students if student.active]
    worth = {slug: POINTS[slug] * weight for slug, weight in task.weights.items()} if task else dict(POINTS)
    first = first_solves(counted.get(student.id, {}) for student in active)
    entrants = [Entrant(student.id, student.pseudonym) for student in active]
    name = BoardName("assignment", task.slug) if task else BoardName("overall")
    return Board(name, "", worth, until, rank(entrants, counted, worth, first, task.id if task else None))


@settings(max_examples=150, deadline=None)
@given(rooms())
def test_boards_are_those_of_the_model(room):
    for until in (None, room.freeze_at):
        assert seen(board(room, None, until)) == plain_board(room, "overall", "", until=until)
        for task in room.tasks:
            assert seen(board(room, task, until)) == plain_board(room, "assignment", task.slug, until=until)


@settings(max_examples=60, deadline=None)
@given(rooms())
def test_the_line_of_a_chart_is_the_board_of_each_moment(room):
    for task in (None, *room.tasks):
        made = board(room, task)
        for row, line in zip(made.rows, history(made.rows, tallies(room), made.worth, task.id if task else None).lines, strict=True):
            assert (line.pseudonym, line.last) == (row.pseudonym, row.points)
            for moment in {each.at for each in room.handed}:
                then = plain_board(room, "assignment" if task else "overall", task.slug if task else "", until=moment + timedelta(seconds=1))
                assert line.at(moment) == next(other["points"] for other in then if other["pseudonym"] == row.pseudonym)


def a_room(*students: str) -> PlainRoom:
    return PlainRoom(POINTS, [Student(number, pseudonym) for number, pseudonym in enumerate(students, 1)])


def hand_in(room: PlainRoom, student: int, at: int, *, passed: bool = True, state: str = "judged", exercise: str = "double") -> None:
    """At so many minutes after eight."""
    moment = MORNING + timedelta(minutes=at)
    room.handed.append(Handed(len(room.handed) + 1, room.students[student], exercise, None, moment, 1, state, passed, 4 * passed))


def test_earlier_then_fewer_submissions_then_the_pseudonym_decide():
    room = a_room("d", "c", "b", "a", "none", "also-none")
    for student, at in ((0, 1), (1, 2), (2, 2), (3, 2)):
        hand_in(room, student, at)
    hand_in(room, 1, 3, passed=False)
    assert [(row.rank, row.pseudonym) for row in board(room).rows] == [(1, "d"), (2, "a"), (2, "b"), (4, "c"), (5, "also-none"), (5, "none")]


def test_a_first_solve_waits_for_earlier_submissions():
    room = a_room("slow", "quick")
    hand_in(room, 0, 1, state="pending")
    hand_in(room, 1, 2)
    assert [row.first_solves for row in board(room).rows] == [0, 0]
    room.handed[0].state = "judged"
    assert [(row.pseudonym, row.first_solves) for row in board(room).rows] == [("slow", 1), ("quick", 0)]
    room.handed[0].state = "failed"
    assert [(row.pseudonym, row.first_solves) for row in board(room).rows] == [("quick", 1), ("slow", 0)]


def test_who_is_not_active_neither_solves_first_nor_keeps_others_waiting():
    room = a_room("gone", "left", "here")
    hand_in(room, 0, 1)
    hand_in(room, 1, 1, state="pending")
    hand_in(room, 2, 2)
    room.students[0].active = room.students[1].active = False
    assert [(row.pseudonym, row.first_solves) for row in board(room).rows] == [("here", 1)]


def test_json_has_pseudonyms_and_nothing_that_names_a_person():
    room = a_room("amber-otter", "brown-owl")
    hand_in(room, 0, 1)
    room.tasks.append(Task(7, "week-1", {"double": 1.5}))
    room.handed[0].task = room.tasks[0]
    document = json.loads(encoded(board(room, room.tasks[0])))
    assert document == {
        "board": "assignment", "name": "week-1", "title": "", "freeze_at": None, "worth": 15.0, "exercises": [{"slug": "double", "points": 15.0}],
        "rows": [
            {
                "rank": 1, "pseudonym": "amber-otter", "points": 15.0, "reached_at": "2026-09-01T08:01:00Z", "submissions": 1, "solved": 1,
                "first_solves": 1, "pending": 0,
                "cells": [{"points": 15.0, "state": "passed", "attempts": 1, "pending": 0, "at": "2026-09-01T08:01:00Z", "first": True}],
            },
            {
                "rank": 2, "pseudonym": "brown-owl", "points": 0.0, "reached_at": None, "submissions": 0, "solved": 0, "first_solves": 0,
                "pending": 0, "cells": [None],
            },
        ],
    }  # fmt: skip
    assert "cells" not in json.loads(encoded(board(room)))["rows"][0], "a hundred exercises for each person would be a megabyte"


def test_names_of_boards():
    for text in ("overall", "assignment/week-1", "exercise/conv2d", "section/Lab A/2"):
        assert str(parse(text)) == text
    for text in ("", "overall/x", "assignment", "assignment/", "people/1", "../overall"):
        with pytest.raises(Refused) as caught:
            parse(text)
        assert (caught.value.code, caught.value.http) == ("no-board", 404)
