"""The references are nn.GRUCell and nn.GRU with the same weights."""

import pytest
import torch
from torch import nn

from grader.compare import assert_same, assert_same_gradient

FLOAT64 = {"dtype": torch.float64}
FLOAT32 = {"rtol": 1e-5, "atol": 1e-5}  # sums of about ten products of size 1
NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def weights_of(draw, input_size, hidden_size, dtype=torch.float64):
    """Weights up to 1; biases that matter in both places."""
    w_ih, w_hh = (draw.uniform(3 * hidden_size, size, low=-1.0, high=1.0, dtype=dtype) for size in (input_size, hidden_size))
    b_ih, b_hh = (draw.uniform(3 * hidden_size, low=0.3, high=1.0, dtype=dtype) * draw.choice([-1, 1]) for _ in "ih")
    return w_ih, w_hh, b_ih, b_hh


def cell_of(weights):
    w_ih, w_hh = weights[:2]
    cell = nn.GRUCell(w_ih.shape[1], w_hh.shape[1], dtype=w_ih.dtype)
    cell.load_state_dict(dict(zip(NAMES, weights, strict=True)))
    return cell


def reference(x, layers, h0=None):
    """nn.GRU; gradients reach x, h0 and the weights."""
    model = nn.GRU(x.shape[2], layers[0][1].shape[1], len(layers), batch_first=True, **FLOAT64)
    state = {f"{name}_l{number}": tensor for number, weights in enumerate(layers) for name, tensor in zip(NAMES, weights, strict=True)}
    return torch.func.functional_call(model, state, (x, h0))


@pytest.mark.parametrize(("batch", "input_size", "hidden_size"), [(4, 3, 5), (2, 6, 2), (1, 1, 3)])
def test_step(answer, draw, batch, input_size, hidden_size):
    """One step
    走一步"""
    for dtype in (torch.float64, torch.float32):
        weights = weights_of(draw, input_size, hidden_size, dtype)
        x, h = draw.normal(batch, input_size, dtype=dtype), draw.normal(batch, hidden_size, dtype=dtype)
        expected = cell_of(weights)(x, h)
        assert_same(answer.gru_step(x, h, weights), expected, "gru_step(x, h, weights)", **FLOAT32 if dtype == torch.float32 else {})


@pytest.mark.after("test_step")
def test_huge_inputs(answer, draw):
    """Huge inputs, views, an empty batch
    极大的输入、非连续输入与空批次"""
    weights = weights_of(draw, 3, 4)
    x, h = draw.normal(3, 6, **FLOAT64).T, draw.normal(6, 8, **FLOAT64)[:, ::2]
    for scale in (1.0, 1e4, -1e4, 1e30):
        assert_same(answer.gru_step(scale * x, h, weights), cell_of(weights)(scale * x, h), f"gru_step({scale:g} * x, h, weights)")
    assert_same(answer.gru_step(x[:0], h[:0], weights), torch.zeros(0, 4, **FLOAT64), "gru_step, an empty batch")
    single = weights_of(draw, 3, 4, torch.float32)
    large = 1e30 * torch.eye(3)  # one product in each sum: no order of summation changes a sign
    assert_same(
        answer.gru_step(large, torch.zeros(3, 4), single), cell_of(single)(large, torch.zeros(3, 4)), "gru_step(1e30 * torch.eye(3), …)", **FLOAT32
    )


def separate(step, x, h, *weights):
    """With the weights as arguments of their own, so that each can be differentiated."""
    return step(x, h, weights)


@pytest.mark.after("test_step")
def test_step_gradients(answer, draw, worker):
    """Gradients through one step
    一步之中的梯度"""
    weights = weights_of(draw, 3, 4)
    x, h = draw.normal(5, 3, **FLOAT64), draw.normal(5, 4, **FLOAT64)

    def expected(_step, x, h, *weights):
        return torch.func.functional_call(nn.GRUCell(3, 4, **FLOAT64), dict(zip(NAMES, weights, strict=True)), (x, h))

    assert_same_gradient(
        worker.define(separate), expected, (answer.gru_step, x, h, *weights), range(1, 7), "gru_step, gradient of input", worker=worker
    )


@pytest.mark.after("test_step")
@pytest.mark.parametrize(("batch", "time"), [(3, 5), (2, 1), (1, 4)])
def test_sequence(answer, draw, batch, time):
    """A sequence from no state, one layer
    不给初始状态跑完序列，单层"""
    x, layers = draw.normal(batch, time, 3, **FLOAT64), [weights_of(draw, 3, 4)]
    assert_same(answer.gru(x, layers), reference(x, layers), "gru(x, layers)")


@pytest.mark.after("test_sequence")
def test_sequence_from_a_state(answer, draw):
    """A sequence from a given state, one layer
    从给定状态跑完序列，单层"""
    x, h0, layers = draw.normal(3, 5, 2, **FLOAT64), draw.normal(1, 3, 4, **FLOAT64), [weights_of(draw, 2, 4)]
    assert_same(answer.gru(x, layers, h0), reference(x, layers, h0), "gru(x, layers, h0)")


@pytest.mark.after("test_sequence_from_a_state")
def test_layers(answer, draw):
    """Two and three layers
    两层与三层"""
    x, layers = draw.normal(4, 2, 5, **FLOAT64).transpose(1, 2), [weights_of(draw, 2, 3), weights_of(draw, 3, 3), weights_of(draw, 3, 3)]
    assert_same(answer.gru(x, layers[:2]), reference(x, layers[:2]), "gru(x, two layers)")
    h0 = draw.normal(3, 4, 3, **FLOAT64)
    assert_same(answer.gru(x, layers, h0), reference(x, layers, h0), "gru(x, three layers, h0)")
    single = [tuple(w.float() for w in weights) for weights in layers]
    outputs, last = reference(x.float().double(), [tuple(w.double() for w in weights) for weights in single])
    assert_same(answer.gru(x.float(), single), (outputs.float(), last.float()), "gru(x, three layers) in float32", **FLOAT32)


def stacked(gru, x, h0, *weights):
    return gru(x, [weights[:4], weights[4:]], h0)


@pytest.mark.after("test_layers", "test_step_gradients")
def test_gradients_through_time(answer, draw, worker):
    """Gradients through layers and time
    穿过各层与各时刻的梯度"""
    x, h0 = draw.normal(2, 4, 2, **FLOAT64), draw.normal(2, 2, 3, **FLOAT64)
    inputs = (answer.gru, x, h0, *weights_of(draw, 2, 3), *weights_of(draw, 3, 3))

    def expected(_gru, x, h0, *weights):
        return reference(x, [weights[:4], weights[4:]], h0)

    assert_same_gradient(worker.define(stacked), expected, inputs, range(1, 11), "gru(x, two layers, h0), gradient of input", worker=worker)
