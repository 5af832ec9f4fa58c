"""The version of an exercise: changes with what judges, and with nothing else."""

import re
import shutil

import msgspec
import pytest
from scene import MINI_BANK

from kit.bank import Bank
from kit.classroom.versions import bank_version


@pytest.fixture
def exercise(tmp_path):
    shutil.copytree(MINI_BANK, tmp_path / "bank")
    return Bank(tmp_path / "bank", cache=tmp_path / "cache").exercise("double")


def test_it_is_sixteen_digits_and_stays(exercise, bank):
    version = bank_version(exercise)
    assert re.fullmatch(r"[0-9a-f]{16}", version)
    assert bank_version(exercise) == version
    assert bank_version(bank.exercise("double")) == version, "wherever the bank lies"
    assert bank_version(bank.exercise("softplus")) != version


@pytest.mark.parametrize("part", ["checks", "solution", "mistakes"])
def test_it_changes_with_the_files_that_judge(exercise, part):
    version = bank_version(exercise)
    path = getattr(exercise, part)
    path.write_text(path.read_text(encoding="utf-8") + "\n# another line\n", encoding="utf-8")
    changed = bank_version(exercise)
    assert changed != version
    path.unlink()
    assert bank_version(exercise) not in {version, changed}


@pytest.mark.parametrize(
    ("field", "value"), [("forbid", ("mul",)), ("seconds", 99.0), ("memory_mb", 64), ("devices", ("cuda",)), ("check_seconds", 1.0)]
)
def test_it_changes_with_the_limits(exercise, field, value):
    assert bank_version(msgspec.structs.replace(exercise, **{field: value})) != bank_version(exercise)


def test_it_does_not_change_with_points_or_the_statement(exercise):
    version = bank_version(exercise)
    exercise.statement("en").write_text("another statement", encoding="utf-8")
    assert bank_version(msgspec.structs.replace(exercise, points=99, level=5)) == version


def test_a_line_moved_from_one_file_to_the_next_is_a_change(exercise):
    exercise.checks.write_text("ab", encoding="utf-8")
    exercise.solution.write_text("c", encoding="utf-8")
    version = bank_version(exercise)
    exercise.checks.write_text("a", encoding="utf-8")
    exercise.solution.write_text("bc", encoding="utf-8")
    assert bank_version(exercise) != version
