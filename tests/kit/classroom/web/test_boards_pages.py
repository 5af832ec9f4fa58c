"""The boards as pages: who sees which, what is marked, and what is not made twice."""

import re
from datetime import timedelta

import pytest
from browser import Browser
from house import RIGHT, WRONG

from kit.classroom import assignments
from kit.classroom.assignments import Rules
from kit.classroom.room import bump
from kit.classroom.schema import Classroom, SpeedResult, Submission, VerdictRow
from kit.classroom.web import boards_pages


def solve(house, browser: Browser, source: str = RIGHT, assignment: str = "") -> int:
    answer = browser.send("/exercises/double", source=source, assignment=assignment)
    assert answer.status_code == 303
    return house.grade()


def set_classroom(house, **values) -> None:
    with house.room.store.writing() as session:
        for name, value in values.items():
            setattr(session.get_one(Classroom, 1), name, value)
        bump(session)


@pytest.fixture
def week(house):
    with house.room.store.writing() as session:
        rules = Rules(title="Week 1", exercises=(("double", 2.0), ("softplus", 1.0)))
        assignments.create(session, house.room.bank.by_slug, "week-1", rules, house.clock())


@pytest.fixture
def eve(house) -> Browser:
    return Browser(house).sign_in(house.person("Eve Secret", section="Lab A"))


def test_a_board_has_pseudonyms_ones_own_row_and_a_chart_with_its_table(house, ada, eve):
    solve(house, ada)
    house.clock.forward(hours=1)
    solve(house, eve, WRONG)
    page = ada.get("/boards").text
    assert "Lovelace" not in page
    assert "Secret" not in page
    assert page.count('class="me"') == 1
    assert "rank 1, 10 points" in page or "rank 1," in page
    assert '<span class="star">★</span> 1' in page
    assert '<svg class="chart"' in page
    assert "The chart as a table" in page
    assert "rank 2, 0 points" in eve.get("/boards").text


def test_the_table_beside_the_chart_names_no_minute_twice(house, ada, eve):
    solve(house, ada)
    house.clock.forward(seconds=70)
    solve(house, eve)
    page = ada.get("/boards").text
    heads = re.findall(r'<th scope="col" class="num"><time[^>]*>([^<]+)</time>', page.split("The chart as a table")[1])
    assert heads == ["2026-09-01 08:00 UTC", "2026-09-01 08:01 UTC"]
    assert re.findall(r'<td class="num">(\d+)</td><td class="num">(\d+)</td></tr>', page.split("The chart as a table")[1]) == [
        ("10", "10"),
        ("0", "10"),
    ]


def test_who_has_handed_in_nothing_is_folded_into_a_line(house, ada, eve, teacher, week):
    others = [house.person(f"Student {number}") for number in range(20)]
    start = eve.get("/boards").text
    assert "You have handed in nothing for this board yet." in start
    assert "and 21 others without a submission" in start
    solve(house, ada, assignment="week-1")
    for path in ("/boards", "/boards/assignment/week-1", "/boards/exercise/double"):
        for browser, whose in ((ada, [*others, "Eve"]), (eve, others), (teacher, [*others, "Eve"])):
            page = browser.get(path).text
            table, fold = page.split("<tbody>")[-1], page.split('<details class="idle" id="idle">')[1].split("</details>")[0]
            assert table.count("data-who=") == 22 - len(whose)
            assert f"and {len(whose)} others without a submission" in fold
            assert fold.count("<li>") == len(whose)
            assert all(f"<li>{other.pseudonym}</li>" in fold for other in others)
            assert page.count('class="me"') == (browser is not teacher)
    own = eve.get("/boards?part=rows").text.split('<tr class="me"')[1].split("</tr>")[0]
    assert '<td class="num fit rank">–</td>' in own
    assert "22 people without a submission" in teacher.get("/boards/exercise/softplus").text
    assert "Nobody has handed anything in yet." in teacher.get("/boards/exercise/softplus").text


def test_the_chart_stands_before_the_table(house, ada):
    solve(house, ada)
    page = ada.get("/boards").text
    assert page.index('<svg class="chart"') < page.index("The chart as a table") < page.index('<section class="board">')


def test_every_kind_of_board(house, ada, eve, week):
    solve(house, ada, assignment="week-1")
    worth = house.room.bank.exercise("double").points * 2
    assert f"✓ {worth}" in ada.get("/boards/assignment/week-1").text
    assert "first to solve it" in ada.get("/boards/exercise/double").text
    assert "1 person without a submission" in ada.get("/boards/section/Lab%20A").text
    assert eve.get("/boards/section/Lab%20A").text.count("data-who=") == 1
    for path in ("assignment/none", "exercise/none", "section/None", "speed/double", "nonsense/x"):
        assert ada.get(f"/boards/{path}").status_code == 404


