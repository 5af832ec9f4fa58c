"""The reference counts in real nn.Modules; the receptive field is measured by gradients."""

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from grader.compare import assert_raises, assert_same


def build(kind):
    from torch import nn  # noqa: PLC0415 - it runs in the other process

    if kind == "mlp":
        return nn.Sequential(nn.Linear(7, 5), nn.ReLU(), nn.Linear(5, 3, bias=False))
    if kind == "convolution":
        return nn.Sequential(nn.Conv2d(4, 6, 3, groups=2), nn.BatchNorm2d(6), nn.Conv2d(6, 2, 1))
    if kind == "tied":
        embedding, head = nn.Embedding(11, 4), nn.Linear(4, 11)
        head.weight = embedding.weight
        return nn.Sequential(embedding, nn.Linear(4, 4), head)
    if kind == "shared":
        block = nn.Linear(6, 6)
        return nn.Sequential(block, nn.Tanh(), block)
    frozen = nn.Linear(9, 4)
    frozen.weight.requires_grad_(False)
    return nn.Sequential(frozen, nn.Linear(4, 2))


PARAMETERS = {"mlp": 7 * 5 + 5 + 5 * 3, "convolution": 6 * 2 * 9 + 6 + 2 * 6 + 6 * 2 + 2, "tied": 11 * 4 + 4 * 4 + 4 + 11, "shared": 6 * 6 + 6}


@pytest.mark.parametrize("kind", PARAMETERS)
def test_parameters(answer, worker, kind):
    """count_parameters: each parameter once, no buffers
    count_parameters：每个参数只算一次，不算缓冲区"""
    assert_same(answer.count_parameters(worker.define(build)(kind)), PARAMETERS[kind], f"count_parameters, {kind}")


@pytest.mark.after("test_parameters")
def test_trainable_parameters(answer, worker):
    """count_parameters: trainable ones only
    count_parameters：只算可训练的"""
    model = worker.define(build)("frozen")
    assert_same(answer.count_parameters(model), 9 * 4 + 4 + 4 * 2 + 2, "count_parameters(model), one weight frozen")
    assert_same(answer.count_parameters(model, trainable=True), 4 + 4 * 2 + 2, "count_parameters(model, trainable=True)")


def test_linear_macs(answer, draw):
    """linear_macs
    线性层的乘加次数"""
    for _ in range(3):
        positions, n_in, n_out = draw.integers(2, 50, (3,)).tolist()
        expected = nn.Linear(n_in, n_out)(torch.zeros(positions, n_in)).numel() * n_in
        assert_same(answer.linear_macs(positions, n_in, n_out), expected, f"linear_macs({positions}, {n_in}, {n_out})")


def compare_conv(answer, size, in_channels, out_channels, kernel, **settings):
    layer = nn.Conv2d(in_channels, out_channels, kernel, **settings)
    expected = layer(torch.zeros(1, in_channels, *size)).numel() * layer.weight[0].numel()
    said = "".join(f", {key}={value}" for key, value in settings.items())
    arguments = size, in_channels, out_channels, kernel
    assert_same(answer.conv_macs(*arguments, **settings), expected, f"conv_macs{arguments}{said}")


def test_conv_macs(answer):
    """conv_macs: size and channels
    conv_macs：尺寸与通道"""
    compare_conv(answer, (9, 12), 3, 5, 3)
    compare_conv(answer, (7, 5), 2, 4, 1)
    compare_conv(answer, (6, 8), 4, 1, 6)


@pytest.mark.after("test_conv_macs")
def test_conv_macs_settings(answer):
    """conv_macs: padding, stride, dilation, groups
    conv_macs：填充、步长、膨胀率、分组"""
    compare_conv(answer, (9, 12), 3, 5, 3, padding=1)
    compare_conv(answer, (9, 12), 3, 5, 3, stride=2)
    compare_conv(answer, (10, 13), 3, 5, 3, stride=3, padding=2)
    compare_conv(answer, (9, 12), 3, 5, 3, dilation=2)
    compare_conv(answer, (9, 12), 6, 4, 3, groups=2)
    compare_conv(answer, (9, 12), 6, 12, 5, groups=6, padding=4, dilation=2, stride=2)


def attention_products(queries, d_model, keys):
    """Each matrix product of a layer, counted by its shapes."""
    widths = [(queries, d_model, d_model), (keys, d_model, d_model), (keys, d_model, d_model)]
    widths += [(queries, d_model, keys), (queries, keys, d_model), (queries, d_model, d_model)]
    return sum(rows * inner * columns for rows, inner, columns in widths)


def test_attention_macs(answer, draw):
    """attention_macs: self-attention and cross-attention
    attention_macs：自注意力与交叉注意力"""
    for _ in range(2):
        queries, heads, keys = draw.integers(3, 40, (3,)).tolist()
        d_model = 8 * heads
        assert_same(answer.attention_macs(queries, d_model), attention_products(queries, d_model, queries), f"attention_macs({queries}, {d_model})")
        expected = attention_products(queries, d_model, keys)
        assert_same(answer.attention_macs(queries, d_model, keys), expected, f"attention_macs({queries}, {d_model}, {keys})")


