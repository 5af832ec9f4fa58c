"""The references are nn.utils.clip_grad_value_ and clip_grad_norm_, and one backward pass over the whole batch."""

import math

import pytest
import torch
from torch import nn

from grader.compare import assert_same

SHAPES = [(3, 2), (4,), (), (2, 1, 3)]


def parameters_with(gradients):
    """Parameters of zeros with these grads, None for none."""
    parameters = []
    for gradient in gradients:
        parameter = torch.zeros(2) if gradient is None else torch.zeros_like(gradient)
        parameter.requires_grad_()
        parameter.grad = None if gradient is None else gradient.clone()
        parameters.append(parameter)
    return parameters


def clipped(torch, function, gradients, limit, generator):
    """What function(parameters, limit) returns, and the grads afterwards, looked at through the tensors that were grads before."""
    parameters = []
    for gradient in gradients:
        parameter = (torch.zeros(2) if gradient is None else torch.zeros_like(gradient)).requires_grad_()
        parameter.grad = None if gradient is None else gradient.clone()
        parameters.append(parameter)
    before = [parameter.grad for parameter in parameters]
    result = function((parameter for parameter in parameters) if generator else parameters, limit)
    return result, before, [parameter.grad is old for parameter, old in zip(parameters, before, strict=True)]


def some(draw, scale=1.0, dtype=torch.float64):
    return [scale * draw.normal(*shape, dtype=dtype) for shape in SHAPES]


def compare_value(answer, worker, gradients, limit, what, *, generator=False):
    result, grads, same = worker.define(clipped)(worker.torch, answer.clip_by_value, gradients, limit, generator)
    expected = parameters_with(gradients)
    if any(gradient is not None for gradient in gradients):  # PyTorch itself fails without any grad
        nn.utils.clip_grad_value_(expected, limit)
    call = f"clip_by_value(parameters, {limit:g}), {what}"
    assert_same(result, None, f"what {call} returns")
    assert_same(grads, [parameter.grad for parameter in expected], f"grads after {call}")
    assert_same(same, [True] * len(gradients), f"whether grad is still the same tensor after {call}")


def compare_norm(answer, worker, gradients, limit, what, *, generator=False, **tolerance):
    norm, grads, same = worker.define(clipped)(worker.torch, answer.clip_by_global_norm, gradients, limit, generator)
    right = torch.cat([gradient.double().reshape(-1) for gradient in gradients if gradient is not None] or [torch.zeros(1).double()])
    right = right.square().sum().sqrt().item()
    call = f"clip_by_global_norm(parameters, {limit:g}), {what}"
    assert_same(norm, right, f"what {call} returns", **tolerance)
    factor = limit / right if limit < right < math.inf else 1.0
    expected = [None if gradient is None else (gradient.double() * factor).to(gradient.dtype) for gradient in gradients]
    assert_same(grads, expected, f"grads after {call}", **tolerance)
    assert_same(same, [True] * len(gradients), f"whether grad is still the same tensor after {call}")


def test_value(answer, draw, worker):
    """By value: every entry into [-limit, limit]
    按值：每个元素限制在 [-limit, limit]"""
    for limit in (0.5, 0.0, 100.0):
        compare_value(answer, worker, some(draw), limit, "four parameters")


@pytest.mark.after("test_value")
def test_value_special(answer, draw, worker):
    """By value: None, infinities, generators
    按值：None、无穷、生成器"""
    compare_value(answer, worker, [None, *some(draw), None], 0.5, "two grads None", generator=True)
    compare_value(answer, worker, [torch.tensor([math.inf, -math.inf, 0.25, -3.0])], 0.5, "infinite entries")
    compare_value(answer, worker, [None], 0.5, "no grad at all")


def test_global_norm(answer, draw, worker):
    """By norm: one norm over all parameters
    按范数：所有参数共一个范数"""
    for limit in (1.0, 0.1):
        compare_norm(answer, worker, some(draw, 3.0), limit, "four parameters")
    compare_norm(answer, worker, [100 * draw.normal(3, dtype=torch.float64), 0.01 * draw.normal(2, dtype=torch.float64)], 1.0, "unequal parameters")


@pytest.mark.after("test_global_norm")
@pytest.mark.parametrize("limit", [5.0, 1e6, 13.1])
def test_below_the_limit(answer, worker, limit):
    """By norm: nothing changes below the limit
    按范数：未超过上限时毫不改变"""
    gradients = [torch.tensor([3.0, 0.0], dtype=torch.float64), torch.tensor([[4.0]], dtype=torch.float64)]
    if limit > 13:
        gradients.append(torch.tensor(12.0, dtype=torch.float64))
    compare_norm(answer, worker, gradients, limit, f"norm {'5' if limit == 5 else '13'}", rtol=0.0, atol=0.0)  # 3, 4 and 12 are exact


