"""The reference is the layers one after another as torch.nn.Sequential would run them, in float64, and its Jacobian by autograd."""

from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same, assert_true

SIZES = [(4, 3, 5), (3, 3, 3), (2, 5, 4, 3), (5, 4, 4, 4, 2), (3, 1, 2), (4, 2)]
CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def network(draw, sizes, dtype=torch.float64):
    return [(draw.normal(n_out, n_in, dtype=dtype), draw.normal(n_out, dtype=dtype)) for n_in, n_out in pairwise(sizes)]


def arrays(layers):
    return [(W.numpy(), b.numpy()) for W, b in layers]


def run(layers, x, *, relu):
    for place, (W, b) in enumerate(layers, start=1):
        x = F.linear(x, W.double(), b.double())
        if relu and place < len(layers):
            x = x.relu()
    return x


def map_around(layers, x, *, relu):
    """(W, b): the rows of W are gradients of the outputs at x; b is what is missing to the value. In float64, rounded to the layers' dtype."""
    leaf = x.double().clone().requires_grad_()
    outputs = run(layers, leaf, relu=relu)
    rows = [torch.autograd.grad(output, leaf, retain_graph=True)[0] for output in outputs]
    W = torch.stack(rows)
    b = outputs.detach() - W @ x.double()
    return W.to(x.dtype).numpy(), b.to(x.dtype).numpy()


def compare_collapse(answer, layers, what, **tolerance):
    expected = map_around(layers, torch.zeros(layers[0][0].shape[1], dtype=layers[0][0].dtype), relu=False)
    assert_same(tuple(answer.collapse(arrays(layers))), expected, what, **tolerance)


def compare_piece(answer, layers, x, what, **tolerance):
    assert_same(tuple(answer.affine_piece(arrays(layers), x.numpy())), map_around(layers, x, relu=True), what, **tolerance)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_collapse(answer, draw, sizes):
    """collapse: one affine map for the whole stack
    collapse：整叠层合成一个仿射变换"""
    compare_collapse(answer, network(draw, sizes), f"collapse, sizes {sizes}")


@pytest.mark.after("test_collapse")
def test_collapse_float32(answer, draw):
    """collapse: float32, and weights that are views
    collapse：float32，以及作为视图的权重"""
    # 1e-5: sums of a few products of size 1 may nearly cancel
    compare_collapse(answer, network(draw, (4, 3, 5, 2), torch.float32), "collapse in float32", atol=1e-5)
    compare_collapse(answer, [(W.T.contiguous().T, b) for W, b in network(draw, (4, 3, 5))], "collapse of views")


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_piece(answer, draw, sizes):
    """affine_piece: weights and bias around x
    affine_piece：x 附近的权重与偏置"""
    layers = network(draw, sizes)
    for _ in range(4):
        compare_piece(answer, layers, draw.normal(sizes[0], dtype=torch.float64), f"affine_piece, sizes {sizes}")
    if len(layers) == 3:
        (W1, b1), (W2, b2), last = layers
        x = draw.normal(sizes[0], dtype=torch.float64)
        compare_piece(answer, [(W1, b1.abs() + 100), (W2.abs(), b2.abs()), last], x, "affine_piece, all units on")
        compare_piece(answer, [(W1, b1.abs() - 100), (W2, b2.abs() + 0.1), last], x, "affine_piece, the first layer off")


@pytest.mark.after("test_piece")
def test_piece_float32(answer, draw):
    """affine_piece: float32
    affine_piece：输入为 float32"""
    # 1e-5: sums of a few products of size 1 may nearly cancel
    compare_piece(answer, network(draw, (4, 3, 5, 2), torch.float32), draw.normal(4), "affine_piece in float32", atol=1e-5)


@pytest.mark.after("test_piece")
def test_piece_at_zero(answer, draw):
    """affine_piece: a sum of exactly 0 counts as off
    affine_piece：恰好为 0 的加权和视为关闭"""
    (W1, b1), (W2, b2) = network(draw, (3, 4, 2))
    x = draw.normal(3, dtype=torch.float64)
    W1[1], b1[1] = 0.0, 0.0
    W1[2], b1[2] = torch.tensor([0.0, 1.0, 0.0]), 0.0
    x[1] = 0.0
    compare_piece(answer, [(W1, b1), (W2, b2)], x, "affine_piece, units with a sum of 0")


def test_xor_shapes(answer):
    """xor_weights: shapes and dtype
    xor_weights：形状与数据类型"""
    layers = answer.xor_weights()
    assert_same(len(layers), 2, "len(xor_weights())")
    for place, (weights, shapes) in enumerate(zip(layers, [((2, 2), (2,)), ((1, 2), (1,))], strict=True), start=1):
        assert_same(len(weights), 2, f"len of layer {place}")
        for array, shape, name in zip(weights, shapes, "Wb", strict=True):
            assert_same(tuple(array.shape), shape, f"{name}{place}.shape")
            assert_same(array.dtype.name, "float64", f"{name}{place}.dtype")


@pytest.mark.after("test_xor_shapes")
def test_xor(answer):
    """xor_weights: 0, 1, 1, 0, exactly
    xor_weights：恰好是 0、1、1、0"""
    (W1, b1), (W2, b2) = answer.xor_weights()
    output = np.maximum(CORNERS @ W1.T + b1, 0) @ W2.T + b2
    assert_same(output.round(2) + 0.0, np.array([[0.0], [1.0], [1.0], [0.0]]), "the outputs, rounded to two decimals")
    exact = bool((output == np.array([[0.0], [1.0], [1.0], [0.0]])).all())
    assert_true(exact, "", f"nearly, but the outputs are {output.ravel().tolist()}, not exactly 0, 1, 1, 0",
                f"只差一点：输出是 {output.ravel().tolist()}，而不恰好是 0、1、1、0")  # fmt: skip
