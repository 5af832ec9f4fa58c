"""The references are the exact groups and flags, listed by hand, and the closed form of the penalty."""

import pytest
import torch
from torch import nn

from grader.compare import assert_same, assert_true

DOUBLE = torch.float64
SHAPES = {
    "scale": (1,),
    "layers.0.weight": (7, 4), "layers.1.0.weight": (5, 4), "layers.1.0.bias": (5,), "layers.1.1.weight": (5,), "layers.1.1.bias": (5,),
    "layers.2.weight": (4, 5), "layers.2.bias": (4,), "head.0.weight": (4,), "head.0.bias": (4,), "head.1.weight": (3, 4), "head.1.bias": (3,),
}  # fmt: skip


def build(values, tied):
    """An embedding, a linear layer with a norm, a linear layer; the head is a norm and a linear layer. tied: the head's matrix is the embedding's."""

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Embedding(7, 4), nn.Sequential(nn.Linear(4, 5), nn.LayerNorm(5)), nn.Linear(5, 4)])
            self.head = nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 3))
            self.scale = nn.Parameter(torch.ones(1))

    model = Model()
    for name, parameter in model.named_parameters():
        parameter.data = values[name].clone()
    if tied:
        model.head[1].weight = model.layers[0].weight
    return model


def fresh(draw):
    return {name: draw.normal(*shape, dtype=DOUBLE) for name, shape in SHAPES.items()}


KEYS = ["lr", "params", "weight_decay"]
ROWS = [
    (["head.1.weight"], 0, True),
    (["head.0.weight", "head.0.bias", "head.1.bias"], 0, False),
    (["layers.2.weight"], 1, True),
    (["layers.2.bias"], 1, False),
    (["layers.1.0.weight"], 2, True),
    (["layers.1.0.bias", "layers.1.1.weight", "layers.1.1.bias"], 2, False),
    (["layers.0.weight"], 3, True),
]


def groups_of(rows, rate, decay, weight_decay):
    return [(names, rate * decay**depth, weight_decay if decayed else 0.0, KEYS) for names, depth, decayed in rows]


def compare(found, expected, what):
    """First who is where, then the rates."""
    found, expected = list(found), list(expected)
    assert_same([group[0] for group in found], [group[0] for group in expected], f"parameters of the groups, {what}")
    assert_same([group[1] for group in found], [group[1] for group in expected], f"lr of the groups, {what}")
    assert_same([group[2] for group in found], [group[2] for group in expected], f"weight_decay of the groups, {what}")
    assert_same([group[3] for group in found], [group[3] for group in expected], f"entries of the groups, {what}")


def freeze(model, names):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name not in names)


def described_groups(parameter_groups, model, *settings):
    groups = parameter_groups(model, *settings)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    members = [[names.get(id(parameter), "?") for parameter in group["params"]] for group in groups]
    return [(here, float(group["lr"]), float(group["weight_decay"]), sorted(group)) for here, group in zip(members, groups, strict=True)]


def test_groups(answer, draw, worker):
    """parameter_groups: rates fall towards the input
    parameter_groups：越靠近输入学习率越小"""
    model = worker.define(build)(fresh(draw), False)
    for settings in ((1e-3, 0.5, 0.01), (0.2, 0.9, 0.1), (0.1, 1.0, 0.3)):
        found = worker.define(described_groups)(answer.parameter_groups, model, *settings)
        compare(found, groups_of(ROWS, *settings), f"learning_rate={settings[0]}, decay={settings[1]}, weight_decay={settings[2]}")


@pytest.mark.after("test_groups")
def test_frozen_parameters(answer, draw, worker):
    """parameter_groups: nothing frozen, nothing empty
    parameter_groups：没有冻结的参数，也没有空组"""
    model = worker.define(build)(fresh(draw), False)
    frozen = ["layers.0.weight", "layers.2.weight", "layers.2.bias", "layers.1.1.weight", "head.1.weight"]
    worker.define(freeze)(model, frozen)
    rows = [([name for name in names if name not in frozen], depth, decayed) for names, depth, decayed in ROWS]
    found = worker.define(described_groups)(answer.parameter_groups, model, 0.1, 0.5, 0.01)
    compare(found, groups_of([row for row in rows if row[0]], 0.1, 0.5, 0.01), "some are frozen")


