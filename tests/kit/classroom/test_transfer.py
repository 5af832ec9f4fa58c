"""What leaves a classroom as a file: whole, in order, and harmless in a spreadsheet."""

import csv
import io
import json

import pytest
from handed import Handed, check

from kit.classroom.audit import note
from kit.classroom.errors import Refused
from kit.classroom.room import Room
from kit.classroom.transfer import FORMS, THINGS, exported

PASSED, FAILED = check("values"), check("values", "failed")


@pytest.fixture
def room(store, bank, clock):
    handed = Handed(store)
    week = handed.assignment("week-1", double=2.0, softplus=1.0)
    ada = handed.person("Ada", section="A", student_id="007", email="ada@example.org")
    eve = handed.person("=HYPERLINK(1)", student_id="+8")
    handed.submission(ada, "double", FAILED, assignment=week, hour=1)
    handed.submission(ada, "double", PASSED, assignment=week, hour=2)
    handed.submission(eve, "double", FAILED, assignment=week, hour=3)
    handed.submission(eve, "softplus", hour=4)
    with store.writing() as session:
        note(session, clock(), ada, "import", "list.csv", n=2)
    return Room(store, bank, now=clock)


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_the_gradebook_of_an_assignment(room):
    ada, eve = sorted(table(exported(room, "gradebook", "csv", assignment="week-1")), key=lambda row: row["name"], reverse=True)
    assert (ada["student number"], ada["section"], ada["points"], ada["double"], ada["softplus"]) == ("007", "A", "20.0", "20.0", "")
    assert (eve["name"], eve["student number"], eve["double"]) == ("'=HYPERLINK(1)", "'+8", "0.0")
    told = json.loads(exported(room, "gradebook", "json", assignment="week-1"))
    assert (told["title"], [column["exercise"] for column in told["columns"]]) == ("Title of week-1", ["double", "softplus"])
    assert sorted((line["name"], line["points"]) for line in told["lines"]) == [("=HYPERLINK(1)", 0.0), ("Ada", 20.0)]


def test_the_columns_that_canvas_and_moodle_read(room):
    head, possible, *lines = rows(exported(room, "gradebook", "csv", columns="canvas", assignment="week-1"))
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "double", "softplus"]
    assert possible == ["    Points Possible", "", "", "", "", "20.0", "20.0"]
    assert ["Ada", "", "007", "ada@example.org", "A", "20.0", ""] in lines
    head, *lines = rows(exported(room, "gradebook", "csv", columns="moodle"))
    assert head == ["Full name", "ID number", "Email address", "double", "softplus"]
    assert ["Ada", "007", "ada@example.org", "10.0", ""] in lines


def test_submissions_with_what_came_of_them(room):
    lines = table(exported(room, "submissions", "csv"))
    assert [(line["name"], line["exercise"], line["assignment"], line["state"], line["passed"]) for line in lines] == [
        ("Ada", "double", "week-1", "", "no"),
        ("Ada", "double", "week-1", "", "yes"),
        ("'=HYPERLINK(1)", "double", "week-1", "", "no"),
        ("'=HYPERLINK(1)", "softplus", "", "pending", ""),
    ]
    told = json.loads(exported(room, "submissions", "json"))
    assert [line["passed"] for line in told] == [False, True, False, None]
    assert told[0]["submitted_at"] == "2026-09-01T09:00:00Z"
    assert "source" not in told[0], "in a browser no more than the table"


def test_submissions_whole(room):
    first, _second, _third, waiting = json.loads(exported(room, "submissions", "json", whole=True))
    assert (first["source"], first["passed"], first["load"]) == ("pass", False, None)
    assert [(each["name"], each["status"]) for each in first["checks"]] == [("values", "failed")]
    assert (waiting["source"], waiting["checks"]) == ("pass", None)
    assert exported(room, "submissions", "csv", whole=True) == exported(room, "submissions", "csv")


def test_people_and_the_audit(room):
    people = table(exported(room, "people", "csv"))
    assert [(line["name"], line["role"], line["submissions"]) for line in people] == [("Ada", "student", "2"), ("'=HYPERLINK(1)", "student", "2")]
    [line] = json.loads(exported(room, "audit", "json"))
    assert (line["who"], line["action"], line["object"], line["detail"]) == ("Ada", "import", "list.csv", {"n": 2})
    [line] = table(exported(room, "audit", "csv"))
    assert line["detail"] == '{"n":2}'


@pytest.mark.parametrize("thing", THINGS)
def test_no_cell_is_a_formula(room, thing):
    for columns in ("plain", "canvas", "moodle"):
        cells = [cell for row in rows(exported(room, thing, "csv", columns=columns)) for cell in row]
        assert [cell for cell in cells if cell.startswith(("=", "+", "@", "\t"))] == []
    assert all(exported(room, thing, form) for form in FORMS)


def test_an_assignment_that_there_is_not(room):
    with pytest.raises(Refused, match=r"no assignment is called week-2\. There are: week-1\."):
        exported(room, "gradebook", "csv", assignment="week-2")
