"""The reference is torch's own softplus."""

import pytest
import torch

from grader.compare import assert_same, assert_same_gradient


def test_values(answer, draw):
    """values
    数值"""
    x = draw.normal(4, 5)
    assert_same(answer.softplus(x), torch.nn.functional.softplus(x), "softplus(x)")


@pytest.mark.after("test_values")
def test_gradient(answer, draw, worker):
    """gradient of x
    x 的梯度"""
    assert_same_gradient(answer.softplus, torch.nn.functional.softplus, (draw.normal(4, 5),), 0, "x.grad", worker=worker)


@pytest.mark.after("test_values")
def test_large(answer):
    """large and very negative x
    很大和很负的 x"""
    x = torch.tensor([-1000.0, 1000.0])
    assert_same(answer.softplus(x), torch.tensor([0.0, 1000.0]), "softplus([-1000, 1000])")
