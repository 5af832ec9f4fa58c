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


def test_two_answers_of_one_student_to_one_exercise_are_both_told(put, bank):
    folder = put("ada/double.py", "ada/old/double.py", "bob_double.py")
    assert found(folder, bank) == [("bob", "double")]
    assert strays(folder, bank) == dict.fromkeys(["ada/double.py", "ada/old/double.py"], "2 files answer this exercise for this student")


def test_names_are_one_however_they_are_written_and_harmless(put, bank):
    folder = put(unicodedata.normalize("NFD", "José") + "/double.py", "a\u202eb/double.py")
    assert found(folder, bank) == [("José", "double"), ("a\\u202eb", "double")]


def test_a_folder_without_answers_says_how_it_should_look(put, bank, tmp_path):
    with pytest.raises(KitError, match=r"STUDENT/EXERCISE.py"):
        read(put("ada/readme.txt"), bank.by_slug)
    with pytest.raises(KitError, match="no such folder"):
        read(tmp_path / "nowhere", bank.by_slug)