def test_boards_are_for_the_class_unless_they_are_public(house, ada, week):
    solve(house, ada)
    paths = ["/boards", "/boards/assignment/week-1", "/boards/exercise/double"]
    stranger = Browser(house)
    assert [stranger.get(path).status_code for path in paths] == [401, 401, 401]
    set_classroom(house, public_boards=True)
    assert [stranger.get(path).status_code for path in paths] == [200, 200, 200]
    assert 'class="me"' not in stranger.get("/boards").text


def test_an_assignment_of_another_section_has_no_board(house, ada, eve, teacher):
    with house.room.store.writing() as session:
        rules = Rules(title="Lab only", exercises=(("double", 1.0),), section="Lab A")
        assignments.create(session, house.room.bank.by_slug, "lab", rules, house.clock())
    assert ada.get("/boards/assignment/lab").status_code == 404
    assert "Lab only" not in ada.get("/boards").text
    assert [browser.get("/boards/assignment/lab").status_code for browser in (eve, teacher)] == [200, 200]


def test_a_frozen_board_tells_the_staff_more(house, ada, teacher):
    solve(house, ada, WRONG)
    house.clock.forward(hours=1)
    set_classroom(house, freeze_at=house.clock())
    house.clock.forward(hours=1)
    solve(house, ada)
    page = ada.get("/boards").text
    assert "The board is frozen" in page
    assert "Since the freeze, seen by you alone" in page
    assert '<span class="star">' not in page
    assert '<span class="star">' in teacher.get("/boards").text
    as_students = teacher.get("/boards?seen=students").text
    assert "This is what students see." in as_students
    assert '<span class="star">' not in as_students
    assert '<span class="star">' not in ada.get("/boards?seen=staff").text


def test_the_part_that_changes_is_sent_again_only_when_it_changed(house, ada, eve):
    whole = ada.get("/boards").text
    assert 'sse-connect="/events"' in whole
    assert 'hx-get="/boards?part=rows"' in whole
    part = ada.get("/boards?part=rows")
    assert "<html" not in part.text
    assert part.text.strip() in whole
    again = ada.get("/boards?part=rows", headers={"If-None-Match": part.headers["etag"]})
    assert (again.status_code, again.text) == (304, "")
    solve(house, eve)
    changed = ada.get("/boards?part=rows", headers={"If-None-Match": part.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] != part.headers["etag"]


def test_a_board_is_rendered_once_for_everybody(house, ada, eve, monkeypatch):
    rendered = []
    real = boards_pages._rendered
    monkeypatch.setattr(boards_pages, "_rendered", lambda *given: rendered.append(given[2]) or real(*given))
    for browser in (ada, eve, ada, eve):
        assert browser.get("/boards").text.count('class="me"') == 1
    assert len(rendered) == 1
    Browser(house, "zh").sign_in(house.person("Mei")).get("/boards")
    assert len(rendered) == 2


def test_the_speed_board(house, ada, eve, monkeypatch):
    ids = [solve(house, ada), solve(house, eve)]
    with house.room.store.writing() as session:
        for submission_id, ratio in zip(ids, (1.25, 0.5), strict=True):
            assert session.get_one(VerdictRow, session.get_one(Submission, submission_id).verdict_id).passed
            session.add(
                SpeedResult(submission_id=submission_id, device="cpu", machine="a <fast> one", ratio=ratio, ratios=[ratio], measured_at=house.clock())
            )
        bump(session)
    monkeypatch.setattr(boards_pages.speed, "allowed", lambda exercise: exercise.slug == "double")
    page = ada.get("/boards/speed/double").text
    assert page.index("0.500") < page.index('class="me"') < page.index("1.250")
    assert "a &lt;fast&gt; one" in page
    assert 'href="/boards/speed/double"' in ada.get("/boards").text
    part = ada.get("/boards/speed/double?part=rows")
    assert ada.get("/boards/speed/double?part=rows", headers={"If-None-Match": part.headers["etag"]}).status_code == 304
    set_classroom(house, freeze_at=house.clock() - timedelta(hours=1))
    assert "No passing answer has been measured yet." in ada.get("/boards/speed/double").text
    assert ada.get("/boards/speed/double?device=toaster").status_code == 422
