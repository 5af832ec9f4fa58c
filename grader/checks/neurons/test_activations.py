"""The reference is torch.nn.functional in float64; its derivatives come from autograd."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same

SMOOTH = ["sigmoid", "tanh", "softplus", "gelu"]
BENT = ["relu", "leaky_relu"]
NAMES = SMOOTH + BENT
LARGE = torch.tensor([1000.0, -1000.0, 710.0, -710.0, 90.0, -90.0, 30.0, -30.0, 1e4, -1e4, 0.0], dtype=torch.float64)


def softplus(x):
    return F.softplus(x, threshold=40)  # beyond, log(1 + exp(x)) is x in float64


REFERENCES = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": softplus,
    "gelu": F.gelu,
    "relu": F.relu,
    "leaky_relu": lambda x, slope=0.01: F.leaky_relu(x, slope),
}


def expected(name, x, *slope):
    """Value or derivative in float64, rounded to x's dtype."""
    leaf = x.double().clone().requires_grad_()
    result = REFERENCES[name.removesuffix("_grad")](leaf, *slope)
    if name.endswith("_grad"):
        result.sum().backward()
        result = leaf.grad
    return result.detach().to(x.dtype).numpy()


def compare(answer, name, x, *slope, **tolerance):
    arguments = "".join(f", {s:g}" for s in slope)
    assert_same(getattr(answer, name)(x.numpy(), *slope), expected(name, x, *slope), f"{name}(x{arguments})", **tolerance)


def both_sides(draw, *shape, dtype=torch.float64):
    """Numbers of either sign, up to 4 in size."""
    x = draw.uniform(*shape, low=-4, high=4, dtype=dtype)
    x.view(-1)[:2] = torch.tensor([1.5, -1.5])
    return x


@pytest.mark.parametrize("name", NAMES)
def test_values(answer, draw, name):
    """Values
    函数值"""
    compare(answer, name, both_sides(draw, 12))


@pytest.mark.parametrize("name", BENT)
def test_values_at_zero(answer, name):
    """relu and leaky_relu at 0
    relu 与 leaky_relu 在 0 处的值"""
    compare(answer, name, torch.zeros(2, dtype=torch.float64))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.after("test_values")
def test_derivatives(answer, draw, name):
    """Derivatives
    导数"""
    compare(answer, f"{name}_grad", both_sides(draw, 12))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.after("test_derivatives")
def test_derivatives_at_zero(answer, name):
    """Derivatives at 0
    0 处的导数"""
    compare(answer, f"{name}_grad", torch.tensor([0.0, 1e-12, -1e-12], dtype=torch.float64))


@pytest.mark.after("test_values", "test_derivatives")
def test_slope_of_leaky_relu(answer, draw):
    """Other slopes of leaky_relu
    leaky_relu 的其他斜率"""
    for slope in (0.25, 0.0, 1.0):
        for name in ("leaky_relu", "leaky_relu_grad"):
            compare(answer, name, both_sides(draw, 8), slope)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.after("test_values", "test_derivatives")
def test_shapes_and_dtypes(answer, draw, name):
    """Any shape, views, an empty array, float32
    任意形状、视图、空数组、float32"""
    for each in (name, f"{name}_grad"):
        compare(answer, each, both_sides(draw, 3, 2, 4))
        compare(answer, each, both_sides(draw, 4, 6).T[::2])
        compare(answer, each, torch.zeros(0, 3, dtype=torch.float64))
        compare(answer, each, both_sides(draw, 9, dtype=torch.float32))


def quietly(function, x):
    import numpy as np  # noqa: PLC0415 - it runs in the other process

    with np.errstate(over="raise", invalid="raise", divide="raise"):
        return function(x)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.after("test_values", "test_derivatives")
def test_large(answer, worker, name):
    """|x| = 1000 without overflow
    |x| = 1000 时不得上溢"""
    for each in (name, f"{name}_grad"):
        for x in (LARGE, LARGE.float()):
            result = worker.define(quietly)(getattr(answer, each), x.numpy())
            assert_same(result, expected(each, x), f"{each}({x.dtype})")


@pytest.mark.after("test_large")
def test_small_softplus(answer, draw):
    """softplus where it is tiny
    softplus 极小时的相对精度"""
    compare(answer, "softplus", draw.uniform(8, low=-600, high=-36, dtype=torch.float64), atol=0.0)  # relative accuracy is what is asked
