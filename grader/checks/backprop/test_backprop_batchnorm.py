"""The references are F.batch_norm and F.layer_norm in float64, differentiated by torch.autograd."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same

NAMES = ("dx", "dgamma", "dbeta")


def differentiated(function, dy, x, gamma):
    """Gradients of (function(x, gamma, beta) * dy).sum(), computed in float64."""
    leaves = [value.double().clone().requires_grad_() for value in (x, gamma, torch.zeros_like(gamma))]
    (function(*leaves) * dy.double()).sum().backward()
    return tuple(leaf.grad.to(x.dtype) for leaf in leaves)


def batchnorm_reference(dy, x, gamma, eps=1e-5, running=None):
    mean, variance = (None, None) if running is None else (value.double() for value in running)
    return differentiated(lambda x, g, b: F.batch_norm(x, mean, variance, g, b, training=running is None, eps=eps), dy, x, gamma)


def layernorm_reference(dy, x, gamma, eps=1e-5):
    return differentiated(lambda x, g, b: F.layer_norm(x, gamma.shape, g, b, eps=eps), dy, x, gamma)


def inputs(draw, *shape, channels, dtype=torch.float64):
    """dy, x and gamma; channels and rows have different means and scales."""
    scale, shift = 0.5 + draw.uniform(*shape[:1], *[1] * (len(shape) - 1), dtype=dtype), draw.normal(*[1] * (len(shape) - 1), shape[-1], dtype=dtype)
    return draw.normal(*shape, dtype=dtype), scale * draw.normal(*shape, dtype=dtype) + shift, 1 + draw.uniform(channels, dtype=dtype)


def compare(actual, expected, what, parts=(0, 1, 2), **tolerance):
    assert_same(len(actual), 3, f"len of what {what} returns")
    for part in parts:
        assert_same(actual[part], expected[part], f"{NAMES[part]}, {what}", **tolerance)


def compare_batchnorm(answer, case, what, parts=(0, 1, 2), **settings):
    compare(answer.batchnorm_gradients(*case, **settings), batchnorm_reference(*case, **settings), f"batchnorm_gradients, {what}", parts)


def compare_layernorm(answer, case, what, parts=(0, 1, 2), **settings):
    compare(answer.layernorm_gradients(*case, **settings), layernorm_reference(*case, **settings), f"layernorm_gradients, {what}", parts)


def test_batchnorm_beta(answer, draw):
    """Batch norm: the gradient of beta
    批归一化：beta 的梯度"""
    compare_batchnorm(answer, inputs(draw, 6, 4, channels=4), "x (6, 4)", parts=(2,))


@pytest.mark.after("test_batchnorm_beta")
def test_batchnorm_gamma(answer, draw):
    """Batch norm: the gradient of gamma
    批归一化：gamma 的梯度"""
    compare_batchnorm(answer, inputs(draw, 6, 4, channels=4), "x (6, 4)", parts=(1,))


@pytest.mark.after("test_batchnorm_gamma")
def test_batchnorm_x(answer, draw):
    """Batch norm: the gradient of x
    批归一化：x 的梯度"""
    compare_batchnorm(answer, inputs(draw, 6, 4, channels=4), "x (6, 4)", parts=(0,))


@pytest.mark.after("test_batchnorm_x")
@pytest.mark.parametrize("shape", [(2, 3), (4, 4), (9, 1), (4, 3, 5), (2, 3, 4, 5), (1, 2, 3, 1), (2, 2, 2, 2, 2)], ids=str)
def test_batchnorm_shapes(answer, draw, shape):
    """Batch norm: images and other shapes
    批归一化：图像与其他形状"""
    compare_batchnorm(answer, inputs(draw, *shape, channels=shape[1]), f"x {shape}")
    dy, x, gamma = inputs(draw, *shape[::-1], channels=shape[1])
    compare_batchnorm(answer, (dy.permute(*reversed(range(dy.dim()))), x.permute(*reversed(range(x.dim()))), gamma), f"x {shape}, a view")


@pytest.mark.after("test_batchnorm_x")
@pytest.mark.parametrize("eps", [1e-5, 0.5, 1e-8])
def test_batchnorm_eps(answer, draw, eps):
    """Batch norm: eps
    批归一化：eps"""
    dy, x, gamma = inputs(draw, 5, 3, channels=3)
    compare_batchnorm(answer, (dy, 0.01 * x, gamma), f"eps={eps:g}, x of size 0.01", eps=eps)


@pytest.mark.after("test_batchnorm_shapes", "test_batchnorm_eps")
@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 4, 2), (1, 3)], ids=str)
def test_batchnorm_in_evaluation(answer, draw, shape):
    """Batch norm: running statistics are constants
    批归一化：滑动统计量是常数"""
    running = draw.normal(3, dtype=torch.float64), 0.2 + draw.uniform(3, dtype=torch.float64)
    compare_batchnorm(answer, inputs(draw, *shape, channels=3), f"x {shape}, running given", running=running)
    compare_batchnorm(answer, inputs(draw, *shape, channels=3), f"x {shape}, running given, eps=0.5", running=running, eps=0.5)


@pytest.mark.after("test_batchnorm_gamma")
def test_layernorm_gamma_and_beta(answer, draw):
    """Layer norm: the gradients of gamma and beta
    层归一化：gamma 与 beta 的梯度"""
    compare_layernorm(answer, inputs(draw, 5, 4, channels=4), "x (5, 4)", parts=(2, 1))


@pytest.mark.after("test_layernorm_gamma_and_beta")
def test_layernorm_x(answer, draw):
    """Layer norm: the gradient of x
    层归一化：x 的梯度"""
    compare_layernorm(answer, inputs(draw, 5, 4, channels=4), "x (5, 4)", parts=(0,))


@pytest.mark.after("test_layernorm_x")
@pytest.mark.parametrize("shape", [(4,), (1, 3), (4, 4), (2, 3, 5), (2, 1, 2, 3), (0, 3)], ids=str)
def test_layernorm_shapes(answer, draw, shape):
    """Layer norm: any axes before the last
    层归一化：最后一维之前任意多维"""
    compare_layernorm(answer, inputs(draw, *shape, channels=shape[-1]), f"x {shape}")
    if len(shape) == 2:
        dy, x, gamma = inputs(draw, *shape[::-1], channels=shape[1])
        compare_layernorm(answer, (dy.T, x.T, gamma), f"x {shape}, a view")


@pytest.mark.after("test_layernorm_x")
@pytest.mark.parametrize("eps", [0.5, 1e-8])
def test_layernorm_eps(answer, draw, eps):
    """Layer norm: eps
    层归一化：eps"""
    dy, x, gamma = inputs(draw, 5, 3, channels=3)
    compare_layernorm(answer, (dy, 0.01 * x, gamma), f"eps={eps:g}, x of size 0.01", eps=eps)


@pytest.mark.after("test_batchnorm_in_evaluation", "test_layernorm_shapes")
def test_float32(answer, draw):
    """float32 stays float32
    float32 保持为 float32"""
    tolerance = {"rtol": 1e-4, "atol": 1e-5}  # sums of products of rounded statistics, against float64
    case = inputs(draw, 8, 3, 2, channels=3, dtype=torch.float32)
    compare(answer.batchnorm_gradients(*case), batchnorm_reference(*case), "batchnorm_gradients, float32", **tolerance)
    running = draw.normal(3), 0.5 + draw.uniform(3)
    expected = batchnorm_reference(*case, running=running)
    compare(answer.batchnorm_gradients(*case, running=running), expected, "batchnorm_gradients, float32, running given", **tolerance)
    case = inputs(draw, 3, 2, 7, channels=7, dtype=torch.float32)
    compare(answer.layernorm_gradients(*case), layernorm_reference(*case), "layernorm_gradients, float32", **tolerance)


@pytest.mark.after("test_float32")
def test_large_mean(answer, draw):
    """A mean far greater than the deviation
    均值远大于标准差"""
    for dtype, offset in ((torch.float64, 1e4), (torch.float32, 1e3)):
        # a mean of 1000 in float32 is rounded by 6e-5 of the deviation; a mean of squares minus the squared mean is off by a tenth and more
        tolerance = {"rtol": 1e-2, "atol": 1e-2} if dtype == torch.float32 else {"rtol": 1e-8, "atol": 1e-8}
        dy, x, gamma = draw.normal(8, 4, dtype=dtype), offset + draw.normal(8, 4, dtype=dtype), draw.uniform(4, low=0.5, dtype=dtype)
        what = f"x around {offset:g}, {str(dtype).removeprefix('torch.')}"
        near = (x.double() - offset).to(dtype)  # the same deviations, exactly; F.layer_norm itself loses digits far from 0
        compare(answer.batchnorm_gradients(dy, x, gamma), batchnorm_reference(dy, near, gamma), f"batchnorm_gradients, {what}", **tolerance)
        compare(answer.layernorm_gradients(dy, x, gamma), layernorm_reference(dy, near, gamma), f"layernorm_gradients, {what}", **tolerance)


@pytest.mark.after("test_float32")
def test_no_variance(answer, draw):
    """Variance 0
    方差为 0"""
    dy, x, gamma = inputs(draw, 4, 4, channels=4)
    x[:, 1] = 0.75  # sums of four are exact: no other order of summation leaves anything of it
    compare_batchnorm(answer, (dy, x, gamma), "a channel with variance 0")
    dy, x, gamma = inputs(draw, 4, 4, channels=4)
    x[2] = -1.5
    compare_layernorm(answer, (dy, x, gamma), "a row with variance 0")