def measured(layers):
    """The stretch of inputs that get a gradient from the first output."""
    x = torch.ones(1, 1, 400, requires_grad=True)
    y = x
    for kernel, stride, dilation in layers:
        y = F.conv1d(y, torch.ones(1, 1, kernel), stride=stride, dilation=dilation)
    y[0, 0, 0].backward()
    seen = x.grad[0, 0].nonzero()
    return int(seen.max() - seen.min()) + 1


def test_receptive_field(answer, draw):
    """receptive_field of a stack of layers
    receptive_field：若干层的感受野"""
    stacks = [[], [(3, 1, 1)], [(1, 1, 1)], [(3, 1, 1), (3, 1, 1)], [(3, 2, 1), (3, 2, 1), (3, 2, 1)], [(3, 1, 1), (3, 1, 2), (3, 1, 4)]]
    stacks += [[(7, 2, 1), (3, 2, 1), (3, 1, 2), (2, 2, 1), (5, 1, 1)]]
    stacks += [[tuple(draw.integers(1, 4, (3,)).tolist()) for _ in range(3)] for _ in range(3)]
    for layers in stacks:
        assert_same(answer.receptive_field(layers), measured(layers), f"receptive_field({layers})")


def parameters_of(sizes):
    return sum(p.numel() for n_in, n_out in pairwise(sizes) for p in nn.Linear(n_in, n_out).parameters())


CANDIDATES = [(10, 4, 2), (10, 64, 2), (10, 16, 2), (10, 16, 16, 2), (10, 2)]  # 54, 834, 210, 482, 22 parameters


def runs(mean, spread):
    """Four scores with this mean; their sample standard deviation is twice the spread, their standard error the spread."""
    return [mean + spread * step for step in (-(3**0.5), 3**0.5, -(3**0.5), 3**0.5)]


def test_choice_within_the_budget(answer, draw):
    """choose_architecture: the best that fits
    choose_architecture：预算之内最好的"""
    scores = [runs(mean, 0.001) for mean in (0.80, 0.95, 0.85, 0.90, 0.70)]
    for budget, expected in [(10_000, 1), (834, 1), (833, 3), (482, 3), (481, 2), (210, 2), (100, 0), (30, 4), (22, 4)]:
        assert_same(answer.choose_architecture(CANDIDATES, budget, scores), expected, f"choose_architecture(candidates, {budget}, scores)")
    order = draw.permutation(5).tolist()
    shuffled = [CANDIDATES[k] for k in order], 500, [scores[k] for k in order]
    assert_same(answer.choose_architecture(*shuffled), order.index(3), "choose_architecture, in another order")
    assert_same([parameters_of(sizes) for sizes in CANDIDATES], [54, 834, 210, 482, 22], "")


@pytest.mark.after("test_choice_within_the_budget")
def test_choice_within_a_standard_error(answer):
    """choose_architecture: the smallest within a standard error
    choose_architecture：一个标准误之内最小的"""
    for gap, expected in [(0.9, 2), (1.1, 1)]:
        scores = [runs(mean, 0.01) for mean in (0.5, 0.9, 0.9 - gap * 0.01, 0.8, 0.5)]
        scores[2] = runs(0.9 - gap * 0.01, 0.05)  # its own spread does not matter
        assert_same(answer.choose_architecture(CANDIDATES, 1000, scores), expected, f"choose_architecture, {gap} standard errors below the best")
    scores = [[0.4, 0.4], runs(0.9, 0.01), runs(0.895, 0.3), runs(0.897, 0.01), [0.5, 0.5]]
    assert_same(answer.choose_architecture(CANDIDATES, 1000, scores), 2, "choose_architecture, three within a standard error")
    scores = [runs(0.9, 0.02), [0.5, 0.5], runs(0.5, 0.1), runs(0.95, 0.001), [0.5, 0.5]]
    assert_same(answer.choose_architecture(CANDIDATES, 400, scores), 0, "choose_architecture, the very best does not fit")


@pytest.mark.after("test_choice_within_a_standard_error")
def test_choice_of_equals(answer):
    """choose_architecture: ties, and nothing that fits
    choose_architecture：并列，以及全都超出预算"""
    same = [(5, 3), (5, 3), (5, 3)]
    assert_same(answer.choose_architecture(same, 18, [runs(0.80, 0.1), runs(0.85, 0.1), runs(0.82, 0.1)]), 1, "choose_architecture, equal sizes")
    assert_same(answer.choose_architecture(same, 18, [[0.25, 0.75], [0.5, 0.75], [0.75, 0.5]]), 1, "choose_architecture, equal sizes and means")
    steady = [[mean, mean] for mean in (0.5, 0.75, 0.5, 0.75, 0.25)]
    assert_same(answer.choose_architecture(CANDIDATES, 1000, steady), 3, "choose_architecture, standard errors of 0")
    assert_raises(ValueError, answer.choose_architecture, same, 17, [[0.5, 0.5]] * 3)
