"""What runs on a node: it judges by its own bank, and refuses when that is another one than the classroom's."""

import shutil

import msgspec
import pytest
from scene import MINI_BANK

from grader.server import Reply
from grader.verdict import Layer, encode
from kit.bank import Bank
from kit.classroom.executor import NODE, job_for
from kit.classroom.node import Judge
from kit.classroom.versions import bank_version


@pytest.fixture
def theirs(tmp_path, monkeypatch, own_judge) -> Bank:
    """The node's copy of the bank; the judge makes a folder of its own for its server."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(own_judge))
    shutil.copytree(MINI_BANK, tmp_path / "theirs")
    monkeypatch.setenv("KIT_BANK", str(tmp_path / "theirs"))
    return Bank(tmp_path / "theirs", cache=tmp_path / "cache")


def asked(judge: Judge, job, version: str) -> Reply:
    return msgspec.json.decode(judge.grade(encode(job), version), type=Reply)


def test_the_same_answer_by_the_files_of_the_node(bank, theirs, tmp_path):
    exercise = bank.exercise("double")
    job = job_for(exercise, exercise.solution.read_text(encoding="utf-8"), sandbox="local", lang="en")
    judge = Judge("local", 1, gpu=False, token=tmp_path.name)
    assert judge.ready()[1] == ""
    verdict = asked(judge, job, bank_version(exercise)).verdict
    assert verdict.passed
    assert verdict.versions[NODE] == judge.ready()[0]
    theirs.exercise("double").checks.write_text("def test_it():\n    pass\n", encoding="utf-8")
    reply = asked(judge, job, bank_version(exercise))
    judge.close()
    assert reply.verdict is None
    assert "this node has another version of double than the classroom" in reply.failed
    assert str(theirs.root) in reply.failed


def test_an_exercise_that_the_node_does_not_have(bank, theirs, tmp_path):
    exercise = bank.exercise("double")
    shutil.rmtree(theirs.exercise("double").folder)
    judge = Judge("local", 1, gpu=False, token=tmp_path.name)
    reply = asked(judge, job_for(exercise, "", sandbox="local", lang="en"), bank_version(exercise))
    judge.close()
    assert "no exercise is called double" in reply.failed


def test_a_node_without_the_whole_sandbox_says_what_is_missing(monkeypatch, theirs, tmp_path):
    monkeypatch.setattr("grader.client.sandbox_layers", lambda _policy: [Layer("namespaces", on=False, why="not here")])
    judge = Judge("server", 1, gpu=False, token=tmp_path.name)
    assert "namespaces: not here" in judge.ready()[1]
    judge.close()
