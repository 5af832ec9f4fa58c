"""Whatever goes wrong is one line on stderr: what, where, the remedy; and the right exit status."""

import os
import shutil
import sqlite3

import pytest
from person import MINI_BANK, Learner


@pytest.mark.parametrize(
    ("command", "says", "remedy"),
    [
        ("grade doubel", "no exercise is called doubel", "Did you mean double?"),
        ("grade", "this folder is no workspace", "kit next"),
        ("grade duble.py", "no exercise is called duble", "Did you mean double?"),
        ("grade ./nothing", "neither an exercise nor a Python file", "kit list"),
        ("hint", "no exercise was fetched yet", "kit next"),
        ("hint double", "this folder is no workspace", "kit next"),
        ("solution double --yes", "this folder is no workspace", "kit next"),
        ("reset double", "this folder is no workspace", "kit next"),
        ("lst", "no command is called kit lst", "Did you mean list?"),
        ("list --trak x", "no option is called --trak", "Did you mean --track?"),
        ("list --track warmup", "no track is called warmup", "Did you mean warm-up?"),
        ("list --status passd", "no status is called passd", "Did you mean passed?"),
        ("next --level 9", "no level is called 9", "1, 2, 3, 4, 5"),
        ("fetch", "SLUG is missing", "kit fetch -h"),
        ("grade --seed", "--seed lacks its value", "kit grade -h"),
        ("config lang fr", "no language is called fr", "en, zh"),
        ("list --lang fr", "no language is called fr", "en, zh"),
        ("author chek", "no command is called kit author chek", "Did you mean check?"),
        ("author check doubel", "no exercise is called doubel", "Did you mean double?"),
    ],
)
def test_one_line_with_a_remedy(learner: Learner, command: str, says: str, remedy: str):
    run = learner.kit(*command.split())
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
    assert run.err.startswith("error: ")
    assert says in run.err
    assert remedy in run.err
    assert list(learner.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--check", "valeus"), "Did you mean values?"),
        (("--seed", "x"), "x is no seed"),
        (("--seed", "99999999999999999999"), "is no seed"),
        (("--device", "tpu"), "no device is called tpu"),
        (("--all", "double"), "--all and names"),
        (("double", "softplus", "--check", "values"), "--check goes with one exercise"),
        (("--junit", "no/such/folder/out.xml"), "the report cannot be written"),
    ],
)
def test_wrong_options_of_grade(learner: Learner, options: tuple[str, ...], says: str):
    learner.kit("fetch", "softplus")
    learner.kit("fetch", "double")
    run = learner.kit("grade", *options)
    assert run.status == 2
    assert says in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a = 'ok'\nb = '\xe9'\n", "double.py:2"),
        (b"a = 1\0\n", "NUL byte"),
        (b"#" * 1_000_001, "larger than 200 KB"),
    ],
)
def test_an_answer_that_is_no_answer(learner: Learner, content: bytes, says: str):
    learner.kit("next")
    learner.write("double", content)
    run = learner.kit("grade")
    assert (run.status, run.err.count("\n")) == (2, 1)
    assert says in run.err


def test_a_link_a_folder_and_nothing_are_refused(learner: Learner):
    learner.kit("next")
    path = learner.folder / "double" / "double.py"
    path.unlink()
    assert "kit fetch double" in learner.kit("grade").err
    path.symlink_to("/etc/hostname")
    assert "is a link" in learner.kit("grade").err
    path.unlink()
    path.mkdir()
    assert "is a folder" in learner.kit("grade").err
    path.rmdir()
    os.mkfifo(path)
    assert "no ordinary file" in learner.kit("grade").err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="an administrator may write everywhere")
def test_a_folder_that_cannot_be_written(learner: Learner):
    learner.folder.chmod(0o500)
    run = learner.kit("next")
    learner.folder.chmod(0o700)
    assert run.status == 2
    assert "cannot be written" in run.err


def test_a_wrong_bank(learner: Learner, in_bank, tmp_path):
    assert "this is no bank" in in_bank(tmp_path / "none").kit("list").err
    bank = tmp_path / "bank"
    shutil.copytree(MINI_BANK, bank)
    toml = bank / "exercises/warm-up/double/exercise.toml"
    toml.write_text(toml.read_text().replace("level = 1", 'level = "one"'))
    run = in_bank(bank).kit("list")
    assert run.status == 2
    assert "level" in run.err
    assert str(toml) in run.err
    toml.write_text("level = = 1")
    assert "not TOML" in in_bank(bank).kit("list").err


def test_damaged_progress_is_never_thrown_away(learner: Learner):
    learner.kit("next")
    path = learner.folder / ".kit" / "progress.sqlite3"
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA user_version = 99")
    base.close()
    assert "newer kit" in learner.kit("status").err
    for side in path.parent.glob("progress.sqlite3-*"):
        side.unlink()
    path.write_bytes(b"this was a database" * 100)
    run = learner.kit("status")
    assert run.status == 2
    assert "Move the file away" in run.err
    assert path.read_bytes() == b"this was a database" * 100


def test_a_verdict_is_shown_even_when_it_cannot_be_remembered(learner: Learner):
    learner.kit("next")
    learner.write("double", "def double(x):\n    return 2 * x\n")
    for path in (learner.folder / ".kit").glob("progress*"):
        path.unlink()
    (learner.folder / ".kit" / "progress.sqlite3").write_bytes(b"not a database, at all, at all, at all" * 20)
    run = learner.kit("grade", "double")
    assert run.status == 0
    assert "3 of 3 checks passed" in run.out
    assert "warning:" in run.err


def test_an_own_failure_is_one_line_and_status_3(learner: Learner, tmp_path):
    (tmp_path / "cache").write_text("")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import kit.bank\ndef broken(environ):\n    raise RuntimeError('out of\\nluck')\nkit.bank.find_root = broken\n"
    )
    run = learner.kit("list", PYTHONPATH=str(tmp_path / "site"))
    assert (run.status, run.err.count("\n")) == (3, 1)
    assert "RuntimeError: out of" in run.err
    assert "KIT_DEBUG=1" in run.err
    assert "Traceback" in learner.kit("list", PYTHONPATH=str(tmp_path / "site"), KIT_DEBUG="1").err


def test_a_cache_that_cannot_be_written_is_only_slower(learner: Learner, tmp_path):
    (tmp_path / "file").write_text("")
    assert learner.kit("list", XDG_CACHE_HOME=str(tmp_path / "file")).status == 0
