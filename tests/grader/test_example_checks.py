"""Without hidden checks the examples of the statement are tried, in the worker; that is no whole verdict."""

import pytest

from grader import client
from grader.verdict import Job

STATEMENT = """# Double

    >>> x = torch.tensor([1.0, 2.0])
    >>> double(x)
    tensor([2., 4.])
    >>> for value in double(x):
    ...     print(value.item())
    2.0
    4.0
    >>> double("a")
    Traceback (most recent call last):
        ...
    TypeError: only tensors
"""
RIGHT = "import torch\n\n\ndef double(x):\n    if isinstance(x, str):\n        raise TypeError('only tensors')\n    return 2 * x\n"


@pytest.fixture
def tried(tmp_path):
    """The verdict on a source by the statement's examples."""
    path = tmp_path / "README.md"
    path.write_text(STATEMENT, encoding="utf-8")

    def judge(source, **fields):
        return client.judge(Job(slug="double", source=source, filename="double.py", checks="", statement=str(path), **fields))

    return judge


def test_right_examples_pass_and_are_not_the_whole(tried):
    verdict = tried(RIGHT)
    assert [(check.name, check.status, check.title) for check in verdict.checks] == [("examples", "passed", "Examples of the statement")]
    assert verdict.passed
    assert not verdict.complete


def test_the_title_is_there_in_chinese(tried):
    assert tried(RIGHT, lang="zh").checks[0].title == "题目中的示例"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (RIGHT.replace("2 * x", "3 * x"), "double(x) gives tensor([3., 6.]), not tensor([2., 4.])"),
        (RIGHT.replace("2 * x", "None"), "double(x) gives nothing, not tensor([2., 4.])"),
        (RIGHT.replace("'only tensors'", "'no'"), "gives TypeError: no, not TypeError: only tensors"),
        (RIGHT.replace("2 * x", "x.nothing"), "AttributeError"),
        (RIGHT.replace("return 2 * x", "print('hm')\n    return 2 * x"), "gives hm"),
    ],
)
def test_a_wrong_example_is_told(tried, source, says):
    (check,) = tried(source).checks
    assert check.status == "failed"
    assert says in check.failure.lines[0]


def test_the_starter_is_your_turn(tried):
    (check,) = tried("def double(x):\n    raise NotImplementedError('your turn')\n").checks
    assert check.failure.kind == "your_turn"


def test_forbidden_calls_are_forbidden_here_too(tried):
    verdict = tried(RIGHT.replace("2 * x", "torch.mul(x, 2)"), forbid=("torch.mul",))
    assert verdict.load.kind == "forbidden"
