"""Banks beside the kit's own: another's, whose checks may run after a yes, and a student edition."""

import os
import shutil

import pytest
from person import MINI_BANK, Learner

RIGHT = "import torch\n\n\ndef double(x):\n    return 2 * x\n"


@pytest.fixture
def stranger(learner: Learner, tmp_path) -> Learner:
    """Somebody with a bank from elsewhere, which nobody has agreed to run."""
    shutil.copytree(MINI_BANK, tmp_path / "bank")
    return Learner(learner.folder, {name: value for name, value in learner.env.items() if name not in {"KIT_TRUST", "KIT_BANK"}})


@pytest.fixture
def student(learner: Learner, tmp_path) -> Learner:
    """Somebody with the student edition of that bank."""
    shutil.copytree(MINI_BANK / "exercises", tmp_path / "bank" / "exercises")
    (tmp_path / "bank/exercises/bank.toml").write_text('format = 1\nedition = "student"\n')
    return Learner(learner.folder, learner.env | {"KIT_BANK": str(tmp_path / "bank")})


def test_checks_of_a_stranger_do_not_run_without_a_yes(stranger: Learner, tmp_path):
    bank = str(tmp_path / "bank")
    assert stranger.kit("--bank", bank, "fetch", "double").status == 0
    stranger.write("double", RIGHT)
    for command in (["grade"], ["author", "check", "double"], ["author", "mutate", "double"]):
        refused = stranger.kit("--bank", bank, *command)
        assert (refused.status, refused.out) == (2, "")
        assert f"kit config trust {bank}" in refused.err
    assert stranger.kit("config", "trust", bank).status == 0
    assert bank in stranger.kit("config", "trust").out
    assert stranger.kit("config", "lang", "en").status == 0
    assert stranger.kit("--bank", bank, "grade").status == 0


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminal there")
def test_a_yes_is_asked_for_once(stranger: Learner, tmp_path):
    bank = str(tmp_path / "bank")
    stranger.kit("--bank", bank, "fetch", "double")
    stranger.write("double", RIGHT)
    no = stranger.terminal("--bank", bank, "grade", typed="n\n")
    assert no.status == 2
    assert "programs" in no.out
    assert stranger.terminal("--bank", bank, "grade", typed="y\n").status == 0
    again = stranger.terminal("--bank", bank, "grade")
    assert (again.status, "programs" in again.out) == (0, False)


def test_what_a_bank_lacks_is_listed(stranger: Learner, tmp_path):
    (tmp_path / "bank/solutions/warm-up/double/mistakes.toml").unlink()
    run = stranger.kit("--bank", str(tmp_path / "bank"), "list")
    assert run.status == 2
    assert "solutions/warm-up/double/mistakes.toml" in run.err
    assert run.err.count("\n") == 1


def test_a_student_edition_tries_the_examples_and_says_what_comes_later(student: Learner):
    student.kit("fetch", "double")
    assert student.kit("grade").status == 1
    student.write("double", RIGHT)
    run = student.kit("grade")
    assert run.status == 0
    assert "1 of 1 check passed" in run.out
    assert "hidden checks run when you hand your answer in" in run.err
    student.write("double", RIGHT.replace("2 * x", "2 * x + 1"))
    wrong = student.kit("grade")
    assert wrong.status == 1
    assert "gives" in wrong.out
    assert "passed" not in student.kit("list").out.split("softplus")[0]


def test_a_student_edition_says_what_it_has_not(student: Learner):
    student.kit("fetch", "double")
    check = student.kit("grade", "--check", "values")
    assert (check.status, "no hidden checks" in check.err) == (2, True)
    solution = student.kit("solution", "double", "--yes")
    assert (solution.status, "no solutions" in solution.err) == (2, True)


def test_questions_lead_to_exercises(learner: Learner):
    own = Learner(learner.folder, {name: value for name, value in learner.env.items() if name != "KIT_BANK"})
    shown = own.kit("show", "q:d3-q12")
    assert (shown.status, "lstm-cell" in shown.out) == (0, True)
    assert "kit fetch lstm-cell" in shown.err
    everything = own.kit("questions")
    assert everything.out.count("\n") >= 2 * 102
    one_track = own.kit("questions", "--track", "sequences")
    assert "lstm-cell" in one_track.out
    assert "conv2d" not in one_track.out
    unknown = own.kit("show", "q:d9-q99")
    assert (unknown.status, unknown.err.count("\n")) == (2, 1)
    assert "没有" in own.kit("--lang", "zh", "show", "q:d9-q99").err


def test_a_track_has_a_landing(learner: Learner):
    own = Learner(learner.folder, {name: value for name, value in learner.env.items() if name != "KIT_BANK"})
    shown = own.kit("list", "--track", "sequences").out
    assert "You write recurrent cells" in shown
    assert "It builds on" in shown
    assert "循环单元" in own.kit("--lang", "zh", "list", "--track", "sequences").out
