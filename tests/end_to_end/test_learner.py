"""A learner's first day, in a pipe: fetch, fail, be told why, pass, go on."""

import json
import re
import subprocess

import pytest
from junitparser import JUnitXml
from person import KIT, MINI_BANK, Learner

RIGHT = "def double(x):\n    return 2 * x\n"
SQUARED = "def double(x):\n    print('squaring')\n    return x * x\n"


def test_from_an_empty_folder_to_a_pass(learner: Learner):
    fetched = learner.kit("next")
    assert fetched.status == 0
    assert "double/double.py" in fetched.out
    assert "kit grade" in fetched.err
    answer = learner.folder / "double" / "double.py"
    assert answer.read_text() == (MINI_BANK / "exercises/warm-up/double/starter.py").read_text()

    starter = learner.kit("grade")
    assert starter.status == 1
    assert "your turn" in starter.out
    assert "0 of 3 checks passed" in starter.out

    answer.write_text(SQUARED)
    wrong = learner.kit("grade", "--seed", "7")
    assert wrong.status == 1
    assert "diagnosis: You squared x." in wrong.out
    assert "kit grade double --check values --seed 7" in wrong.out
    assert "│ squaring" in wrong.out
    assert re.search(r"– gradient of x +values did not pass", wrong.out)
    assert "1 of 3 checks passed" in wrong.out

    answer.write_text(RIGHT)
    right = learner.kit("grade")
    assert right.status == 0
    assert "3 of 3 checks passed" in right.out
    assert "Next: Softplus" in right.err

    following = learner.kit("next")
    assert "softplus/softplus.py" in following.out
    assert "1/2" in learner.kit("status").out
    assert learner.kit("list", "--status", "passed").out.count("double") == 1


def test_next_never_touches_a_changed_file(learner: Learner):
    learner.kit("next")
    answer = learner.write("double", "# mine\n")
    statement = learner.folder / "double" / "README.md"
    statement.write_text("my notes\n")
    assert learner.kit("next").status == 0
    assert learner.kit("fetch", "double", "--lang", "zh").status == 0
    assert answer.read_text() == "# mine\n"
    assert statement.read_text() == "my notes\n"


def test_an_unchanged_statement_follows_the_language(learner: Learner):
    learner.kit("next")
    learner.kit("fetch", "double", "--lang", "zh")
    assert (learner.folder / "double" / "README.md").read_text() == (MINI_BANK / "exercises/warm-up/double/README.zh.md").read_text()


def test_a_replay_is_no_pass(learner: Learner):
    learner.kit("next")
    learner.write("double", RIGHT)
    replayed = learner.kit("grade", "--seed", "1")
    assert replayed.status == 0
    assert "replayed with seed 1" in replayed.out
    part = learner.kit("grade", "--check", "values")
    assert part.status == 0
    assert "1 of 1 check passed" in part.out
    assert "0/2" in learner.kit("status").out


def test_json_is_the_verdict_and_nothing_else(learner: Learner):
    learner.kit("next")
    run = learner.kit("grade", "--json")
    verdict = json.loads(run.out)
    assert (run.status, run.err) == (1, "")
    assert (verdict["schema"], verdict["slug"], verdict["passed"]) == (1, "double", False)
    learner.kit("fetch", "softplus")
    several = learner.kit("grade", "double", "softplus", "--json")
    assert [verdict["slug"] for verdict in json.loads(several.out)] == ["double", "softplus"]


def test_junit_and_html(learner: Learner):
    learner.kit("next")
    learner.write("double", SQUARED)
    assert learner.kit("grade", "--junit", "out.xml", "--html", "out.html").status == 1
    (suite,) = JUnitXml.fromfile(str(learner.folder / "out.xml"))
    assert (suite.name, suite.tests, suite.failures) == ("double", 3, 1)
    assert "You squared x." in (learner.folder / "out.html").read_text()


def test_all_grades_what_is_there(learner: Learner):
    learner.kit("fetch", "double")
    learner.kit("fetch", "softplus")
    learner.write("double", RIGHT)
    run = learner.kit("grade", "--all")
    assert run.status == 1
    assert "✓ double" in run.out
    assert "✗ softplus" in run.out
    assert "1 of 2 exercises passed" in run.out


def test_one_unreadable_answer_stops_no_other(learner: Learner):
    learner.kit("fetch", "double")
    learner.kit("fetch", "softplus")
    learner.write("double", b"\xff")
    run = learner.kit("grade", "--all")
    assert run.status == 2
    assert "double.py:1" in run.err
    assert "✗ softplus" in run.out


def test_a_file_is_graded_by_its_name_without_a_workspace(learner: Learner):
    (learner.folder / "double.py").write_text(RIGHT)
    assert learner.kit("grade", "double.py").status == 0
    assert not (learner.folder / ".kit").exists()


