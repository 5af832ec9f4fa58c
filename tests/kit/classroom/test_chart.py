"""The chart: well-formed, told in words, without script or style, and within its frame."""

import re
from datetime import timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scene import MORNING

from kit.classroom.chart import draw, round_steps
from kit.classroom.history import History, Line, Point

SVG = "{http://www.w3.org/2000/svg}"


def a_history(*names: str, hours: float = 3) -> History:
    return History(
        tuple(
            Line(name, (Point(MORNING, 10.0 + number), Point(MORNING + timedelta(hours=hours), 30.0 + number))) for number, name in enumerate(names)
        )
    )


def test_it_says_in_words_what_it_shows():
    root = ET.fromstring(draw(a_history("amber-otter", "brown-owl"), title="Points over time", ident="top"))
    assert root.get("role") == "img"
    told = {element.get("id"): element.text for element in (root.find(f"{SVG}title"), root.find(f"{SVG}desc"))}
    assert set(root.get("aria-labelledby").split()) == set(told)
    assert told["top-title"] == "Points over time"
    assert "Lines: 2, from 2026-09-01 08:00 to 2026-09-01 11:00 UTC. Most points: brown-owl, 31." in told["top-desc"]


def test_what_is_written_in_it_cannot_be_markup():
    drawn = draw(a_history('</text><script>alert("x")</script>'), title="<b>")
    assert ET.fromstring(drawn).find(f"{SVG}title").text == "<b>"
    assert "<script" not in drawn


def test_the_policy_of_the_page_lets_it_be_drawn():
    drawn = draw(a_history("amber-otter"), title="Points over time")
    assert not re.search(r"<style|<script|\sstyle=|\son\w+=|href|url\(", drawn)


@pytest.mark.parametrize("names", [["a"], ["same"] * 8, [f"name-{number}" for number in range(12)], ["ox", "saffron-woodpecker"], ["m" * 40]])
def test_everything_stays_inside_and_no_name_lies_on_another(names):
    root = ET.fromstring(draw(a_history(*names), title="Points over time"))
    _left, top, width, height = map(float, root.get("viewBox").split())
    endings = [text for text in root.findall(f"{SVG}text") if "chart-name" in text.get("class")]
    assert all(float(text.get("x")) + 7.4 * len(text.text) <= width for text in endings)
    placed = [float(text.get("y")) for text in endings]
    assert len(placed) == len(names)
    assert all(top + 10 <= y <= height for y in placed)
    assert all(abs(one - other) >= 14.9 for index, one in enumerate(placed) for other in placed[:index])
    for path in root.findall(f"{SVG}path"):
        for command, *numbers in re.findall(r"([MHV])([\d.]+)(?: ([\d.]+))?", path.get("d")):
            ends = [float(number) for number in numbers if number]
            assert all(0 <= number <= (height if command == "V" else width) for number in ends), path.get("d")


def test_lines_differ_without_colour():
    root = ET.fromstring(draw(a_history(*"abcdefgh"), title="Points over time"))
    lines = [path for path in root.findall(f"{SVG}path") if "chart-line" in path.get("class")]
    assert len({path.get("stroke-dasharray") for path in lines}) == len({path.get("class") for path in lines}) == 8


def ticks(drawn: str) -> dict[float, list[str]]:
    """What stands under the axis of time, by its height: the fine labels, the coarse ones, the zone."""
    found: dict[float, list[str]] = {}
    for text in ET.fromstring(drawn).findall(f"{SVG}text"):
        if "chart-tick" in text.get("class") and text.get("text-anchor") == "middle":
            found.setdefault(float(text.get("y")), []).append(text.text)
    return found


@pytest.mark.parametrize(
    ("hours", "fine", "coarse"),
    [
        (3, ["08:00", "08:30", "09:00", "09:30", "10:00", "10:30", "11:00"], ["2026-09-01"]),
        (30, ["12:00", "18:00", "00:00", "06:00", "12:00"], ["2026-09-01", "2026-09-02"]),
        (240, ["09-03", "09-05", "09-07", "09-09", "09-11"], ["2026"]),
        (24 * 150, ["09-07", "10-05", "11-02", "11-30", "12-28", "01-25"], ["2026", "2027"]),
    ],
)
def test_times_are_round_and_say_their_day_and_zone(hours, fine, coarse):
    found = list(ticks(draw(a_history("a", hours=hours), title="t")).values())
    assert found == [fine, coarse, ["time in UTC"]]


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3000)), st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400)))
def test_no_time_stands_twice_or_on_another(span, later):
    begin = MORNING + later
    history = History((Line("a", (Point(begin, 1.0), Point(begin + span, 2.0))),))
    texts = [each for each in ET.fromstring(draw(history, title="t")).findall(f"{SVG}text") if each.get("text-anchor") == "middle"][:-1]
    rows: dict[float, list[tuple[float, str]]] = {}
    for each in texts:
        rows.setdefault(float(each.get("y")), []).append((float(each.get("x")), each.text))
    fine, coarse = rows.values()
    assert len(fine) >= 2
    dated = [(next(day for x, day in reversed(coarse) if x <= place), time) for place, time in fine]
    assert len(set(dated)) == len(dated)
    for row in rows.values():
        for (one, left), (other, right) in pairwise(row):
            assert other - one >= 3.6 * (len(left) + len(right)), row  # a letter is some 7 wide


def test_nothing_is_drawn_where_nobody_has_points():
    assert draw(History((Line("a", ()),)), title="t") == ""


def test_one_point_at_one_moment_is_drawn():
    drawn = draw(History((Line("a", (Point(MORNING, 0.5),)),)), title="t")
    assert "a 0.5" in drawn


@pytest.mark.parametrize(("most", "marks"), [(10, [0, 2, 4, 6, 8, 10]), (31, [0, 10, 20, 30, 40]), (0.5, [0, 0.1, 0.2, 0.3, 0.4, 0.5]), (0, None)])
def test_marks_are_round(most, marks):
    made = round_steps(most)
    assert made == marks or (marks is None and len(made) == 2)