@pytest.mark.after("test_groups")
def test_shared_parameters(answer, draw, worker):
    """parameter_groups: a shared parameter once
    parameter_groups：共享参数只出现一次"""
    model = worker.define(build)(fresh(draw), True)
    # the embedding's matrix goes by its first name and belongs to the head
    rows = [(["layers.0.weight"] if names == ["head.1.weight"] else names, depth, decayed) for names, depth, decayed in ROWS[:-1]]
    found = worker.define(described_groups)(answer.parameter_groups, model, 0.1, 0.5, 0.01)
    compare(found, groups_of(rows, 0.1, 0.5, 0.01), "the head's matrix is the embedding's")


def flags(model):
    return {name: parameter.requires_grad for name, parameter in model.named_parameters()}


def test_unfreeze(answer, draw, worker):
    """unfreeze: from the head downwards
    unfreeze：从头部向下"""
    model = worker.define(build)(fresh(draw), False)
    for stage in (0, 1, 2, 3, 5, 1, 0, 2):
        answer.unfreeze(model, stage)
        free = ("head", *(f"layers.{place}." for place in range(3) if place >= 3 - stage))
        assert_same(worker.define(flags)(model), {name: name.startswith(free) for name in SHAPES}, f"requires_grad after unfreeze(model, {stage})")


def move(model):
    for parameter in model.parameters():
        parameter.data += 1


def test_snapshot(answer, draw, worker):
    """snapshot: a copy of all but the head
    snapshot：除头部外的副本"""
    values = fresh(draw)
    model = worker.define(build)(values, False)
    start = worker.keep(answer.snapshot, model)
    worker.define(move)(model)
    expected = {name: value for name, value in values.items() if not name.startswith("head")}
    assert_same(worker.fetch(start), expected, "snapshot(model), after the model has moved on")
    assert_same(worker.define(any_graph)(start), False, "whether a tensor of snapshot(model) requires a gradient")


def any_graph(start):
    return any(value.requires_grad for value in start.values())


def gradients(model):
    return {name: parameter.grad for name, parameter in model.named_parameters()}


def penalty(values, start, alpha, beta):
    known = sum(((value - start[name]) ** 2).sum() for name, value in values.items() if name in start)
    return alpha / 2 * known + beta / 2 * sum((value**2).sum() for name, value in values.items() if name not in start)


@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 0.0), (0.0, 1.0), (0.3, 0.05)])
def test_l2_sp(answer, draw, worker, alpha, beta):
    """l2_sp: towards the start, the head towards zero
    l2_sp：拉向起点，头部拉向零"""
    values, start = fresh(draw), {name: value for name, value in fresh(draw).items() if not name.startswith("head")}
    model = worker.define(build)(values, False)
    found = answer.l2_sp(model, start, alpha, beta)
    assert_same(found, penalty(values, start, alpha, beta), f"l2_sp(model, start, alpha={alpha}, beta={beta})")


@pytest.mark.after("test_l2_sp")
def test_l2_sp_gradient(answer, draw, worker):
    """l2_sp: gradients
    l2_sp：梯度"""
    values, start = fresh(draw), {name: value for name, value in fresh(draw).items() if not name.startswith("head")}
    model = worker.define(build)(values, False)
    worker.keep(answer.l2_sp, model, start, 0.7, 0.2).backward()
    found = worker.define(gradients)(model)
    for name, value in values.items():
        assert_true(found[name] is not None, f"gradient of {name}", "none arrives: something is detached", "没有梯度：某处被 detach 了")
        expected = 0.7 * (value - start[name]) if name in start else 0.2 * value
        assert_same(found[name], expected, f"gradient of {name} through l2_sp(model, start, 0.7, 0.2)")
