"""The gradebook: real names, every student, the columns of what is graded, and a table that other programs read."""

import pytest
from handed import Handed, check

from kit.classroom.boards import BoardName
from kit.classroom.gradebook import gradebook, table
from kit.classroom.standings import Standings

PASSED, FAILED = check("values"), check("values", "failed")


@pytest.fixture
def book(store, bank):
    def read(name: BoardName):
        with store.reading() as session:
            return gradebook(session, Standings(store, bank).board(name, "staff"))

    return read


@pytest.fixture
def handed(store):
    handed = Handed(store)
    week = handed.assignment("week-1", softplus=2.0, double=1.0)
    zoe = handed.person("zoe", section="A", student_id="007", email="zoe@example.org")
    ada, *_others = (handed.person(name) for name in ("Ada", "Bob"))
    handed.person("Gone", active=False)
    handed.person("Tess", role="teacher")
    handed.submission(zoe, "double", PASSED, assignment=week)
    handed.submission(ada, "double", FAILED, assignment=week)
    handed.submission(ada, "double", PASSED)
    handed.submission(zoe, "softplus", assignment=week)
    return handed


def test_an_assignment_has_all_its_exercises_and_all_students(handed, book, bank):
    found = book(BoardName("assignment", "week-1"))
    double, softplus = bank.exercise("double").points, bank.exercise("softplus").points
    assert found.title == "Title of week-1"
    assert {column.exercise: column.worth for column in found.columns} == {"double": double, "softplus": 2 * softplus}
    assert found.worth == double + 2 * softplus
    assert [(line.name, line.points, line.solved, line.pending) for line in found.lines] == [
        ("Ada", 0, 0, 0),
        ("Bob", 0, 0, 0),
        ("zoe", double, 1, 1),
    ]
    assert [cell and cell.state for cell in found.column("double")] == ["failed", None, "passed"]
    zoe = found.lines[-1]
    assert (zoe.student_id, zoe.email, zoe.section, zoe.pseudonym, zoe.rank) == ("007", "zoe@example.org", "A", "the-zoe", 1)


def test_overall_has_what_was_handed_in_and_practice_counts(handed, book, bank):
    found = book(BoardName("overall"))
    assert {column.exercise for column in found.columns} == {"double", "softplus"}
    assert [(line.name, line.points) for line in found.lines] == [
        ("Ada", bank.exercise("double").points),
        ("Bob", 0),
        ("zoe", bank.exercise("double").points),
    ]


def test_a_section_alone(handed, book):
    assert [line.name for line in book(BoardName("section", "A")).lines] == ["zoe"]


def test_the_table_has_numbers_and_gaps(handed, book, bank):
    heading, ada, bob, zoe = table(book(BoardName("assignment", "week-1")))
    assert heading[:6] == ["name", "student number", "email", "section", "pseudonym", "points"]
    place = heading.index("double")
    assert (ada[place], bob[place], zoe[place]) == (0, "", bank.exercise("double").points)
    assert zoe[heading.index("softplus")] == ""  # waits for its verdict
    assert {len(row) for row in (heading, ada, bob, zoe)} == {8}


def test_nobody_yet(store, book):
    Handed(store)
    found = book(BoardName("overall"))
    assert (found.columns, found.lines) == ((), ())
    assert len(table(found)) == 1
