"""The gradebook as a page and as a file."""

import csv
import io
import re

import pytest
from browser import Browser
from house import RIGHT, WRONG
from sqlalchemy import select

from kit.classroom import assignments, people
from kit.classroom.assignments import Rules
from kit.classroom.schema import Person


@pytest.fixture
def week(house):
    with house.room.store.writing() as session:
        rules = Rules(title="Week 1", exercises=(("double", 2.0), ("softplus", 1.0)))
        assignments.create(session, house.room.bank.by_slug, "week-1", rules, house.clock())


@pytest.fixture
def eve(house) -> Browser:
    return Browser(house).sign_in(house.person("=Eve", section="Lab A"))


def test_students_and_exercises_with_real_names(house, teacher, ada, eve, week):
    ada.send("/exercises/double", source=RIGHT, assignment="week-1")
    house.grade()
    eve.send("/exercises/double", source=WRONG, assignment="week-1")
    worth = house.room.bank.exercise("double").points * 2
    page = teacher.get("/desk/gradebook?assignment=week-1").text
    assert "Ada Lovelace" in page
    assert f"✓ {worth}" in page
    assert "1 of 2" in page
    assert re.search(r'href="/desk/students/\d+/double\?assignment=week-1"', page)
    assert page.index("=Eve") < page.index("Ada Lovelace")
    by_points = teacher.get("/desk/gradebook?assignment=week-1&order=points").text
    assert by_points.index("Ada Lovelace") < by_points.index("=Eve")
    section = teacher.get("/desk/gradebook?section=Lab%20A").text
    assert ("=Eve" in section, "Ada" in section) == (True, False)
    assert teacher.get("/desk/gradebook?assignment=none").status_code == 404


def test_as_csv_that_runs_nothing(house, teacher, ada, eve, week):
    ada.send("/exercises/double", source=RIGHT, assignment="week-1")
    house.grade()
    answer = teacher.get("/desk/gradebook.csv?assignment=week-1")
    assert answer.headers["content-disposition"] == 'attachment; filename="gradebook-week-1.csv"'
    heading, first, second = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert heading[-2:] == ["double", "softplus"]
    assert [first[0], second[0]] == ["'=Eve", "Ada Lovelace"]
    assert float(second[heading.index("points")]) == house.room.bank.exercise("double").points * 2


def test_who_is_called_the_same_is_told_apart(house, teacher, ada):
    ada.send("/exercises/double", source=RIGHT)
    with house.room.store.writing() as session:
        for name, number, email in (("Bob", "007", None), ("bob", None, "bob@example.org"), ("Bob", None, None), ("Cleo", "008", None)):
            people.add(session, role="student", name=name, student_id=number, email=email, now=house.clock())
        drawn = session.scalars(select(Person.pseudonym).where(Person.name == "Bob", Person.student_id.is_(None))).one()
    page = teacher.get("/desk/gradebook").text
    assert set(re.findall(r"<a [^>]*>([^<]+)</a> <span class=\"quiet namesake\">([^<]+)</span>", page)) == {
        ("Bob", "007"),
        ("bob", "bob@example.org"),
        ("Bob", drawn),
    }
    assert 'title="Cleo · 008"' in page
    rows = list(csv.DictReader(io.StringIO(teacher.get("/desk/gradebook.csv").text.removeprefix("\ufeff"))))
    assert sorted((row["student number"], row["pseudonym"] == drawn) for row in rows if row["name"] == "Bob") == [("", True), ("007", False)]


def test_nobody_and_nothing_yet(house, teacher):
    assert "There is no student here yet." in teacher.get("/desk/gradebook").text
    house.person("Ada")
    assert "Nobody has handed anything in yet." in teacher.get("/desk/gradebook").text
