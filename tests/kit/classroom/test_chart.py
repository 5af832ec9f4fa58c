"""The chart: well-formed, told in words, without script or style, and within its frame."""

import re
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
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


@pytest.mark.parametrize("names", [["a"], ["same"] * 8, [f"name-{number}" for number in range(12)]])
def test_everything_stays_inside_and_no_name_lies_on_another(names):
    root = ET.fromstring(draw(a_history(*names), title="Points over time"))
    _left, top, width, height = map(float, root.get("viewBox").split())
    placed = [float(text.get("y")) for text in root.findall(f"{SVG}text") if "chart-name" in text.get("class")]
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


def test_days_or_hours():
    assert ">07:56<" in draw(a_history("a"), title="t")
    assert ">09-01<" in draw(a_history("a", hours=240), title="t")


def test_nothing_is_drawn_where_nobody_has_points():
    assert draw(History((Line("a", ()),)), title="t") == ""


def test_one_point_at_one_moment_is_drawn():
    drawn = draw(History((Line("a", (Point(MORNING, 0.5),)),)), title="t")
    assert "a 0.5" in drawn


@pytest.mark.parametrize(("most", "marks"), [(10, [0, 2, 4, 6, 8, 10]), (31, [0, 10, 20, 30, 40]), (0.5, [0, 0.1, 0.2, 0.3, 0.4, 0.5]), (0, None)])
def test_marks_are_round(most, marks):
    made = round_steps(most)
    assert made == marks or (marks is None and len(made) == 2)
