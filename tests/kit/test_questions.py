"""The interview questions, and that every one has an exercise."""

from pathlib import Path

import pytest

from kit.bank import Bank
from kit.errors import KitError
from kit.questions import Question, named, read

ROOT = Path(__file__).parents[2]
QUESTIONS = (Question(id="d3-q01", en="A?", zh="甲？"), Question(id="d3-q10", en="B?", zh="乙？"))


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    return Bank(ROOT, cache=tmp_path_factory.mktemp("cache"))


def test_every_question_has_an_exercise(bank):
    assert [question.id for question in bank.questions if not bank.answering(question)] == []


def test_questions_are_told_once_and_in_both_languages(bank):
    assert len({question.id for question in bank.questions}) == len(bank.questions) == 102
    assert [question.id for question in bank.questions if not question.en.strip() or not question.zh.strip()] == []


@pytest.mark.parametrize("name", ["d3-q01", "q:d3-q01", "D3-Q1", "q:d3-q1"])
def test_a_question_is_found_by_its_id(name):
    assert named(name, QUESTIONS).en == "A?"


def test_numbers_keep_their_last_zero():
    assert named("d3-q10", QUESTIONS).en == "B?"


def test_an_unknown_question_brings_the_nearest():
    with pytest.raises(KitError, match=r"Did you mean d3-q1"):
        named("q:d3-q11", QUESTIONS)


def test_a_bank_without_questions_has_none(tmp_path):
    assert read(tmp_path) == ()


def test_a_damaged_file_is_told(tmp_path):
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises" / "questions.toml").write_text('[[question]]\nid = "a"\nen = "?"\n')
    with pytest.raises(KitError, match="zh"):
        read(tmp_path)