def test_grade_inside_the_folder_of_an_exercise(learner: Learner):
    learner.kit("fetch", "double")
    learner.kit("fetch", "softplus")
    run = learner.kit("grade", cwd=learner.folder / "double")
    assert run.out.startswith("double ")


def test_without_the_server(learner: Learner):
    learner.kit("next")
    learner.write("double", RIGHT)
    assert learner.kit("grade", "--no-server").status == 0
    assert learner.kit("grade", KIT_SERVER="0").status == 0


def test_a_learners_exception_shows_their_lines_only(learner: Learner):
    learner.kit("next")
    learner.write("double", "def double(x):\n    rows = [1]\n    return rows[5]\n")
    run = learner.kit("grade")
    assert "double.py:3 in double" in run.out
    assert "return rows[5]" in run.out
    assert "site-packages" not in run.out
    assert "Traceback" not in run.out + run.err


def test_a_syntax_error_names_the_line(learner: Learner):
    learner.kit("next")
    learner.write("double", "def double(x)\n    return x\n")
    run = learner.kit("grade")
    assert run.status == 1
    assert "SyntaxError" in run.out
    assert "double.py:1" in run.out


def test_a_forbidden_call_is_named(learner: Learner):
    learner.kit("fetch", "softplus")
    learner.write("softplus", "import torch\n\n\ndef softplus(x):\n    return torch.nn.functional.softplus(x)\n")
    run = learner.kit("grade")
    assert run.status == 1
    assert "softplus" in run.out
    assert "not allowed" in run.out


def test_terminal_escapes_of_a_learner_do_not_arrive(learner: Learner):
    learner.kit("next")
    learner.write("double", "def double(x):\n    print('\\x1b[2J\\x9b31m\\x07')\n    raise ValueError('\\x1b]0;owned\\x07')\n")
    run = learner.terminal("grade")
    assert "\x1b[2J" not in run.out
    assert "\x1b]0" not in run.out
    assert "\x07" not in run.out


def test_hints_come_one_by_one_and_stop(learner: Learner):
    learner.kit("next")
    first, second, third, again = (learner.kit("hint").out for _ in range(4))
    assert "two times x" in first
    assert "x + x" not in first
    assert "x + x" in second
    assert "return 2 * x" in third
    assert again == third


def test_a_solution_before_a_pass_needs_a_yes(learner: Learner):
    learner.kit("next")
    refused = learner.kit("solution")
    assert refused.status == 2
    assert "--yes" in refused.err
    assert "return 2 * x" in learner.kit("solution", "--yes").out
    assert "1 solution read early" in learner.kit("status").out


def test_a_solution_after_a_pass_needs_none(learner: Learner):
    learner.kit("next")
    learner.write("double", RIGHT)
    graded = learner.kit("grade")
    assert graded.status == 0, graded
    shown = learner.kit("solution", "double")
    assert shown.status == 0
    assert "return 2 * x" in shown.out
    assert "What a strong candidate says" in shown.out
    assert "0 solutions read early" in learner.kit("status").out


def test_reset_keeps_a_dated_copy(learner: Learner):
    learner.kit("next")
    learner.write("double", RIGHT)
    run = learner.kit("reset", "double")
    assert run.status == 0
    copies = list((learner.folder / "double").glob("double.*.py"))
    assert [path.read_text() for path in copies] == [RIGHT]
    assert copies[0].name in run.err
    assert "your turn" in (learner.folder / "double" / "double.py").read_text()


def test_show_in_a_pipe_is_the_text_as_written(learner: Learner):
    assert learner.kit("show", "softplus").out == (MINI_BANK / "exercises/warm-up/softplus/README.md").read_text()


def test_no_gpu_is_a_usage_error(learner: Learner):
    learner.kit("next")
    run = learner.kit("grade", "--device", "cuda")
    assert run.status == 2
    assert "does not run on cuda" in run.err


def test_a_closed_pipe_is_quiet(learner: Learner):
    learner.kit("next")
    done = subprocess.run(
        f"{KIT} show double | head -c 1", shell=True, cwd=learner.folder, env=learner.env, capture_output=True, timeout=60, check=False
    )
    assert done.stderr == b""


def test_the_json_of_a_verdict_needs_no_screen(learner: Learner):
    learner.kit("next")
    run = learner.kit("grade", "--json", PYTHONPROFILEIMPORTTIME="1")
    assert " rich" not in run.err
    assert " torch" not in run.err


@pytest.mark.parametrize("command", ["next", "list", "show double", "hint double", "status", "config lang"])
def test_quick_commands_import_neither_torch_nor_numpy(learner: Learner, command: str):
    learner.kit("next")
    run = learner.kit(*command.split(), PYTHONPROFILEIMPORTTIME="1")
    assert run.status == 0
    imported = {line.rsplit("|", 1)[-1].strip() for line in run.err.splitlines() if line.startswith("import time")}
    assert "kit.bank" in imported or command.startswith("config")
    assert not imported & {"torch", "numpy", "sklearn", "pydantic", "pytest"}
