"""The reference is F.linear, followed by torch.sigmoid, torch.tanh or torch.relu."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_raises, assert_same

ACTIVATIONS = ["identity", "sigmoid", "tanh", "relu"]
SHAPES = [(4, 5, 3), (2, 3, 6), (4, 4, 4), (1, 3, 2), (6, 2, 1), (3, 1, 3)]  # batch, n_in, n_out; where all are equal, a transpose fits


def bend(z, activation):
    return z if activation == "identity" else getattr(torch, activation)(z)


def reference_layer(X, W, b, activation):
    return bend(F.linear(X, W, b), activation)


def compare_neuron(answer, x, w, b, activation):
    expected = bend(torch.dot(w, x) + b, activation).numpy()[()]
    assert_same(answer.neuron(x.numpy(), w.numpy(), b, activation), expected, f'neuron(x, w, b, "{activation}")')


def compare_layer(answer, X, W, b, activation, atol=None):
    expected = reference_layer(X, W, b, activation).numpy()
    what = f'layer(X, W, b, "{activation}"), X {tuple(X.shape)}, W {tuple(W.shape)}'
    assert_same(answer.layer(X.numpy(), W.numpy(), b.numpy(), activation), expected, what, atol=atol)


def rounding(X, W):
    """What the order of the terms can make of a sum: a few roundings of its largest possible size, however small the sum itself is."""
    return 8 * torch.finfo(X.dtype).eps * (X.abs() @ W.abs().T).max().item()


def inputs(draw, batch, n_in, n_out, dtype=torch.float64):
    return draw.normal(batch, n_in, dtype=dtype), draw.normal(n_out, n_in, dtype=dtype), draw.normal(n_out, dtype=dtype)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_neuron(answer, draw, activation):
    """neuron: one number for one sample
    neuron：一个样本得到一个数"""
    for n_in in (5, 2, 1):
        for sign in (1, -1):  # both sides of every activation
            x, w = draw.normal(n_in, dtype=torch.float64), draw.normal(n_in, dtype=torch.float64)
            wanted = sign * draw.uniform(low=0.3, high=2.0).item()
            compare_neuron(answer, x, w, wanted - torch.dot(w, x).item(), activation)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_layer(answer, draw, activation):
    """layer: every neuron for every sample
    layer：每个神经元处理每个样本"""
    for shape in SHAPES:
        compare_layer(answer, *inputs(draw, *shape), activation)


@pytest.mark.after("test_neuron", "test_layer")
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_float32(answer, draw, activation):
    """float32 in, float32 out
    输入 float32，输出也是 float32"""
    compare_neuron(answer, draw.normal(4), draw.normal(4), draw.normal().item(), activation)
    compare_layer(answer, *inputs(draw, 3, 4, 2, torch.float32), activation)


@pytest.mark.after("test_layer")
def test_views(answer, draw):
    """Transposed and sliced arrays
    转置与切片得到的数组"""
    X, W, b = draw.normal(4, 3, dtype=torch.float64).T, draw.normal(5, 8, dtype=torch.float64)[:, ::2], draw.normal(10, dtype=torch.float64)[::2]
    compare_layer(answer, X, W, b, "tanh")


@pytest.mark.after("test_layer")
def test_empty_batch(answer, draw):
    """An empty batch
    空批次"""
    for activation in ACTIVATIONS:
        compare_layer(answer, *inputs(draw, 0, 3, 2), activation)


@pytest.mark.after("test_neuron", "test_layer")
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_large_sums(answer, draw, activation):
    """Sums of 1000 and -1000
    加权和为 ±1000"""
    for sum_ in (1000.0, -1000.0):
        compare_neuron(answer, torch.tensor([sum_, 1.0], dtype=torch.float64), torch.tensor([1.0, 0.5], dtype=torch.float64), -0.5, activation)
    X, W, b = inputs(draw, 4, 3, 2)
    compare_layer(answer, 1000 * X, W, b, activation, rounding(1000 * X, W))
    compare_layer(answer, X.float(), 1000 * W.float(), torch.zeros(2), activation, rounding(X.float(), 1000 * W.float()))


def test_unknown_activation(answer, draw):
    """An unknown activation is refused
    拒绝未知的激活函数"""
    X, W, b = (tensor.numpy() for tensor in inputs(draw, 3, 4, 2))
    for activation in ("softmax", "ReLU", ""):
        assert_raises(ValueError, answer.neuron, X[0], W[0], 0.5, activation)
        assert_raises(ValueError, answer.layer, X, W, b, activation)
