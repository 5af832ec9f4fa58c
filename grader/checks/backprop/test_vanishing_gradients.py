"""The reference is the same network in torch.autograd, with norms of the gradients that arrive at each layer's output."""

import math

import pytest
import torch

from grader.compare import assert_between, assert_raises, assert_same, assert_true

ACTIVATIONS = ["sigmoid", "tanh", "relu"]
each_activation = pytest.mark.parametrize("activation", ACTIVATIONS)


def network(draw, depth, batch=4, width=5, gain=1.0, dtype=torch.float64):
    x = draw.normal(batch, width, dtype=dtype)
    return x, [gain * draw.normal(width, width, dtype=dtype) / math.sqrt(width) for _ in range(depth)]


def through(x, weights, activation, residual):
    found = []
    for W in weights:
        step = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}[activation](x @ W.T)
        x = x + step if residual else step
        found.append(x)
    return found


def norms(x, weights, activation, residual):
    found = through(x.requires_grad_(), weights, activation, residual)
    gradients = torch.autograd.grad(found[-1].sum(), found)
    x.requires_grad_(False)
    return [gradient.square().sum().sqrt().item() for gradient in gradients]


@each_activation
def test_outputs(answer, draw, activation):
    """outputs: without residual connections
    outputs：没有残差连接"""
    for depth in (1, 3):
        x, weights = network(draw, depth)
        expected = through(x, weights, activation, residual=False)
        assert_same(answer.outputs(x, weights, activation), expected, f'outputs(x, weights, "{activation}"), {depth} layers')
    x, weights = network(draw, 3, dtype=torch.float32)
    assert_same(answer.outputs(x, weights, activation, False), through(x, weights, activation, residual=False), "outputs, float32")


@pytest.mark.after("test_outputs")
@each_activation
def test_residual_outputs(answer, draw, activation):
    """outputs: with residual connections
    outputs：有残差连接"""
    for depth in (1, 3):
        x, weights = network(draw, depth)
        expected = through(x, weights, activation, residual=True)
        assert_same(answer.outputs(x, weights, activation, True), expected, f'outputs(x, weights, "{activation}", True), {depth} layers')


def test_unknown_activation(answer, draw):
    """Another activation raises ValueError
    其他激活函数抛出 ValueError"""
    x, weights = network(draw, 2)
    for activation in ("exp", "", "Tanh"):
        assert_raises(ValueError, answer.outputs, x, weights, activation)
        assert_raises(ValueError, answer.gradient_norms, x, weights, activation)


@pytest.mark.after("test_outputs")
@each_activation
def test_gradient_norms(answer, draw, activation):
    """gradient_norms: without residual connections
    gradient_norms：没有残差连接"""
    for depth in (1, 4):
        x, weights = network(draw, depth)
        expected = norms(x, weights, activation, residual=False)
        assert_same(answer.gradient_norms(x, weights, activation), expected, f'gradient_norms(x, weights, "{activation}"), {depth} layers')


@pytest.mark.after("test_residual_outputs", "test_gradient_norms")
@each_activation
def test_residual_gradient_norms(answer, draw, activation):
    """gradient_norms: with residual connections
    gradient_norms：有残差连接"""
    x, weights = network(draw, 4, batch=2, width=6)
    expected = norms(x, weights, activation, residual=True)
    assert_same(answer.gradient_norms(x, weights, activation, True), expected, f'gradient_norms(x, weights, "{activation}", True)')


@pytest.mark.after("test_gradient_norms")
@pytest.mark.parametrize(("activation", "gain"), [("sigmoid", 1.0), ("tanh", 0.5), ("tanh", 4.0), ("relu", 4.0)])
def test_fifty_layers(answer, draw, activation, gain):
    """gradient_norms: fifty layers, vanishing and exploding
    gradient_norms：五十层，消失与爆炸"""
    x, weights = network(draw, 50, batch=4, width=16, gain=gain)
    found = answer.gradient_norms(x, weights, activation)
    # relative errors of fifty products; exploding ones also magnify the rounding of the layers before
    rtol = 1e-4 if gain > 1 else 1e-9
    what = f'gradient_norms(x, weights, "{activation}"), 50 layers, weights times {gain:g}'
    assert_same(found, norms(x, weights, activation, residual=False), what, rtol=rtol, atol=0.0)


@pytest.mark.after("test_gradient_norms")
def test_float32(answer, draw):
    """gradient_norms: numbers from float32
    gradient_norms：来自 float32 的数"""
    x, weights = network(draw, 3, dtype=torch.float32)
    found = answer.gradient_norms(x, weights, "tanh")
    assert_true(all(isinstance(norm, float) for norm in found), "gradient_norms(x, weights)", "not a list of float", "不是浮点数的列表")
    assert_same(found, norms(x, weights, "tanh", residual=False), "gradient_norms, float32", rtol=1e-4)  # three layers rounded to 1e-7


@pytest.mark.parametrize("depth", [50, 10, 1])
def test_rescue_keeps_weights(answer, draw, depth):
    """rescue: every layer still does something
    rescue：每一层都仍在起作用"""
    _, weights = network(draw, depth, width=32, dtype=draw.choice([torch.float32, torch.float64]))
    rescued, residual = answer.rescue(weights)
    assert_true(isinstance(residual, bool), "residual of rescue(weights)", "it is no bool", "它不是 bool")
    assert_same([list(W.shape) for W in rescued], [[32, 32]] * depth, "shapes of the new weights")
    for layer, (new, old) in enumerate(zip(rescued, weights, strict=True)):
        assert_same(new.dtype, old.dtype, f"dtype of new weight {layer}")
        assert_between((new.norm() / old.norm()).item(), 0.01, 1e6, f"norm of new weight {layer} / norm of the old one")


@pytest.mark.after("test_rescue_keeps_weights")
@each_activation
def test_rescue(answer, draw, activation):
    """rescue: the gradient arrives at the first layer
    rescue：梯度能到达第一层"""
    for depth in (50, 50, 20):
        x, weights = network(draw, depth, batch=16, width=32)
        rescued, residual = answer.rescue(weights)
        found = norms(x, list(rescued), activation, residual)
        assert_between(found[0] / found[-1], 0.1, 10.0, f"gradient at the first layer / at the last, {depth} layers of {activation}")
