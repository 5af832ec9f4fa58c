"""Several answers at once: each gets the verdict that it gets alone."""

import pytest
from msgspec import structs

from grader import client
from grader.client import JobRefused

SOLUTION = """
def double(x):
    return 2 * x

def mean(x):
    return x.sum() / x.numel()
"""
MISTAKES = """
[[mistake]]
name = "squared"
replace = "2 * x"
with = "x * x"
caught_by = "test_double"
en = "You squared."
zh = "你做了平方。"
[[mistake]]
name = "rows-only"
replace = "x.numel()"
with = "x.shape[0]"
caught_by = "test_mean"
en = "You divided by the rows."
zh = "你除以了行数。"
"""
CHECKS = '''
import pytest
from grader.compare import assert_same

@pytest.mark.parametrize("n", [1, 3])
def test_double(answer, draw, n):
    """Twice
    两倍"""
    x = draw.normal(n, 2)
    assert_same(answer.double(x), 2 * x, "double(x)")

@pytest.mark.after("test_double")
def test_mean(answer, draw):
    """Mean
    均值"""
    x = draw.normal(3, 4)
    assert_same(answer.mean(x), x.mean(), "mean(x)")

def test_on_three(answer, draw):
    """On three
    三个"""
    x = draw.normal(3)
    assert_same(answer.mean(x), x.mean(), "mean(x)")
'''
ANSWERS = {
    "right": SOLUTION,
    "squared": SOLUTION.replace("2 * x", "x ** 2"),
    "right again": SOLUTION.replace("2 * x", "x + x"),
    "rows": SOLUTION.replace("x.numel()", "len(x)"),
    "unknown": SOLUTION.replace("x.numel()", "7"),
    "not Python": "def double(x:",
    "raises at import": "1 / 0",
    "forbidden": SOLUTION + "\nimport torch\ny = torch.relu",
    "ends its process": SOLUTION.replace("return 2 * x", "import os; os._exit(3)"),
    "endless": SOLUTION.replace("return 2 * x", "\n    while True: pass"),
    "in place": SOLUTION.replace("return 2 * x", "x *= 2\n    return x"),
    "nothing": "",
}


@pytest.fixture
def job(make_job, runtime_folder):
    return make_job("", CHECKS, solution=SOLUTION, mistakes=MISTAKES, seed=7, forbid=("relu",), seconds=2.0, stop_at_first_failure=True)


def essence(verdict):
    """A verdict without what differs between two runs of the same."""
    checks = [
        structs.replace(check, seconds=0.0, output="", failure=check.failure and structs.replace(check.failure, frames=[]))
        for check in verdict.checks
    ]
    return structs.replace(verdict, seconds=0.0, checks=checks, output="", layers=[])


@pytest.fixture
def together(job):
    verdicts = client.judge_each([structs.replace(job, source=source) for source in ANSWERS.values()])
    return dict(zip(ANSWERS, verdicts, strict=True))


def test_each_gets_the_verdict_that_it_gets_alone(job, together):
    alone = {name: client.judge(structs.replace(job, source=source)) for name, source in ANSWERS.items()}
    assert {name: essence(verdict) for name, verdict in together.items()} == {name: essence(verdict) for name, verdict in alone.items()}
    named = {name: [check.diagnosis.mistake for check in verdict.checks if check.diagnosis] for name, verdict in together.items()}
    assert {name: found for name, found in named.items() if found} == {"squared": ["squared"], "rows": ["rows-only"]}
    assert [name for name, verdict in together.items() if verdict.passed] == ["right", "right again"]


def test_all_share_one_drawn_seed(job):
    bare = structs.replace(job, seed=None, source="")
    verdicts = client.judge_each([structs.replace(bare, source=ANSWERS["squared"])] * 3)
    assert len({verdict.seed for verdict in verdicts}) == 1
    assert len({verdict.checks[0].failure.lines[0] for verdict in verdicts}) == 1


def test_a_job_that_makes_no_sense_is_refused(job):
    with pytest.raises(JobRefused, match="no check of it is called"):
        client.judge_each([structs.replace(job, only="nothing", source=SOLUTION)] * 2)


def test_without_a_server_too(job):
    (verdict, _other) = client.judge_each([structs.replace(job, source=ANSWERS["squared"])] * 2, server=False)
    assert verdict.checks[0].diagnosis.mistake == "squared"
