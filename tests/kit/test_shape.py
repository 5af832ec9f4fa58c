"""Whether a folder is a bank, and what it lacks."""

import shutil
from pathlib import Path

import pytest

from kit import shape
from kit.errors import KitError

MINI_BANK = Path(__file__).parents[1] / "end_to_end" / "mini_bank"


@pytest.fixture
def bank(tmp_path):
    return Path(shutil.copytree(MINI_BANK, tmp_path / "bank"))


def test_a_whole_bank_lacks_nothing(bank):
    assert shape.checked(bank) == bank
    assert shape.read(bank) == shape.BankFile(format=shape.FORMAT, edition="full")


def test_missing_files_are_listed(bank):
    gone = ["exercises/warm-up/double/README.zh.md", "solutions/warm-up/double/mistakes.toml", "grader/checks/warm-up/test_softplus.py"]
    for name in gone:
        (bank / name).unlink()
    assert sorted(shape.lacking(bank, shape.read(bank))) == sorted(gone)
    with pytest.raises(KitError) as caught:
        shape.checked(bank)
    assert all(name in str(caught.value) for name in gone)


def test_a_long_list_is_cut_and_counted(bank):
    shutil.rmtree(bank / "solutions")
    shutil.rmtree(bank / "grader")
    for name in ("README.md", "README.zh.md", "starter.py"):
        (bank / "exercises/warm-up/double" / name).unlink()
    with pytest.raises(KitError, match=r"and 1 more"):
        shape.checked(bank)


def test_a_student_edition_needs_neither_solutions_nor_checks(bank):
    shutil.rmtree(bank / "solutions")
    shutil.rmtree(bank / "grader")
    (bank / shape.FILE).write_text('format = 1\nedition = "student"\n')
    assert list(shape.lacking(bank, shape.read(bank))) == []


def test_a_bank_without_exercises_lacks_one(tmp_path):
    (tmp_path / "exercises").mkdir()
    (tmp_path / shape.FILE).write_text("format = 1\n")
    assert list(shape.lacking(tmp_path, shape.read(tmp_path))) == ["exercises/<track>/<slug>/exercise.toml"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "no bank of exercises"),
        ("format = 2\n", "Upgrade the kit"),
        ("format = 0\n", "newer edition"),
        ("", "format"),
        ('format = "one"\n', "format"),
        ('format = 1\nedition = "pocket"\n', "edition"),
        ("format = 1\nname = 2\n", "name"),
        ("format =", "not TOML"),
    ],
)
def test_a_wrong_bank_file_is_told(tmp_path, text, says):
    (tmp_path / "exercises").mkdir()
    if text is not None:
        (tmp_path / shape.FILE).write_text(text)
    with pytest.raises(KitError, match=says):
        shape.read(tmp_path)
