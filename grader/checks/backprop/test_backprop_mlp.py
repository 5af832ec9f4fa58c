"""The reference is the same network in PyTorch, differentiated by torch.autograd in float64; the digits are real."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_between, assert_fast, assert_raises, assert_same, assert_true
from grader.data import digits

SIZES = [(5, 3), (6, 4, 3), (7, 5, 4, 3), (4, 5, 5, 5, 5)]
ACTIVATIONS = ["relu", "tanh"]


def network(draw, sizes, dtype=torch.float64):
    """Random weights, each element different, biases included."""
    return [
        ((draw.normal(n_in, n_out, dtype=dtype) / math.sqrt(n_in)).numpy(), (0.5 * draw.normal(n_out, dtype=dtype)).numpy())
        for n_in, n_out in pairwise(sizes)
    ]


def batch_of(draw, n, sizes, dtype=torch.float64):
    return draw.normal(n, sizes[0], dtype=dtype).numpy(), draw.integers(0, sizes[-1], (n,)).numpy()


def through(x, weights, activation):
    outputs = [x]
    for W, b in weights[:-1]:
        outputs.append(getattr(torch, activation)(outputs[-1] @ W + b))
    W, b = weights[-1]
    return [*outputs, outputs[-1] @ W + b]


def as_tensors(weights, *, grad=False):
    return [tuple(torch.tensor(array, dtype=torch.float64, requires_grad=grad) for array in pair) for pair in weights]


def reference_outputs(x, weights, activation):
    outputs = through(torch.tensor(x, dtype=torch.float64), as_tensors(weights), activation)
    return [output.numpy().astype(x.dtype) for output in outputs]


def reference_gradients(x, labels, weights, activation):
    leaf, tensors = torch.tensor(x, dtype=torch.float64, requires_grad=True), as_tensors(weights, grad=True)
    F.cross_entropy(through(leaf, tensors, activation)[-1], torch.tensor(labels)).backward()
    gradients = [(W.grad.numpy().astype(x.dtype), b.grad.numpy().astype(x.dtype)) for W, b in tensors]
    return gradients, leaf.grad.numpy().astype(x.dtype)


def compare_gradients(answer, batch, weights, activation, what, *, parts="Wbx", **tolerance):
    x, labels = batch
    outputs = reference_outputs(x, weights, activation)
    gradients, x_gradient = answer.backward(outputs, labels, weights, activation)
    expected, expected_x = reference_gradients(x, labels, weights, activation)
    assert_same(len(gradients), len(weights), "len(gradients)")
    for layer in reversed(range(len(weights))):
        for part, name in enumerate("Wb"):
            if name in parts:
                assert_same(gradients[layer][part], expected[layer][part], f"d{name} of layer {layer}, {what}", **tolerance)
    if "x" in parts:
        assert_same(x_gradient, expected_x, f"x_gradient, {what}", **tolerance)


def fits(answer, x, labels, *args):
    return [tuple(pair) for pair in answer.fit(x, labels, *args)]


@pytest.mark.parametrize("sizes", [(5, 3), (6, 4, 3), (9, 7, 8, 2)], ids=str)
def test_init(answer, draw, sizes):
    """init: shapes, dtype and zero biases
    init：形状、数据类型与零偏置"""
    weights = answer.init(sizes, int(draw.integers(0, 1000, ())))
    assert_same(len(weights), len(sizes) - 1, "len(init(sizes, seed))")
    for layer, (W, b) in enumerate(weights):
        assert_same(list(W.shape), list(sizes[layer : layer + 2]), f"W.shape of layer {layer}")
        assert_same(W.dtype.name, "float64", f"W.dtype of layer {layer}")
        assert_same(b, np.zeros(sizes[layer + 1]), f"b of layer {layer}")


def test_init_spread(answer, draw):
    """init: normal, variance 2 / n_in, layers independent
    init：正态分布，方差 2 / n_in，各层独立"""
    seed = int(draw.integers(0, 1000, ()))
    for W, _ in answer.init((200, 150, 150, 150, 50), seed):
        scaled = W * math.sqrt(len(W) / 2)
        # six standard errors of each statistic over 7,500 entries or more
        assert_between(float(scaled.mean()), -0.07, 0.07, "mean of W * sqrt(n_in / 2)")
        assert_between(float(scaled.std()), 0.95, 1.05, "standard deviation of W * sqrt(n_in / 2)")
        assert_between(float((scaled**4).mean()), 2.5, 3.5, "fourth moment of W * sqrt(n_in / 2), 3 for a normal distribution")
    (_, _), (second, _), (third, _), _ = answer.init((200, 150, 150, 150, 50), seed)
    correlation = float(np.corrcoef(second.ravel(), third.ravel())[0, 1])
    assert_between(correlation, -0.05, 0.05, "correlation of two layers of equal shape")


def test_init_seed(answer, draw):
    """init: the seed decides
    init：由种子决定"""
    seed = int(draw.integers(0, 1000, ()))
    first, again, other = answer.init((6, 5, 3), seed), answer.init((6, 5, 3), seed), answer.init((6, 5, 3), seed + 1)
    for layer in range(2):
        assert_same(again[layer][0], first[layer][0], f"W of layer {layer} from the same seed")
        differs = not np.allclose(first[layer][0], other[layer][0])
        assert_true(differs, f"W of layer {layer}", "two seeds give the same weights", "两个不同的种子给出了相同的权重")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_forward(answer, draw, sizes, activation, dtype):
    """forward: the output of every layer
    forward：每一层的输出"""
    weights = network(draw, sizes, dtype)
    x, _ = batch_of(draw, 6, sizes, dtype)
    outputs = answer.forward(x, weights, activation)
    expected = reference_outputs(x, weights, activation)
    assert_same(len(outputs), len(expected), "len(outputs)")
    for layer, (output, right) in enumerate(zip(outputs, expected, strict=True)):
        assert_same(output, right, f"outputs[{layer}], {activation}")


def test_forward_by_default(answer, draw):
    """forward: relu is the default, a batch of one, views
    forward：默认 relu，单个样本，非连续输入"""
    weights = network(draw, (4, 5, 3))
    for x in (draw.normal(1, 4, dtype=torch.float64), draw.normal(4, 6, dtype=torch.float64).T, draw.normal(9, 8, dtype=torch.float64)[::2, ::2]):
        assert_same(list(answer.forward(x.numpy(), weights)), reference_outputs(x.numpy(), weights, "relu"), "forward(x, weights)")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("shape", [(6, 4), (1, 3), (30, 2)], ids=str)
def test_cross_entropy(answer, draw, shape, dtype):
    """cross_entropy: the mean over the batch
    cross_entropy：对批次取平均"""
    logits, labels = 2 * draw.normal(*shape, dtype=dtype), draw.integers(0, shape[1], (shape[0],))
    loss = answer.cross_entropy(logits.numpy(), labels.numpy())
    assert_true(isinstance(loss, float), "cross_entropy(logits, labels)", f"it is no float: {loss!r}", f"它不是浮点数：{loss!r}")
    tolerance = {"rtol": 1e-5, "atol": 1e-6} if dtype == torch.float32 else {}  # a Python float, computed from float32 logits
    assert_same(loss, F.cross_entropy(logits.double(), labels).item(), "cross_entropy(logits, labels)", **tolerance)


def test_cross_entropy_of_large_logits(answer, draw):
    """cross_entropy: logits of 10,000
    cross_entropy：大小为 10,000 的 logits"""
    logits, labels = draw.normal(5, 4, dtype=torch.float64), draw.integers(0, 4, (5,))
    for scale, offset in ((1e4, 0.0), (1.0, 1e4), (1.0, -1e4), (300.0, 0.0)):
        case = logits * scale + offset
        # 1e-8: one rounding of a logit of 10,000 is already 1e-12
        assert_same(answer.cross_entropy(case.numpy(), labels.numpy()), F.cross_entropy(case, labels).item(), "cross_entropy", rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_gradient_of_W(answer, draw, sizes, activation):
    """backward: the gradient of every W
    backward：每个 W 的梯度"""
    weights = network(draw, sizes)
    compare_gradients(answer, batch_of(draw, 6, sizes), weights, activation, activation, parts="W")


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_gradient_of_b(answer, draw, sizes, activation):
    """backward: the gradient of every b
    backward：每个 b 的梯度"""
    weights = network(draw, sizes)
    compare_gradients(answer, batch_of(draw, 6, sizes), weights, activation, activation, parts="b")


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_gradient_of_x(answer, draw, sizes, activation):
    """backward: the gradient of the input
    backward：输入的梯度"""
    weights = network(draw, sizes)
    compare_gradients(answer, batch_of(draw, 6, sizes), weights, activation, activation, parts="x")


@pytest.mark.after("test_gradient_of_W")
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_other_batches(answer, draw, activation):
    """backward: a batch of one, a large one, views, float32, relu by default
    backward：单个样本、大批次、非连续输入、float32、默认 relu"""
    sizes = (5, 6, 4)
    weights = network(draw, sizes)
    for n in (1, 2, 50):
        compare_gradients(answer, batch_of(draw, n, sizes), weights, activation, f"batch of {n}")
    x, labels = batch_of(draw, 5, sizes)
    strided = [(np.asfortranarray(W), np.repeat(b, 2)[::2]) for W, b in weights]
    compare_gradients(answer, (np.asfortranarray(x), np.repeat(labels, 2)[::2]), strided, activation, "strided arrays")
    single = network(draw, sizes, torch.float32)
    compare_gradients(answer, batch_of(draw, 6, sizes, torch.float32), single, activation, "float32")
    gradients, x_gradient = answer.backward(reference_outputs(x, weights, "relu"), labels, weights)
    expected, expected_x = reference_gradients(x, labels, weights, "relu")
    assert_same([list(pair) for pair in gradients], [list(pair) for pair in expected], "gradients without an activation named")
    assert_same(x_gradient, expected_x, "x_gradient without an activation named")


@pytest.mark.after("test_gradient_of_W")
def test_relu_at_zero(answer, draw):
    """backward: relu at exactly 0
    backward：relu 恰在 0 处"""
    sizes = (3, 4, 3)
    weights = network(draw, sizes)
    (W, b), last = weights
    x, labels = batch_of(draw, 4, sizes)
    x[1] = 0.0
    compare_gradients(answer, (x, labels), [(W, 0 * b), last], "relu", "relu at 0")


@pytest.mark.after("test_gradient_of_W")
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_of_large_logits(answer, draw, activation):
    """backward: logits of 10,000
    backward：大小为 10,000 的 logits"""
    sizes = (4, 5, 3)
    first, (W, b) = network(draw, sizes)
    x, labels = batch_of(draw, 5, sizes)
    # 1e-8: one rounding of a logit of 10,000 is already 1e-12, and weights of 10,000 magnify it
    for weights in ([first, (1e4 * W, b)], [first, (W, b + 1e4)], [first, (W, b - 1e4)]):
        compare_gradients(answer, (x, labels), weights, activation, "large logits", rtol=1e-8, atol=1e-7)


def test_unknown_activation(answer, draw):
    """Another activation raises ValueError
    其他激活函数抛出 ValueError"""
    weights = network(draw, (4, 3, 2))
    x, labels = batch_of(draw, 5, (4, 3, 2))
    for activation in ("gelu", "", "Relu"):
        assert_raises(ValueError, answer.forward, x, weights, activation)
        assert_raises(ValueError, answer.backward, reference_outputs(x, weights, "relu"), labels, weights, activation)


@pytest.mark.after("test_gradient_of_W", "test_gradient_of_b")
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_sgd_step(answer, draw, sizes, activation):
    """sgd_step: three steps in a row
    sgd_step：连续三步"""
    weights = network(draw, sizes)
    expected = weights
    for rate in (0.1, 0.5, 0.02):
        x, labels = batch_of(draw, 6, sizes)
        loss, weights = answer.sgd_step(x, labels, weights, rate, activation)
        right = F.cross_entropy(torch.tensor(reference_outputs(x, expected, activation)[-1]), torch.tensor(labels))
        gradients, _ = reference_gradients(x, labels, expected, activation)
        expected = [(W - rate * dW, b - rate * db) for (W, b), (dW, db) in zip(expected, gradients, strict=True)]
        assert_same(loss, right.item(), "loss before the step")
        assert_same(len(weights), len(expected), "len(new_weights)")
        for layer in range(len(expected)):
            for part, name in enumerate("Wb"):
                assert_same(weights[layer][part], expected[layer][part], f"new {name} of layer {layer}, learning_rate={rate}")


@pytest.mark.after("test_sgd_step")
def test_sgd_step_by_default(answer, draw):
    """sgd_step: relu by default, float32 stays float32
    sgd_step：默认 relu，float32 保持为 float32"""
    sizes = (5, 4, 3)
    weights = network(draw, sizes, torch.float32)
    x, labels = batch_of(draw, 7, sizes, torch.float32)
    loss, updated = answer.sgd_step(x, labels, weights, 0.25)
    expected, _ = reference_gradients(x, labels, weights, "relu")
    assert_true(isinstance(loss, float), "loss", f"it is no float: {loss!r}", f"它不是浮点数：{loss!r}")
    for layer, (new, old, gradient) in enumerate(zip(updated, weights, expected, strict=True)):
        for part, name in enumerate("Wb"):
            assert_same(new[part], old[part] - np.float32(0.25) * gradient[part], f"new {name} of layer {layer}")


@pytest.mark.after("test_sgd_step")
@pytest.mark.parametrize("sizes", [(64, 10), (64, 12, 9, 10)], ids=str)
def test_fit_shapes(answer, draw, sizes):
    """fit: any number of layers, few images
    fit：任意层数，少量图像"""
    x, labels, _, _ = (array.numpy() for array in digits(draw))
    expected = [[[n_in, n_out], [n_out]] for n_in, n_out in pairwise(sizes)]
    for n in (50, 5, 1):
        weights = fits(answer, x[:n], labels[:n], sizes, 3, "tanh")
        assert_same([[list(W.shape), list(b.shape)] for W, b in weights], expected, f"shapes of fit(x, labels, sizes, 3), {n} images")
        assert_true(
            all(np.isfinite(W).all() and np.isfinite(b).all() for W, b in weights), "fit(x, labels, sizes, 3)", "inf or nan", "出现 inf 或 nan"
        )


@pytest.mark.after("test_fit_shapes")
def test_fit_seed(answer, draw):
    """fit: the seed decides everything
    fit：一切由种子决定"""
    x, labels, _, _ = (array.numpy() for array in digits(draw))
    seed = int(draw.integers(0, 1000, ()))
    first, again, other = (fits(answer, x[:200], labels[:200], (64, 16, 10), s) for s in (seed, seed, seed + 1))
    for layer in range(2):
        for part, name in enumerate("Wb"):
            assert_same(again[layer][part], first[layer][part], f"{name} of layer {layer}, fitted again with the same seed")
        differs = not np.allclose(first[layer][0], other[layer][0])
        assert_true(differs, f"W of layer {layer}", "two seeds give the same weights", "两个不同的种子给出了相同的权重")


@pytest.mark.after("test_fit_shapes")
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_fit_on_digits(answer, worker, draw, activation):
    """fit: 95 % of unseen digits
    fit：认出 95 % 的新数字"""
    right = []
    for _ in range(2):
        x, labels, test_x, test_labels = digits(draw)
        with worker.timed() as clock:
            weights = fits(answer, x.numpy(), labels.numpy(), (64, 64, 10), int(draw.integers(0, 1000, ())), activation)
        logits = through(test_x.double(), as_tensors(weights), activation)[-1]
        right.append((logits.argmax(dim=1) == test_labels).double().mean().item())
        # some 0.2 s; the statement allows 10
        assert_fast(clock.seconds, 10.0, "fit on 1,437 digits")
    # the mean of two splits: one split alone strays by a percent
    assert_between(sum(right) / 2, 0.95, 1.0, f"accuracy on unseen digits, {activation}")


@pytest.mark.after("test_fit_shapes")
def test_fit_by_default(answer, draw):
    """fit: relu by default
    fit：默认 relu"""
    x, labels, _, _ = (array.numpy() for array in digits(draw))
    named, default = fits(answer, x[:100], labels[:100], (64, 16, 10), 5, "relu"), fits(answer, x[:100], labels[:100], (64, 16, 10), 5)
    for layer in range(2):
        assert_same(default[layer][0], named[layer][0], f"W of layer {layer}, no activation named")
