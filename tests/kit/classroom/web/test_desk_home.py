"""The desk's first page."""

import re

from browser import Browser
from house import RIGHT, WRONG

from kit.classroom import gradings
from kit.classroom.schema import Submission


def test_an_empty_classroom_says_how_to_begin(house, teacher):
    page = teacher.get("/desk").text
    assert "Nothing waits for you." in page
    assert house.code in page
    assert f"kit join http://testserver {house.code}" in page
    assert 'href="/desk/new-assignment"' in page


def test_what_waits_and_what_came_in(house, teacher, ada):
    ada.send("/exercises/double", source=WRONG)
    for _try in range(gradings.TRIES):
        house.clock.forward(minutes=1)
        with house.room.store.writing() as session:
            claimed = gradings.claim(session, "worker", house.clock(), devices=frozenset({"cpu"}))
            gradings.fail(session, claimed.grading_id, "worker", "out of memory", house.clock())
    ada.send("/exercises/double", source=RIGHT)
    house.judge.executor.fine = False
    page = teacher.get("/desk").text
    assert "1 submission could not be judged" in page
    assert "1 worker does not answer" in page
    assert "Ada Lovelace" in page
    assert "Nothing waits" not in page


def test_suspicious_sources_once_for_each_exercise(house, teacher, ada):
    for source in (WRONG, RIGHT):
        ada.send("/exercises/double", source=source)
        house.grade()
    with house.room.store.writing() as session:
        for submission in session.query(Submission):
            submission.flags = ["1: os", "2: sys", "3: os"]
    page = teacher.get("/desk").text
    assert "Sources worth a look" in page
    assert re.findall(r'<span class="flag" title="([^"]+)">([^<]+)</span>', page) == [("line 1, line 3", "os"), ("line 2", "sys")]


def test_two_of_one_name_are_told_apart(house, teacher):
    for _who in range(2):
        Browser(house).sign_in(house.person("Bob")).send("/exercises/double", source=WRONG)
    assert len(set(re.findall(r'>Bob</a> <span class="quiet namesake">([^<]+)</span>', teacher.get("/desk").text))) == 2
