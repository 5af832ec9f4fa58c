"""A check's words: what passes, what fails, and what a failure says."""

import math

import numpy as np
import pytest
import torch

from grader.compare import assert_between, assert_fast, assert_raises, assert_same, assert_true
from grader.failure import AnswerRaised, CheckFailure
from grader.text import use_language


def failure(actual, expected, **options):
    with pytest.raises(CheckFailure) as caught:
        assert_same(actual, expected, "f(x)", **options)
    return caught.value.failure


x = torch.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (x, x.clone()), (x + 1e-7, x), (x.T.contiguous().T, x), (torch.tensor([math.nan, math.inf]), torch.tensor([math.nan, math.inf])),
        (torch.zeros(0, 3), torch.zeros(0, 3)), (np.ones(3), np.ones(3)), (np.float32(2), np.float32(2)), (2.0, np.float64(2)),
        (1, 1), (1.0, 1.0 + 1e-12), (np.float64(0.5), 0.5), (np.int64(3), 3), (True, True), (None, None), ("a", "a"),
        ([1, (2.0, x)], [1, (2.0, x)]), ({"a": x}, {"a": x}), (torch.float32, torch.float32), (torch.tensor([1, 2]), torch.tensor([1, 2])),
        (torch.tensor([1 + 2j]), torch.tensor([1 + 2j])), (1 + 2j, 1 + 2j),
    ],
)  # fmt: skip
def test_what_is_the_same(actual, expected):
    assert_same(actual, expected, "f(x)")


@pytest.mark.parametrize(
    ("actual", "expected", "kind"),
    [
        (x.double(), x, "dtype"), (x.T, x, "shape"), (x.reshape(1, 3, 4), x, "shape"), (x.numpy(), x, "type"), (x, x.numpy(), "type"),
        (1.0, torch.tensor(1.0), "type"), ([1.0], torch.tensor([1.0]), "type"), (x + 1e-3, x, "values"), (-x, x, "values"),
        (torch.tensor([math.nan]), torch.tensor([1.0]), "values"), (torch.tensor([1.0]), torch.tensor([math.nan]), "values"),
        (torch.tensor([math.inf]), torch.tensor([1.0]), "values"), (torch.tensor([1e30]), torch.tensor([math.inf]), "values"),
        (torch.tensor([-math.inf]), torch.tensor([math.inf]), "values"), (torch.tensor([2]), torch.tensor([3]), "values"),
        (torch.tensor([True]), torch.tensor([False]), "values"), (True, 1, "type"), (1, True, "type"), (1.0, 1, "type"), ("1", 1, "type"),
        (2, 1, "values"), (1.001, 1.0, "values"), (math.nan, 1.0, "values"), (None, 1.0, "type"), (1.0, None, "type"), ("b", "a", "values"),
        ([1, 2], [1], "shape"), ((1,), [1], "type"), ({"a": 1}, {"b": 1}, "values"), ({"a": 1}, {"a": 2}, "values"),
        ([1, (2.0, -x)], [1, (2.0, x)], "values"), (torch.float64, torch.float32, "values"), (1 + 2j, 1.0, "type"),
        (torch.tensor([2**53 + 1]), torch.tensor([2**53]), "values"), (np.array([1], np.uint16), np.array([1]), "dtype"),
        (np.array([2**64 - 1], np.uint64), np.array([-1]), "dtype"), (np.uint8(1), np.int64(1), "dtype"),
    ],
)  # fmt: skip
def test_what_differs(actual, expected, kind):
    assert failure(actual, expected).kind == kind


def test_a_failure_shows_where_and_how_much():
    actual = x.clone()
    actual[1, 2] += 0.5
    actual[2, 0] += 0.25
    said = failure(actual, x)
    assert said.lines == ["f(x): 2 of 12 entries differ", "shape (3, 4) agrees", "largest error 0.5000 at [1, 2]: yours 6.5000, expected 6.0000"]
    assert said.facts["first_index"] == [1, 2]
    assert said.facts["largest_error"] == 0.5
    assert "NaN" in " ".join(failure(torch.full((3, 4), math.nan), x).lines)


def test_tolerances_follow_the_dtype():
    half = torch.ones(3, dtype=torch.float16)
    assert_same(half * 1.0009765625, half, "f(x)")
    assert failure(torch.ones(3) * 1.0009765625, torch.ones(3)).kind == "values"
    assert failure(torch.ones(3).double() * 1.0000001, torch.ones(3).double()).kind == "values"
    assert_same(torch.ones(3) * 1.000001, torch.ones(3).double(), "f(x)", check_dtype=False)
    assert failure(torch.ones(3) * 1.0001, torch.ones(3).double(), check_dtype=False).kind == "values"
    assert_same(torch.ones(3) * 1.1, torch.ones(3), "f(x)", rtol=0.2)
    assert_same(torch.tensor([1e-3]), torch.zeros(1), "f(x)", atol=1e-2)


def test_between():
    for value in (0.5, 0.0, 1, torch.tensor([0.5]), np.float32(0.5)):
        assert_between(value, 0, 1, "accuracy")
    for value, kind in ((1.5, "range"), (math.nan, "range"), (torch.tensor(2.0), "range"), ("1", "type"), (torch.ones(2), "type"), (True, "type")):
        with pytest.raises(CheckFailure) as caught:
            assert_between(value, 0, 1, "accuracy")
        assert caught.value.failure.kind == kind


def test_raises():
    def raising(*types):
        def call():
            raise AnswerRaised(list(types), ["…"])

        return call

    assert_raises(ValueError, raising("ValueError", "ValueError", "Exception"))
    assert_raises(ArithmeticError, raising("ZeroDivisionError", "ZeroDivisionError", "ArithmeticError", "Exception"))
    assert_raises(ValueError, raising("BadShape", "ValueError", "Exception"))
    for types in (("KeyError", "KeyError", "LookupError", "Exception"), ("ValueError", "Exception")):  # the last merely has the name
        with pytest.raises(AnswerRaised):
            assert_raises(ValueError, raising(*types))
    with pytest.raises(CheckFailure) as caught:
        assert_raises(ValueError, lambda: x)
    assert caught.value.failure.kind == "not_raised"
    assert "shape (3, 4)" in caught.value.failure.lines[0]


def test_fast_and_true():
    assert_fast(0.1, 0.2, "f")
    assert_true(True, "", "never", "从不")
    with pytest.raises(CheckFailure, match="too slow"):
        assert_fast(0.3, 0.2, "f")
    with pytest.raises(CheckFailure, match="sorted"):
        assert_true(False, "f(x)", "must be sorted", "必须有序")
    with pytest.raises(TypeError):
        assert_true(torch.tensor(True), "f(x)", "…", "…")


def test_messages_in_chinese():
    use_language("zh")
    try:
        with pytest.raises(CheckFailure, match="必须有序"):
            assert_true(False, "f(x)", "must be sorted", "必须有序")
    finally:
        use_language("en")
