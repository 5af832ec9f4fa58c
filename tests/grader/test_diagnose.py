"""A wrong answer is named by the known mistake that behaves like it."""

import pytest
import torch

from grader.diagnose import same_behaviour

SOLUTION = """
def scale(x, factor=2.0):
    return x * factor

def mean(x):
    return x.sum() / x.numel()
"""
MISTAKES = """
[[mistake]]
name = "factor-added"
replace = "x * factor"
with = "x + factor"
caught_by = "test_scale"
en = "You added."
zh = "你做了加法。"
[[mistake]]
name = "factor-ignored"
replace = "x * factor"
with = "x * 2.0"
caught_by = "test_factor"
en = "You ignored the factor."
zh = "你忽略了系数。"
[[mistake]]
name = "sum-for-mean"
replace = " / x.numel()"
with = ""
caught_by = "test_mean"
en = "You summed."
zh = "你求了和。"
[[mistake]]
name = "raises"
replace = "return x.sum()"
with = "return x.nothing.sum()"
caught_by = "test_mean"
en = "Tensors have no such attribute."
zh = "张量没有这个属性。"
[[mistake]]
name = "rows-only"
replace = "x.numel()"
with = "x.shape[0]"
caught_by = "test_mean"
en = "You divided by the rows."
zh = "你除以了行数。"
[[mistake]]
name = "slowly"
replace = "    return x * factor"
with = "    import time\\n    time.sleep(0.3)\\n    return x * factor"
caught_by = "test_speed"
symptom = "slow"
en = "Too slow."
zh = "太慢。"
"""
CHECKS = """
from grader.compare import assert_fast, assert_same
def test_scale(answer, draw):
    x = draw.normal(3, 4)
    assert_same(answer.scale(x), 2 * x, "scale(x)")
def test_factor(answer, draw):
    x = draw.normal(3, 4)
    assert_same(answer.scale(x, 3.0), 3 * x, "scale(x, 3.0)")
def test_mean(answer, draw):
    x = draw.normal(3, 4)
    assert_same(answer.mean(x), x.mean(), "mean(x)")
def test_speed(answer, draw, worker):
    with worker.timed() as clock:
        answer.scale(draw.normal(3))
    assert_fast(clock.seconds, 0.2, "scale(x)")
"""


@pytest.fixture
def diagnoses(judge):
    def run(source, **options):
        verdict = judge(source, CHECKS, solution=SOLUTION, mistakes=MISTAKES, **options)
        return {check.name: check.diagnosis and check.diagnosis.mistake for check in verdict.checks if check.failure}

    return run


MEAN = "def mean(x):\n    return x.mean()\n"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def scale(x, factor=2.0):\n    return factor + x\n" + MEAN, {"scale": "factor-added", "factor": "factor-added"}),
        ("def scale(x, factor=2.0):\n    return x + x\n" + MEAN, {"factor": "factor-ignored"}),
        ("def scale(x, factor=2.0):\n    return x - factor\n" + MEAN, {"scale": None, "factor": None}),
        ("def scale(x, factor=2.0):\n    return x * factor\ndef mean(x):\n    return sum(sum(x))\n", {"mean": "sum-for-mean"}),
        ("def scale(x, factor=2.0):\n    return x * factor\ndef mean(x):\n    return x.sum() / len(x)\n", {"mean": "rows-only"}),
        ("def scale(x, factor=2.0):\n    return x * factor\ndef mean(x):\n    return x.nothing\n", {"mean": "raises"}),
        ("def scale(x, factor=2.0):\n    return x * factor\ndef mean(x):\n    return x.other\n", {"mean": None}),
        ("import time\ndef scale(x, factor=2.0):\n    if x.dim() == 1: time.sleep(0.3)\n    return x * factor\n" + MEAN, {"speed": "slowly"}),
        ("def scale(x, factor=2.0):\n    return x * factor\n" + MEAN, {}),
    ],
)
def test_what_is_found(diagnoses, source, found):
    assert diagnoses(source) == found


def test_the_message_is_in_the_jobs_language(judge):
    source = "def scale(x, factor=2.0):\n    return factor + x\n" + MEAN
    verdict = judge(source, CHECKS, solution=SOLUTION, mistakes=MISTAKES, lang="zh")
    assert verdict.checks[0].diagnosis.message == "你做了加法。"


def test_no_diagnosis_when_none_is_asked_for(diagnoses):
    assert diagnoses("def scale(x, factor=2.0):\n    return factor + x\n" + MEAN, diagnose=False) == {"scale": None, "factor": None}


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (torch.ones(3), torch.ones(3) * 1.00001, True), (torch.ones(3), torch.ones(3) * 1.01, False), (torch.ones(3), torch.ones(3).double(), False),
        (torch.tensor([float("nan"), 1]), torch.tensor([float("nan"), 1]), True), (torch.tensor([float("nan"), 1]), torch.ones(2), False),
        (torch.ones(3), torch.ones(1, 3), False), (1.0, 1.0 + 1e-9, True), (1.0, 1, False), ([1, (2.0,)], [1, (2.0,)], True), ({"a": 1}, {"a": 2}, False),
        (torch.zeros(0), torch.zeros(0), True), (torch.tensor([1, 2]), torch.tensor([1, 3]), False), ("a", "a", True), (None, None, True),
    ],
)  # fmt: skip
def test_same_behaviour(a, b, same):
    assert same_behaviour(a, b) is same
