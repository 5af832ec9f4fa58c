"""The reference is the sum of the tensor with itself."""

import pytest
import torch

from grader.compare import assert_same, assert_same_gradient


def test_shape_and_dtype(answer):
    """shape and dtype of the result
    结果的形状和 dtype"""
    for dtype in (torch.float32, torch.int64):
        assert_same(answer.double(torch.zeros(2, 3, dtype=dtype)), torch.zeros(2, 3, dtype=dtype), "double(zeros)")


def test_values(answer, draw):
    """values
    数值"""
    x = draw.normal(4, 5)
    assert_same(answer.double(x), x + x, "double(x)")


@pytest.mark.after("test_values")
def test_gradient(answer, draw, worker):
    """gradient of x
    x 的梯度"""
    assert_same_gradient(answer.double, lambda x: x + x, (draw.normal(3),), 0, "x.grad", worker=worker)
