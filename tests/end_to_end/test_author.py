"""An author's day, over a copy of the bank of two exercises."""

import shutil

import pytest
from person import MINI_BANK, Learner


@pytest.fixture
def author(learner: Learner, tmp_path) -> Learner:
    shutil.copytree(MINI_BANK, tmp_path / "bank")
    return Learner(tmp_path / "bank", learner.env | {"KIT_BANK": str(tmp_path / "bank")})


def test_the_two_exercises_are_proven(author: Learner):
    run = author.kit("author", "check")
    assert (run.status, run.err) == (0, "")
    assert "2 exercises · 0 findings" in run.out


def test_a_finding_names_place_and_remedy(author: Learner):
    starter = author.folder / "exercises/warm-up/double/starter.py"
    fresh = starter.read_text()
    starter.write_text("# stale\n")
    run = author.kit("author", "check", "double", "--quick")
    assert run.status == 1
    assert "exercises/warm-up/double/starter.py" in run.out
    assert "kit author sync double" in run.out
    synced = author.kit("author", "sync")
    assert (synced.status, synced.out.strip()) == (0, str(starter))
    assert starter.read_text() == fresh
    assert author.kit("author", "check", "double", "--quick").status == 0


def test_an_exercise_toml_that_is_wrong_is_a_finding_here(author: Learner):
    toml = author.folder / "exercises/warm-up/double/exercise.toml"
    toml.write_text(toml.read_text().replace("level = 1", 'level = "one"'))
    run = author.kit("author", "check", "--quick")
    assert run.status == 1
    assert "level" in run.out


def test_mutants_that_survive_are_listed(author: Learner):
    assert author.kit("author", "mutate", "double").status == 0
    checks = author.folder / "grader/checks/warm-up/test_double.py"
    checks.write_text(checks.read_text()[: checks.read_text().index("@pytest")])
    run = author.kit("author", "mutate", "double")
    assert run.status == 1
    assert "detach" in run.out


def test_a_new_exercise_is_begun(author: Learner):
    run = author.kit("author", "new", "warm-up", "triple", "--title", "Triple", "--title-zh", "三倍")
    assert run.status == 0
    assert "kit author check triple" in run.err
    assert all(path.startswith(str(author.folder)) for path in run.out.splitlines())
    assert "Triple" in author.kit("list").out
    assert author.kit("author", "check", "triple", "--quick").status == 1
    again = author.kit("author", "new", "warm-up", "triple", "--title", "Triple", "--title-zh", "三倍")
    assert (again.status, again.err.count("\n")) == (2, 1)
