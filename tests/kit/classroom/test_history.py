"""Points over time; that each line is the board of each moment is shown beside the boards."""

from datetime import timedelta

from scene import MORNING

from kit.classroom.boards import Row
from kit.classroom.history import History, Line, Point, history
from kit.classroom.points import Attempt, Rules, tally


def row(person_id: int, pseudonym: str) -> Row:
    return Row(1, person_id, pseudonym, 0.0, None, 0, 0, 0, 0, {})


def attempt(number: int, minutes: int, *, passed: bool, exercise: str = "double") -> Attempt:
    return Attempt(number, 1, exercise, 1, number, MORNING + timedelta(minutes=minutes), "judged", passed, int(passed), 1)


def test_a_line_has_a_point_where_something_changes():
    counted = {
        1: {
            "double": tally([attempt(1, 5, passed=False), attempt(2, 10, passed=True), attempt(3, 20, passed=True)], {}),
            "softplus": tally([attempt(4, 10, passed=True, exercise="softplus")], {}),
        }
    }
    made = history([row(1, "amber-otter"), row(2, "brown-owl")], counted, {"double": 10, "softplus": 20})
    ten = MORNING + timedelta(minutes=10)
    assert made.lines == (Line("amber-otter", (Point(ten, 30.0),)), Line("brown-owl", ()))
    assert [made.lines[0].at(moment) for moment in (MORNING, ten)] == [0.0, 30.0]
    assert (made.begin, made.end, made.moments) == (ten, ten, (ten,))


def test_where_the_last_counts_a_line_can_fall():
    rules = {1: Rules("last")}
    counted = {1: {"double": tally([attempt(1, 5, passed=True), attempt(2, 10, passed=False)], rules)}}
    (line,) = history([row(1, "amber-otter")], counted, {"double": 10}, 1).lines
    assert [(point.at - MORNING, point.points) for point in line.points] == [(timedelta(minutes=5), 10.0), (timedelta(minutes=10), 0.0)]


def test_moments_go_evenly_from_the_first_point_to_the_last():
    made = History((Line("a", (Point(MORNING, 1.0),)), Line("b", (Point(MORNING + timedelta(hours=5), 2.0),))))
    assert [(moment - MORNING).total_seconds() / 3600 for moment in made.moments] == [0, 1, 2, 3, 4, 5]


def test_nobody_has_points():
    made = history([row(1, "amber-otter")], {}, {"double": 10})
    assert (made.begin, made.end, made.moments, made.lines[0].last) == (None, None, (), 0.0)
