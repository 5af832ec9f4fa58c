"""mistakes.toml: reading it, and making the mistakes."""

import pytest

from grader.mistakes import Mistake, MistakeError, apply, load, message, parse

ONE = """
[[mistake]]
name = "sign"
replace = "a - b"
with = "b - a"
caught_by = "test_difference"
en = "The other way round."
zh = "反了。"
"""
SOLUTION = "def f(a, b):\n    c = a - b\n    return c\n"


def mistake(replace, replacement):
    return Mistake(name="m", replace=replace, replacement=replacement, caught_by="test_f", en="e", zh="中")


def test_one_edit():
    (found,) = parse(ONE)
    assert (found.name, found.caught_by, found.symptom, found.same_as) == ("sign", "test_difference", None, ())
    assert apply(SOLUTION, found) == "def f(a, b):\n    c = b - a\n    return c\n"
    assert (message(found, "en"), message(found, "zh")) == ("The other way round.", "反了。")


def test_several_edits_are_made_at_once():
    both = mistake(("a - b", "return c"), ("return c", "a - b"))
    assert apply(SOLUTION, both) == "def f(a, b):\n    c = return c\n    a - b\n"


@pytest.mark.parametrize(
    ("replace", "replacement", "fault"),
    [
        ("c", "d", "stands 2 times"),
        ("x", "d", "stands 0 times"),
        ("", "d", "stands 0 times"),
        (("c = a", "a - b"), ("", ""), "overlap"),
    ],
)
def test_an_edit_that_does_not_fit(replace, replacement, fault):
    with pytest.raises(MistakeError, match=fault):
        apply(SOLUTION, mistake(replace, replacement))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[[mistake]", "TOML"),
        (ONE.replace('en = "The other way round."', ""), "`en`"),
        (ONE.replace("caught_by", "caugt_by"), "caugt_by"),
        (ONE + 'symptom = "late"', "late"),
        (ONE.replace('"a - b"', '["a", "b"]').replace('"b - a"', '["b"]'), "one `with` for each"),
        (ONE.replace('"a - b"', '["a"]'), "one `with` for each"),
    ],
)
def test_a_file_that_is_not_a_list_of_mistakes(text, fault):
    with pytest.raises(MistakeError, match=fault):
        parse(text)


def test_loading_names_the_file(tmp_path):
    path = tmp_path / "mistakes.toml"
    with pytest.raises(MistakeError, match=r"mistakes\.toml"):
        load(path)
    path.write_text("nonsense", encoding="utf-8")
    with pytest.raises(MistakeError, match=r"mistakes\.toml"):
        load(path)
    path.write_text(ONE, encoding="utf-8")
    assert [found.name for found in load(path)] == ["sign"]


def test_a_file_without_mistakes_is_empty():
    assert parse("# none yet\n") == []
