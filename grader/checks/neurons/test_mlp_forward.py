"""The reference is an nn.Sequential of nn.Linear and activations with the same weights."""

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from grader.compare import assert_between, assert_raises, assert_same, assert_same_gradient

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
SIZES = [(4, 3), (3, 5, 2), (4, 4, 4, 4), (2, 6, 3, 5, 1)]


def pair(answer, draw, sizes, activation, dtype=torch.float32):
    """The learner's model and the reference's, with the same fresh weights of size 1."""
    ours = answer.MLP(sizes, activation)
    if dtype == torch.float64:
        ours.double()
    theirs, weights = [], {}
    for place, (n_in, n_out) in enumerate(pairwise(sizes)):
        linear = nn.Linear(n_in, n_out, dtype=dtype)
        own = {"weight": draw.normal(n_out, n_in, dtype=dtype), "bias": draw.normal(n_out, dtype=dtype)}
        linear.load_state_dict(own)
        weights |= {f"layers.{place}.{name}": value for name, value in own.items()}
        theirs += [linear, ACTIVATIONS[activation]()]
    ours.load_state_dict(weights)
    return ours, nn.Sequential(*theirs[:-1])


def state(model):
    return [(name, tuple(value.shape), value.dtype) for name, value in model.state_dict().items()]


def trainable(model):
    return [name for name, _ in model.named_parameters()]


def test_affine_state(answer, worker):
    """Affine: names and shapes of the parameters
    Affine：参数的名称与形状"""
    expected = [("bias", (5,), torch.float32), ("weight", (5, 3), torch.float32)]
    assert_same(sorted(worker.define(state)(answer.Affine(3, 5))), expected, "names, shapes and dtypes in Affine(3, 5).state_dict()")


@pytest.mark.after("test_affine_state")
def test_affine(answer, draw):
    """Affine: values
    Affine：函数值"""
    for n_in, n_out in [(3, 5), (4, 4), (1, 2)]:
        ours, weight, bias, x = answer.Affine(n_in, n_out), draw.normal(n_out, n_in), draw.normal(n_out), draw.normal(6, n_in)
        ours.load_state_dict({"weight": weight, "bias": bias})
        # 1e-5: sums of a few products of size 1, in float32
        assert_same(ours(x), F.linear(x, weight, bias), f"Affine({n_in}, {n_out})(x)", atol=1e-5)


@pytest.mark.after("test_affine_state")
def test_initial_values(answer, draw, worker):
    """Affine: initial values
    Affine：初始值"""
    worker.seed(draw.integers(0, 2**31, ()).item())
    for n_in, n_out in [(64, 256), (16, 256)]:
        bound = n_in**-0.5
        for name, value in answer.Affine(n_in, n_out).state_dict().items():
            # 256 numbers or more: P(all below 0.88 bounds) < 1e-14; mean and standard deviation with seven standard errors
            what = f"Affine({n_in}, {n_out}).{name}"
            assert_between(value.abs().max().item() / bound, 0.88, 1.0 + 1e-6, f"{what}.abs().max() * sqrt(n_in)")
            assert_between(value.mean().item() / bound, -0.26, 0.26, f"{what}.mean() * sqrt(n_in)")
            assert_between(value.std().item() / bound, 0.46, 0.7, f"{what}.std() * sqrt(n_in)")


def test_state(answer, worker):
    """MLP: the entries of state_dict, all of them parameters
    MLP：state_dict 的条目，全都是参数"""
    model = answer.MLP((4, 5, 5, 5, 3))
    expected = []
    for place, (n_in, n_out) in enumerate(pairwise((4, 5, 5, 5, 3))):
        expected += [(f"layers.{place}.bias", (n_out,), torch.float32), (f"layers.{place}.weight", (n_out, n_in), torch.float32)]
    assert_same(sorted(worker.define(state)(model)), expected, "names, shapes and dtypes in MLP((4, 5, 5, 5, 3)).state_dict()")
    assert_same(sorted(worker.define(trainable)(model)), [name for name, *_ in expected], "names in model.named_parameters()")


@pytest.mark.after("test_state")
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_forward(answer, draw, activation):
    """MLP: values at several depths
    MLP：不同深度的输出"""
    for sizes in SIZES:
        ours, theirs = pair(answer, draw, sizes, activation)
        x = draw.normal(6, sizes[0])
        # 1e-5: sums of a few products of size 10, in float32
        assert_same(ours(x), theirs(x).detach(), f'MLP({sizes}, "{activation}")(x)', atol=1e-5)


@pytest.mark.after("test_forward")
def test_default_activation(answer, draw):
    """MLP: relu by default, sizes as a list
    MLP：默认 relu，sizes 可以是列表"""
    _, theirs = pair(answer, draw, (3, 8, 2), "relu")
    ours = answer.MLP([3, 8, 2])
    ours.load_state_dict({f"layers.{int(name[0]) // 2}{name[1:]}": value for name, value in theirs.state_dict().items()})
    x = draw.normal(5, 3)
    # 1e-5: as for the values
    assert_same(ours(x), theirs(x).detach(), "MLP([3, 8, 2])(x)", atol=1e-5)


@pytest.mark.after("test_forward")
def test_leading_dimensions(answer, draw):
    """MLP: more leading dimensions, none, and an empty batch
    MLP：更多的前导维、没有前导维、空批次"""
    ours, theirs = pair(answer, draw, (3, 4, 2), "tanh", torch.float64)
    for shape in [(2, 5, 3), (3,), (1, 3), (0, 3), (2, 0, 3)]:
        x = draw.normal(*shape, dtype=torch.float64)
        assert_same(ours(x), theirs(x).detach(), f"model(x), x {shape}")
    x = draw.normal(3, 6, dtype=torch.float64).T
    assert_same(ours(x), theirs(x).detach(), "model(x), x a transposed view")


@pytest.mark.after("test_leading_dimensions")
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients(answer, draw, worker, activation):
    """MLP: gradients of x and of all parameters
    MLP：x 与所有参数的梯度"""
    ours, theirs = pair(answer, draw, (3, 5, 4, 2), activation, torch.float64)
    x = draw.normal(6, 3, dtype=torch.float64)
    assert_same_gradient(ours, theirs, (x,), 0, "x.grad", worker=worker)
    theirs.zero_grad()
    theirs(x).square().sum().backward()
    worker.keep(worker.define(squared), ours, x).backward()
    for place, linear in enumerate(theirs[::2]):
        layer = worker.ref(ours).layers[place]
        for name in ("weight", "bias"):
            assert_same(worker.fetch(getattr(layer, name).grad), getattr(linear, name).grad, f"model.layers[{place}].{name}.grad")


def squared(model, x):
    return model(x).square().sum()


def test_refusals(answer):
    """MLP: too few sizes and unknown activations
    MLP：sizes 太短、激活函数未知"""
    for sizes in [(3,), ()]:
        assert_raises(ValueError, answer.MLP, sizes)
    for activation in ("softmax", "ReLU", "exp"):
        assert_raises(ValueError, answer.MLP, (3, 4, 2), activation)
        assert_raises(ValueError, answer.MLP, (3, 2), activation)
