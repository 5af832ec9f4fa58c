import numpy as np
import pytest
import torch

from grader.compare import assert_fast, assert_raises, assert_same, assert_same_gradient, assert_true


def reference(x):
    return torch.softmax(x, -1)


def test_values(answer, draw):
    """Values of softmax
    softmax 的数值"""
    for shape in ((4, 5), (1, 3), (4, 5)):
        x = draw.normal(*shape, dtype=torch.float64)
        assert_same(answer.softmax(x), reference(x), "softmax(x)")


def test_gradient(answer, worker, draw):
    """Gradient of softmax
    softmax 的梯度"""
    x = draw.normal(3, 4, dtype=torch.float64)
    assert_same_gradient(answer.softmax, reference, (x,), 0, "gradient of x", worker=worker)


def test_in_place(answer, worker, draw):
    """softmax in place
    原地 softmax"""
    x = draw.normal(3, 4, dtype=torch.float64)
    held = worker.hold(x)
    with worker.allow_changes():
        answer.softmax_(held)
    assert_same(worker.fetch(held), reference(x), "x after softmax_(x)")


def test_refusal(answer):
    """No dimension, no softmax
    没有维度就没有 softmax"""
    assert_raises(ValueError, answer.softmax, torch.tensor(1.0))


def test_mask(answer, draw):
    """Mask
    掩码"""
    x = draw.normal(64)
    mask = answer.positive(x)
    assert_true(isinstance(mask, torch.Tensor) and mask.dtype == torch.bool, "positive(x)", "not a mask", "不是掩码")
    assert_same(mask, x > 0, "positive(x)")


def test_array(answer, draw):
    """NumPy array
    NumPy 数组"""
    array = draw.numpy.normal(size=12)
    assert_same(answer.running_sum(array), np.cumsum(array), "running_sum(array)")


def test_callback(answer, draw):
    """A function of the check
    检查给出的函数"""
    scores = draw.permutation(9).tolist()
    asked = []

    def score(i):
        asked.append(i)
        return scores[i]

    assert_same(answer.largest(score, 9), scores.index(8), "largest(score, 9)")
    assert_true(set(asked) == set(range(9)), "largest(score, 9)", "some were never asked for", "有的从未问过")


@pytest.mark.parametrize("n", [3, 5])
def test_iteration(answer, n):
    """Generator
    生成器"""
    for expected, value in zip(range(n, -1, -1), [*answer.countdown(n), 0], strict=True):
        assert_same(value, expected, "countdown(n)")


def test_class(answer, worker, draw):
    """Class with state
    有状态的类"""
    average = answer.Average()
    values = draw.normal(5, dtype=torch.float64).tolist()
    for value in values:
        average.add(value)
    assert_same(len(average), 5, "len(average)")
    assert_same(average.mean(), sum(values) / 5, "average.mean()")
    assert_same(average.state(), {"count": 5.0, "total": sum(values)}, "average.state()")
    assert_same(worker.fetch(average.values), values, "average.values")


def test_speed(answer, worker, draw):
    """Speed
    速度"""
    x = draw.normal(8, 8)
    with worker.timed() as clock:
        answer.softmax(x)
    assert_fast(clock.seconds, 2.0, "softmax on (8, 8)")
