"""Whose answer a file is, and to which exercise; what is nobody's, and why."""

import unicodedata
from pathlib import Path

import pytest

from kit.classroom.folder import read
from kit.errors import KitError


@pytest.fixture
def put(tmp_path):
    """Makes files; gives the folder."""

    def make(*places: str) -> Path:
        for place in places:
            path = tmp_path / "answers" / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x = 1\n", encoding="utf-8")
        return tmp_path / "answers"

    return make


def found(folder, bank) -> list[tuple[str, str]]:
    return [(answer.student, answer.exercise.slug) for answer in read(folder, bank.by_slug).answers]


def strays(folder, bank) -> dict[str, str]:
    return {stray.path.relative_to(folder).as_posix(): stray.why for stray in read(folder, bank.by_slug).strays}


@pytest.mark.parametrize(
    ("place", "student", "number"),
    [
        ("ada/double.py", "ada", ""),
        ("ada/Double.py", "ada", ""),
        ("ada/hw1/double.py", "ada", ""),
        ("ada/double/double.py", "ada", ""),
        ("ada/final_double.py", "ada", ""),
        ("double/ada.py", "ada", ""),
        ("double/ada_double.py", "ada", ""),
        ("ada_double.py", "ada", ""),
        ("ada-double.py", "ada", ""),
        ("ada_double-2.py", "ada", ""),
        ("lovelaceada_1234_56789_double.py", "lovelaceada", "1234"),
        ("lovelaceada_LATE_1234_56789_double-1.py", "lovelaceada", "1234"),
        ("Ada Lovelace_1234_assignsubmission_file_/double.py", "Ada Lovelace", "1234"),
        ("张三/double.py", "张三", ""),
    ],
)
def test_places(put, bank, place, student, number):
    (answer,) = read(put(place), bank.by_slug).answers
    assert (answer.student, answer.number, answer.exercise.slug) == (student, number, "double")


def test_several_students_and_exercises_in_several_forms(put, bank):
    folder = put("bob/softplus.py", "bob/double.py", "softplus/ada.py", "carl_double.py")
    assert found(folder, bank) == [("ada", "softplus"), ("bob", "double"), ("bob", "softplus"), ("carl", "double")]
    assert strays(folder, bank) == {}


def test_strays_say_why(put, bank):
    folder = put("ada/double.py", "ada/notes.py", "ada/report.pdf", "double/double.py", "softplus.py", "_double.py")
    (folder / "link.py").symlink_to(folder / "ada" / "double.py")
    (folder / "elsewhere").symlink_to(folder / "ada")
    said = strays(folder, bank)
    assert {place: why.split(";")[0] for place, why in said.items()} == {
        "ada/notes.py": "no exercise is called like this file",
        "ada/report.pdf": "not a Python file",
        "double/double.py": "no student is named",
        "softplus.py": "no student is named",
        "_double.py": "no student is named",
        "link.py": "a link is not followed",
        "elsewhere": "a link is not followed",
    }
    assert found(folder, bank) == [("ada", "double")]


def test_what_systems_leave_behind_is_not_spoken_of(put, bank):
    folder = put("ada/double.py", "ada/.DS_Store", "__MACOSX/ada/double.py", "ada/__pycache__/double.pyc", ".git/double/x.py")
    assert strays(folder, bank) == {}


def test_two_answers_of_one_student_to_one_exercise_are_an_error_of_that_student(put, bank):
    folder = put("ada/double.py", "ada/old/double.py", "bob_double.py")
    ada, bob = read(folder, bank.by_slug).answers
    assert (ada.student, ada.exercise.slug, ada.error) == ("ada", "double", "2 files answer this exercise: ada/double.py, ada/old/double.py")
    assert (bob.student, bob.error) == ("bob", "")
    assert strays(folder, bank) == {}


def test_of_what_canvas_has_twice_the_newest_counts(put, bank):
    folder = put(
        "doejane_12345_67890_double.py", "doejane_LATE_12345_67891_double-2.py", "doejane_12345_67889_double-1.py",
        "doejane_777_1_double.py", "roe_9_1_double.py", "roe_9_2_double.py",
    )  # fmt: skip
    contents = read(folder, bank.by_slug)
    assert [(answer.number, answer.path.name, answer.error) for answer in contents.answers] == [
        ("12345", "doejane_LATE_12345_67891_double-2.py", ""),
        ("777", "doejane_777_1_double.py", ""),
        ("9", "roe_9_2_double.py", ""),
    ]
    assert {each.path.name: each.why for each in contents.older} == {
        "doejane_12345_67890_double.py": "handed in again as doejane_LATE_12345_67891_double-2.py",
        "doejane_12345_67889_double-1.py": "handed in again as doejane_LATE_12345_67891_double-2.py",
        "roe_9_1_double.py": "handed in again as roe_9_2_double.py",
    }
    assert contents.strays == ()


@pytest.mark.parametrize(
    ("place", "student", "exercise"),
    [
        ("doejane_12345_67890_double.zip", "doejane", "double"),
        ("doejane_12345_67890_double-2.ipynb", "doejane", "double"),
        ("doejane_12345_67890_all my work.zip", "doejane", None),
        ("doejane_LATE_12345_67890_report.pdf", "doejane", None),
        ("doejane_12345_67890_mywork.py", "doejane", None),
        ("Ada Lovelace_1234_assignsubmission_file_/report.pdf", "Ada Lovelace", None),
        ("ada/work.zip", "ada", None),
        ("ada/double.ipynb", "ada", "double"),
        ("double/ada.zip", "ada", "double"),
        ("ada_double.ipynb", "ada", "double"),
    ],
)
def test_who_handed_in_something_else_is_there_with_an_error(put, bank, place, student, exercise):
    folder = put("bob/double.py", place)
    (other,) = (answer for answer in read(folder, bank.by_slug).answers if answer.student != "bob")
    assert (other.student, other.exercise and other.exercise.slug) == (student, exercise)
    assert other.path == folder / place
    assert other.error in {"not a Python file", "no exercise is called like this file"}
    assert strays(folder, bank) == {}


def test_a_file_beside_an_answer_is_no_error_of_the_student(put, bank):
    folder = put("ada/double.py", "ada/work.zip", "ada/softplus.ipynb", "readme.zip", "notes/readme.txt")
    assert [(answer.student, answer.slug, bool(answer.error)) for answer in read(folder, bank.by_slug).answers] == [
        ("ada", "double", False),
        ("ada", "softplus", True),
    ]
    assert set(strays(folder, bank)) == {"ada/work.zip", "readme.zip", "notes/readme.txt"}


def test_names_are_one_however_they_are_written_and_harmless(put, bank):
    folder = put(unicodedata.normalize("NFD", "José") + "/double.py", "a\u202eb/double.py")
    assert found(folder, bank) == [("José", "double"), ("a\\u202eb", "double")]


def test_a_folder_without_answers_says_how_it_should_look(put, bank, tmp_path):
    with pytest.raises(KitError, match=r"STUDENT/EXERCISE.py"):
        read(put("ada/readme.txt"), bank.by_slug)
    with pytest.raises(KitError, match="no such folder"):
        read(tmp_path / "nowhere", bank.by_slug)
