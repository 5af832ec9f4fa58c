"""The reference is torch.autograd in float64, on layers of different and of equal widths, and Adam written out number by number."""

from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same

SIZES = [(4, 3), (5, 6, 3), (7, 5, 4, 3), (4, 4, 4, 4), (3, 8, 2, 6, 5)]


def fresh(draw, sizes):
    return [(draw.normal(n, m, dtype=torch.float64).numpy(), draw.normal(m, dtype=torch.float64).numpy()) for n, m in pairwise(sizes)]


def batch_of(draw, n, sizes):
    return draw.normal(n, sizes[0], dtype=torch.float64).numpy(), draw.integers(0, sizes[-1], (n,)).numpy()


def reference(x, labels, weights):
    """outputs, the gradients of a W + b, and those of the weights."""
    leaves = [tuple(torch.tensor(part, requires_grad=True) for part in pair) for pair in weights]
    a, sums, outputs = torch.tensor(x), [], [x]
    for number, (W, b) in enumerate(leaves, start=1):
        z = a @ W + b
        z.retain_grad()
        sums.append(z)
        a = z.sigmoid() if number < len(leaves) else z.softmax(dim=1)
        outputs.append(a.detach().numpy())
    F.cross_entropy(sums[-1], torch.tensor(labels)).backward()
    return outputs, [z.grad.numpy() for z in sums], [tuple(part.grad.numpy() for part in pair) for pair in leaves]


@pytest.mark.parametrize("sizes", [(4, 3), (2, 5), (4, 4, 4, 4)], ids=str)
def test_error_of_the_last_layer(answer, draw, sizes):
    """errors: at the output
    errors：输出层"""
    for n in (6, 1):
        weights, (x, labels) = fresh(draw, sizes), batch_of(draw, n, sizes)
        outputs, deltas, _ = reference(x, labels, weights)
        found = answer.errors(outputs, labels, weights)
        assert_same(len(found), len(weights), "len(errors(...))")
        assert_same(found[-1], deltas[-1], f"error of the last layer, batch of {n}, sizes {sizes}")


@pytest.mark.after("test_error_of_the_last_layer")
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_errors(answer, draw, sizes):
    """errors: at every hidden layer
    errors：每个隐藏层"""
    weights, (x, labels) = fresh(draw, sizes), batch_of(draw, 6, sizes)
    outputs, deltas, _ = reference(x, labels, weights)
    found = answer.errors(outputs, labels, weights)
    for layer in reversed(range(len(weights))):
        assert_same(found[layer], deltas[layer], f"error of layer {layer + 1} of {len(weights)}, sizes {sizes}")


@pytest.mark.after("test_errors")
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_gradients(answer, draw, sizes):
    """gradients: every W and b
    gradients：每个 W 与 b"""
    for n in (5, 1):
        weights, (x, labels) = fresh(draw, sizes), batch_of(draw, n, sizes)
        outputs, _, expected = reference(x, labels, weights)
        found = answer.gradients(outputs, labels, weights)
        assert_same(len(found), len(weights), "len(gradients(...))")
        for layer, (dW, db) in enumerate(expected):
            assert_same(found[layer][0], dW, f"dW of layer {layer + 1}, batch of {n}, sizes {sizes}")
            assert_same(found[layer][1], db, f"db of layer {layer + 1}, batch of {n}, sizes {sizes}")


@pytest.mark.parametrize("settings", [{}, {"learning_rate": 0.1, "beta1": 0.6, "beta2": 0.8, "eps": 0.01}], ids=["defaults", "others"])
def test_adam(answer, draw, settings):
    """adam_step: three steps in a row
    adam_step：连续三步"""
    rate, beta1, beta2, eps = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, **settings}.values()
    sizes = (3, 4, 2)
    weights = fresh(draw, sizes)
    first, second = [[(np.zeros_like(W), np.zeros_like(b)) for W, b in weights] for _ in range(2)]
    expected = [[part.copy() for part in pair] for pair in weights]
    m, v = ([[np.zeros_like(part) for part in pair] for pair in weights] for _ in range(2))
    for t in (1, 2, 3):
        slopes = fresh(draw, sizes)
        found = answer.adam_step(weights, slopes, first, second, t, **settings)
        weights, first, second = ([tuple(pair) for pair in part] for part in found)
        for layer in range(2):
            for part, name in enumerate("Wb"):
                for place, g in np.ndenumerate(slopes[layer][part]):
                    m[layer][part][place] = beta1 * m[layer][part][place] + (1 - beta1) * g
                    v[layer][part][place] = beta2 * v[layer][part][place] + (1 - beta2) * g * g
                    m_hat, v_hat = m[layer][part][place] / (1 - beta1**t), v[layer][part][place] / (1 - beta2**t)
                    expected[layer][part][place] -= rate * m_hat / (v_hat**0.5 + eps)
                assert_same(first[layer][part], m[layer][part], f"first moment of {name} of layer {layer + 1} after step {t}")
                assert_same(second[layer][part], v[layer][part], f"second moment of {name} of layer {layer + 1} after step {t}")
                assert_same(weights[layer][part], expected[layer][part], f"{name} of layer {layer + 1} after step {t}")
