"""The references are torch's norms and their gradients, and torch's softshrink for the proximal step."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from grader.compare import assert_raises, assert_same, assert_true

PENALISED = ["conv.weight", "linear.weight", "embed.weight"]
SHAPES = {
    "conv.weight": (3, 2, 2, 3), "conv.bias": (3,), "norm.weight": (3,), "norm.bias": (3,), "linear.weight": (4, 5), "linear.bias": (4,),
    "layer.weight": (4,), "layer.bias": (4,), "embed.weight": (7, 4), "head.bias": (7,),
}  # fmt: skip


def build(values):
    model = nn.ModuleDict({"conv": nn.Conv2d(2, 3, (2, 3)), "norm": nn.BatchNorm2d(3), "linear": nn.Linear(5, 4), "layer": nn.LayerNorm(4)})
    model["embed"] = nn.Embedding(7, 4)
    model["head"] = nn.Linear(4, 7)
    model["head"].weight = model["embed"].weight
    model.register_buffer("table", torch.full((2, 2), 9.0))
    for name, parameter in model.named_parameters():
        parameter.data = values[name].clone()
    return model


def names_and_identities(penalised, model):
    own = dict(model.named_parameters())
    return [(str(name), parameter is own.get(name)) for name, parameter in penalised(model)]


def gradients(model):
    return {name: parameter.grad for name, parameter in model.named_parameters()}


def values_of(model):
    return {name: parameter.data for name, parameter in model.named_parameters()}


def flags(model):
    return all(parameter.requires_grad and parameter.is_leaf for parameter in model.parameters())


def fresh(draw, dtype=torch.float64):
    return {name: draw.normal(*shape, dtype=dtype) for name, shape in SHAPES.items()}


def flat(values):
    """All penalised entries in one vector."""
    return torch.cat([values[name].reshape(-1) for name in PENALISED])


def references(vector, strength, l1_ratio):
    """L1, L2 and elastic net of a vector."""
    l1, l2 = strength * vector.norm(p=1), 0.5 * strength * vector.norm(p=2) ** 2
    return l1, l2, l1_ratio * l1 + (1 - l1_ratio) * l2


def test_penalised(answer, draw, worker):
    """Which parameters are penalised
    哪些参数受惩罚"""
    model = worker.define(build)(fresh(draw))
    found = worker.define(names_and_identities)(answer.penalised, model)
    assert_same(found, [(name, True) for name in PENALISED], "penalised(model), names and whether they are the model's own parameters")


@pytest.mark.after("test_penalised")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_l1(answer, draw, worker, dtype):
    """l1_penalty: values
    l1_penalty：数值"""
    values = fresh(draw, dtype)
    model = worker.define(build)(values)
    for strength in (1.0, 0.03):
        assert_same(answer.l1_penalty(model, strength), references(flat(values), strength, 0.0)[0], f"l1_penalty(model, {strength:g})")


@pytest.mark.after("test_penalised")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_l2(answer, draw, worker, dtype):
    """l2_penalty: values
    l2_penalty：数值"""
    values = fresh(draw, dtype)
    model = worker.define(build)(values)
    for strength in (1.0, 0.03):
        assert_same(answer.l2_penalty(model, strength), references(flat(values), strength, 0.0)[1], f"l2_penalty(model, {strength:g})")


@pytest.mark.after("test_l1", "test_l2")
def test_elastic_net(answer, draw, worker):
    """elastic_net: values
    elastic_net：数值"""
    values = fresh(draw)
    model = worker.define(build)(values)
    for strength, ratio in ((1.0, 0.25), (0.2, 0.9), (3.0, 0.0), (3.0, 1.0)):
        expected = references(flat(values), strength, ratio)[2]
        assert_same(answer.elastic_net(model, strength, ratio), expected, f"elastic_net(model, {strength:g}, {ratio:g})")


def test_elastic_net_refusals(answer, draw, worker):
    """elastic_net: a ratio outside [0, 1]
    elastic_net：比例超出 [0, 1]"""
    model = worker.define(build)(fresh(draw))
    for ratio in (-0.1, 1.5):
        assert_raises(ValueError, answer.elastic_net, model, 0.1, ratio)


@pytest.mark.after("test_elastic_net")
def test_gradients(answer, draw, worker):
    """Gradients of all three, also at zero
    三种惩罚的梯度，包括零处"""
    values = fresh(draw)
    for name in PENALISED:
        values[name].reshape(-1)[::3] = 0.0
    for number, (name, *extra) in enumerate([("l1_penalty",), ("l2_penalty",), ("elastic_net", 0.3)]):
        model = worker.define(build)(values)
        worker.keep(getattr(answer, name), model, 0.7, *extra).backward()
        found = worker.define(gradients)(model)
        for parameter in SHAPES:
            if parameter in PENALISED:
                leaf = values[parameter].clone().requires_grad_()
                references(leaf.reshape(-1), 0.7, 0.3)[number].backward()
                missing = found[parameter] is None
                assert_true(not missing, f"gradient of {parameter}, {name}", "none arrives: something is detached", "没有梯度：某处被 detach 了")
                assert_same(found[parameter], leaf.grad, f"gradient of {parameter}, {name}")


@pytest.mark.after("test_penalised")
@pytest.mark.parametrize(("rate", "strength"), [(1.0, 0.5), (0.1, 2.0), (0.5, 0.0)])
def test_proximal_step(answer, draw, worker, rate, strength):
    """proximal_step: exact soft thresholding
    proximal_step：精确的软阈值"""
    values = fresh(draw)
    model = worker.define(build)(values)
    answer.proximal_step(model, rate, strength)
    found = worker.define(values_of)(model)
    what = f"after proximal_step(model, {rate:g}, {strength:g})"
    for name in SHAPES:
        expected = F.softshrink(values[name], rate * strength) if name in PENALISED else values[name]
        assert_same(found[name], expected, f"{name} {what}")
    zeros = int((flat(found) == 0).sum())
    assert_same(zeros, int((flat(values).abs() <= rate * strength).sum()), f"number of exact zeros {what}")


@pytest.mark.after("test_proximal_step", "test_gradients")
def test_proximal_step_leaves_training_alone(answer, draw, worker):
    """proximal_step: gradients and flags stay
    proximal_step：梯度与标志保持不变"""
    values = fresh(draw)
    model = worker.define(build)(values)
    worker.keep(answer.l2_penalty, model, 1.0).backward()
    answer.proximal_step(model, 0.1, 1.0)
    found = worker.define(gradients)(model)
    for name in PENALISED:
        assert_same(found[name], values[name], f"gradient of {name} after proximal_step")
    intact = worker.define(flags)(model)
    assert_same(intact, True, "all parameters are leaves that require gradients after proximal_step")