@pytest.mark.after("test_global_norm")
def test_none(answer, draw, worker):
    """By norm: None, generators, no grad at all
    按范数：None、生成器、完全没有 grad"""
    compare_norm(answer, worker, [None, *some(draw, 3.0), None], 0.5, "two grads None")
    compare_norm(answer, worker, some(draw, 3.0), 0.5, "a generator", generator=True)
    for gradients in ([None, None], []):
        compare_norm(answer, worker, gradients, 0.5, "no grad at all")


@pytest.mark.after("test_global_norm")
def test_not_finite(answer, draw, worker):
    """By norm: infinity and nan are reported, not spread
    按范数：无穷与 nan 只报告，不扩散"""
    for bad in (math.inf, -math.inf, math.nan):
        gradients = some(draw)
        gradients[1][2] = bad
        compare_norm(answer, worker, gradients, 1.0, f"one entry {bad}")


@pytest.mark.after("test_below_the_limit", "test_none")
def test_other_sizes(answer, draw, worker):
    """By norm: float32, tiny and huge gradients
    按范数：float32，极小与极大的梯度"""
    compare_norm(answer, worker, some(draw, 3.0, torch.float32), 1.0, "float32", rtol=1e-5)
    for scale, limit in ((1e-8, 1e-9), (1e8, 1.0)):
        compare_norm(answer, worker, some(draw, scale), limit, f"gradients of size {scale:g}", atol=0.0)
    compare_norm(answer, worker, [torch.zeros(3, dtype=torch.float64)], 1.0, "zeros")


def accumulated(torch, accumulate, weights, x, y, size, start):
    """What accumulate returns, the grads, and at each call of loss: how many samples, and the grads so far."""
    first, second = (weight.clone().requires_grad_() for weight in weights)
    first.grad, second.grad = (None if start is None else torch.full_like(weight, start) for weight in weights)
    calls = []

    def loss(part_x, part_y):
        calls.append((len(part_x), len(part_y), [None if p.grad is None else p.grad.clone() for p in (first, second)]))
        return ((torch.tanh(part_x @ first) @ second - part_y) ** 2).mean()

    return accumulate(loss, x, y, size), [first.grad, second.grad], calls


def compare_accumulation(answer, draw, worker, batch, size, start=None):
    weights = [draw.normal(3, 4, dtype=torch.float64), draw.normal(4, 2, dtype=torch.float64)]
    x, y = draw.normal(batch, 3, dtype=torch.float64), 3 * draw.normal(batch, 2, dtype=torch.float64)
    mean, grads, calls = worker.define(accumulated)(worker.torch, answer.accumulate, weights, x, y, size, start)

    leaves = [weight.clone().requires_grad_() for weight in weights]

    def losses(count):
        return ((torch.tanh(x[:count] @ leaves[0]) @ leaves[1] - y[:count]) ** 2).sum() / (2 * batch)

    def grads_of(count):
        found = torch.autograd.grad(losses(count), leaves)
        return [grad + (start or 0.0) for grad in found]

    what = f"{batch} samples in parts of {size}" + ("" if start is None else ", grads from before")
    assert_same([call[0] for call in calls], [min(size, batch - begin) for begin in range(0, batch, size)], f"sizes of x_part, {what}")
    assert_same([call[1] for call in calls], [call[0] for call in calls], f"sizes of y_part, {what}")
    assert_same(grads, grads_of(batch), f"grads after accumulate, {what}")
    assert_same(mean, losses(batch).item(), f"what accumulate returns, {what}")
    for number, call in enumerate(calls[1:], start=1):
        assert_same(call[2], grads_of(number * size), f"grads when loss is called for part {number}, {what}")


@pytest.mark.parametrize("size", [2, 6, 1])
def test_equal_parts(answer, draw, worker, size):
    """accumulate: parts of equal size
    accumulate：各部分大小相等"""
    compare_accumulation(answer, draw, worker, 6, size)
    compare_accumulation(answer, draw, worker, 6, size, start=1.0)


@pytest.mark.after("test_equal_parts")
@pytest.mark.parametrize(("batch", "size"), [(7, 3), (5, 4), (2, 10)])
def test_short_last_part(answer, draw, worker, batch, size):
    """accumulate: a shorter last part
    accumulate：最后一部分较短"""
    compare_accumulation(answer, draw, worker, batch, size)
