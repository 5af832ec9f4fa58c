"""The reference is the same network in torch, differentiated by autograd in float64; the digits are real."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_between, assert_same, assert_true
from grader.data import digits

NAMES = ["W1", "b1", "W2", "b2"]


def fresh(draw, n_in, n_hidden, n_out):
    shapes = [(n_in, n_hidden), (n_hidden,), (n_hidden, n_out), (n_out,)]
    return {name: draw.normal(*shape, dtype=torch.float64).numpy() for name, shape in zip(NAMES, shapes, strict=True)}


def through(x, weights):
    hidden = torch.tanh(x @ weights["W1"] + weights["b1"])
    return hidden, hidden @ weights["W2"] + weights["b2"]


def tensors(weights, *, grad=False):
    return {name: torch.tensor(weights[name], requires_grad=grad) for name in NAMES}


def reference_gradients(x, labels, weights):
    leaves = tensors(weights, grad=True)
    F.cross_entropy(through(torch.tensor(np.atleast_2d(x)), leaves)[1], torch.tensor(labels)).backward()
    return {name: leaves[name].grad.numpy() for name in NAMES}


def logits_of(draw, shape, scale):
    return (scale * draw.normal(*shape, dtype=torch.float64)).numpy()


@pytest.mark.parametrize("shape", [(4, 3), (1, 5), (6, 6)], ids=str)
def test_softmax(answer, draw, shape):
    """softmax: every row by itself
    softmax：逐行归一化"""
    z = logits_of(draw, shape, 2.0)
    assert_same(answer.softmax(z), torch.tensor(z).softmax(dim=1).numpy(), f"softmax(z), z {shape}")


@pytest.mark.after("test_softmax")
def test_softmax_of_large_numbers(answer, draw):
    """softmax: entries of 10,000
    softmax：大小为 10,000 的元素"""
    for scale, offset in ((1e4, 0.0), (1.0, 1e4), (1.0, -1e4)):
        z = logits_of(draw, (5, 4), scale) + offset
        assert_same(answer.softmax(z), torch.tensor(z).softmax(dim=1).numpy(), "softmax of large numbers", rtol=1e-8)  # 1e4 is rounded by 1e-12


@pytest.mark.parametrize("shape", [(4, 3), (1, 5), (7, 2)], ids=str)
def test_loss(answer, draw, shape):
    """loss: the mean cross-entropy
    loss：平均交叉熵"""
    logits, labels = logits_of(draw, shape, 2.0), draw.integers(0, shape[1], (shape[0],)).numpy()
    assert_same(answer.loss(logits, labels), F.cross_entropy(torch.tensor(logits), torch.tensor(labels)).item(), f"loss, logits {shape}")


@pytest.mark.after("test_loss")
def test_loss_of_large_logits(answer, draw):
    """loss: logits of 10,000
    loss：大小为 10,000 的 logits"""
    labels = draw.integers(0, 4, (6,)).numpy()
    for scale, offset in ((1e4, 0.0), (1.0, 1e4), (400.0, -1e4)):
        logits = logits_of(draw, (6, 4), scale) + offset
        expected = F.cross_entropy(torch.tensor(logits), torch.tensor(labels)).item()
        assert_same(answer.loss(logits, labels), expected, "loss of large logits", rtol=1e-8)  # as above


def test_init(answer, draw):
    """init: shapes, spread, seed
    init：形状、离散程度、种子"""
    seed = int(draw.integers(0, 10**6))
    weights = answer.init(100, 400, 50, seed)
    assert_same(sorted(weights), sorted(NAMES), "names of the weights")
    for name, shape in zip(NAMES, [(100, 400), (400,), (400, 50), (50,)], strict=True):
        assert_same((weights[name].dtype.name, weights[name].shape), ("float64", shape), f"dtype and shape of {name}")
    assert_same((weights["b1"], weights["b2"]), (np.zeros(400), np.zeros(50)), "b1 and b2")
    for name in ("W1", "W2"):
        scaled = weights[name] * math.sqrt(len(weights[name]))
        # 20,000 entries or more: seven standard errors of mean, deviation and fourth moment
        assert_between(float(scaled.mean()), -0.05, 0.05, f"mean of {name} * sqrt(rows)")
        assert_between(float(scaled.std()), 0.965, 1.035, f"standard deviation of {name} * sqrt(rows)")
        assert_between(float((scaled**4).mean()), 2.5, 3.5, f"fourth moment of {name} * sqrt(rows), 3 for a normal distribution")
    assert_same(answer.init(100, 400, 50, seed), weights, "init with the same seed")
    differs = bool((answer.init(100, 400, 50, seed + 1)["W1"] != weights["W1"]).any())
    assert_true(differs, "init", "two seeds give the same weights", "两个种子给出了相同的权重")


def test_forward(answer, draw):
    """forward: hidden outputs and logits
    forward：隐藏层输出与 logits"""
    weights = fresh(draw, 4, 5, 3)
    for n in (6, 1):
        x = logits_of(draw, (n, 4), 1.0)
        expected = tuple(part.numpy() for part in through(torch.tensor(x), tensors(weights)))
        assert_same(answer.forward(x, weights), expected, f"forward(x, weights), batch of {n}")


@pytest.mark.after("test_forward")
def test_gradients(answer, draw):
    """gradients: all four, of the mean loss
    gradients：平均损失的全部四个梯度"""
    for n, sizes in ((6, (4, 5, 3)), (1, (3, 2, 4)), (9, (2, 7, 2))):
        weights, x = fresh(draw, *sizes), logits_of(draw, (n, sizes[0]), 1.0)
        labels = draw.integers(0, sizes[2], (n,)).numpy()
        found, expected = answer.gradients(x, labels, weights), reference_gradients(x, labels, weights)
        for name in NAMES:
            assert_same(found[name], expected[name], f"gradient of {name}, batch of {n}")


@pytest.mark.after("test_gradients")
def test_single_sample(answer, draw):
    """forward, gradients: a single sample
    forward 与 gradients：单个样本"""
    weights, x, labels = fresh(draw, 4, 5, 3), logits_of(draw, (4,), 1.0), draw.integers(0, 3, (1,)).numpy()
    expected = tuple(part.numpy() for part in through(torch.tensor(x[None]), tensors(weights)))
    assert_same(answer.forward(x, weights), expected, "forward(x, weights), x (n_in,)")
    found, expected = answer.gradients(x, labels, weights), reference_gradients(x, labels, weights)
    for name in NAMES:
        assert_same(found[name], expected[name], f"gradient of {name}, x (n_in,)")


def data_of(draw, n, n_in, classes):
    return logits_of(draw, (n, n_in), 1.0), torch.cat([torch.arange(classes), draw.integers(0, classes, (n - classes,))]).numpy()


@pytest.mark.after("test_gradients", "test_init")
def test_full_batches(answer, draw):
    """train: with one batch an epoch, exact steps
    train：每轮一个批次时的精确步骤"""
    for n in (12, 1):
        x, labels = logits_of(draw, (n, 4), 1.0), draw.integers(0, 3, (n,)).numpy()
        seed = int(draw.integers(0, 10**6))
        expected = {name: value.copy() for name, value in answer.init(4, 6, 3, seed).items()}
        for _ in range(3):
            step = reference_gradients(x, labels, expected)
            expected = {name: expected[name] - 0.5 * step[name] for name in NAMES}
        weights, _ = answer.train(x, labels, 3, 6, 3, 0.5, n, seed)
        for name in NAMES:
            assert_same(weights[name], expected[name], f"{name} after train with 3 epochs of one batch of {n}")


@pytest.mark.after("test_full_batches")
def test_history(answer, draw):
    """train: the loss after every epoch
    train：每一轮之后的损失"""
    x, labels = data_of(draw, 11, 3, 3)
    seed = int(draw.integers(0, 10**6))
    for epochs in (1, 2, 4):
        weights, history = answer.train(x, labels, 3, 5, epochs, 0.3, 4, seed)
        assert_same(len(history), epochs, f"len(history) after {epochs} epochs")
        expected = F.cross_entropy(through(torch.tensor(x), tensors(weights))[1], torch.tensor(labels)).item()
        assert_same(float(history[-1]), expected, f"history[-1] after {epochs} epochs")
        before = history[:-1]
        again = answer.train(x, labels, 3, 5, epochs, 0.3, 4, seed)[1]
        assert_same([float(value) for value in again], [float(value) for value in history], "history of the same call again")
        assert_same(len({float(value) for value in history}), epochs, f"number of different losses among {before} and the last")


def losses_of(x, labels, weights):
    """The mean loss of each of many networks."""
    logits = through(x, weights)[1]
    return F.cross_entropy(logits.movedim(-1, 1), labels.expand(logits.shape[:-1]), reduction="none").mean(dim=-1)


def after_an_epoch(x, labels, weights):
    """What many networks become in one epoch over three rows in batches of two, for each row that may come last."""
    for rows in (torch.tensor([[1, 2], [0, 2], [0, 1]]), torch.tensor([[0], [1], [2]])):
        leaves = {name: value.expand(-1, 3, -1, -1).clone().requires_grad_() for name, value in weights.items()}
        losses_of(x[rows], labels[rows], leaves).sum().backward()
        weights = {name: leaf.detach() - 0.5 * leaf.grad for name, leaf in leaves.items()}
    return weights


@pytest.mark.after("test_history")
def test_batches(answer, draw):
    """train: every row once an epoch, in batches, in a new order
    train：每轮按新的顺序分批，每行各用一次"""
    x, labels = data_of(draw, 3, 2, 3)
    seeds, every = draw.integers(0, 10**6, (24,)).tolist(), torch.arange(24)
    starts = [answer.init(2, 4, 3, seed) for seed in seeds]
    weights = {name: torch.stack([torch.tensor(np.atleast_2d(start[name])) for start in starts])[:, None] for name in NAMES}
    history = torch.tensor([[float(value) for value in answer.train(x, labels, 3, 4, 2, 0.5, 2, seed)[1]] for seed in seeds], dtype=torch.float64)
    x, labels, lasts = torch.tensor(x), torch.tensor(labels), []
    for epoch in range(2):
        weights = after_an_epoch(x, labels, weights)
        losses = losses_of(x, labels, weights)
        last = (losses - history[:, epoch, None]).abs().argmin(dim=1)
        assert_same(history[:, epoch], losses[every, last], f"history[{epoch}], 3 rows in batches of 2, next to the nearest loss of any order")
        weights = {name: value[every, last][:, None] for name, value in weights.items()}
        lasts.append(last.tolist())
    # a third of all orders end with the same row: that 24 seeds agree, or 24 pairs of epochs, happens once in 10^11 runs
    assert_true(lasts[0] != lasts[1], "the order of the rows", "it is the same in every epoch", "每一轮都相同")
    assert_true(len(set(lasts[0])) > 1, "the order of the rows", "it is the same for every seed", "所有种子都相同")


@pytest.mark.after("test_batches", "test_softmax_of_large_numbers", "test_loss_of_large_logits", "test_single_sample")
def test_digits(answer, draw):
    """train: 90 % of unseen digits
    train：认出 90 % 的新数字"""
    x, labels, test_x, test_labels = digits(draw)
    weights, _ = answer.train(x.double().numpy(), labels.numpy(), 10, 32, 12, 0.5, 32, int(draw.integers(0, 1000)))
    found = through(test_x.double(), tensors(weights))[1].argmax(dim=1)
    assert_between((found == test_labels).double().mean().item(), 0.9, 1.0, "accuracy on unseen digits")
