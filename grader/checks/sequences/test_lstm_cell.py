"""The references are nn.LSTMCell and nn.LSTM with the same weights."""

import pytest
import torch
from torch import nn

from grader.compare import assert_between, assert_same, assert_same_gradient

FLOAT32 = {"rtol": 1e-5, "atol": 1e-5}  # several steps of sums of about ten products of size 1


def pair(answer, draw, input_size, hidden_size, dtype=torch.float32):
    """The learner's cell and the reference's, with the same fresh weights of size 1."""
    theirs = nn.LSTMCell(input_size, hidden_size, dtype=dtype)
    weights = {name: draw.uniform(*value.shape, low=-1.0, high=1.0, dtype=dtype) for name, value in theirs.state_dict().items()}
    theirs.load_state_dict(weights)
    ours = answer.LSTMCell(input_size, hidden_size)
    if dtype == torch.float64:
        ours.double()
    ours.load_state_dict(weights)
    return ours, theirs


def sequence_model(cell):
    """nn.LSTM in float64 with the weights of nn.LSTMCell. (In float32 its first call takes a tenth of a second.)"""
    model = nn.LSTM(cell.input_size, cell.hidden_size, batch_first=True, dtype=torch.float64)
    model.load_state_dict({f"{name}_l0": value for name, value in cell.state_dict().items()})
    return model


def run(model, x, state=None):
    """outputs, (h, c) of nn.LSTM, without its axis of layers."""
    outputs, (h, c) = model(x, None if state is None else (state[0][None], state[1][None]))
    return outputs, (h[0], c[0])


def shapes(cell):
    return {name: tuple(value.shape) for name, value in sorted(cell.state_dict().items())}


def trainable(cell):
    return sorted(name for name, _ in cell.named_parameters())


def test_parameters(answer, worker):
    """Names and shapes of the parameters
    参数的名称与形状"""
    cell = answer.LSTMCell(3, 5)
    expected = {"bias_hh": (20,), "bias_ih": (20,), "weight_hh": (20, 5), "weight_ih": (20, 3)}
    assert_same(worker.define(shapes)(cell), expected, "shapes of cell.state_dict()")
    assert_same(worker.define(trainable)(cell), list(expected), "names of cell.named_parameters()")


@pytest.mark.after("test_parameters")
def test_initial_values(answer, draw, worker):
    """Initial values of the parameters
    参数的初始值"""
    worker.seed(draw.integers(0, 2**31, ()).item())  # the bounds below hold for all but a few seeds in a million
    parts = {}
    for name, value in answer.LSTMCell(8, 64).state_dict().items():
        assert_same(value.dtype, torch.float32, f"cell.{name}.dtype")
        assert_between(value.abs().max().item(), 0.11, 0.125, f"cell.{name}.abs().max()")  # 256 numbers or more up to 1 / sqrt(64)
        assert_between(value.mean().item(), -0.025, 0.025, f"cell.{name}.mean()")  # standard error 0.0045 or less
        assert_between(value.std().item(), 0.06, 0.084, f"cell.{name}.std()")  # 0.25 / sqrt(12) = 0.0722
        parts[name] = value
    overlap = (parts["bias_ih"] * parts["bias_hh"]).mean().item()  # 0.0052 when they are the same numbers
    assert_between(overlap, -0.0018, 0.0018, "(cell.bias_ih * cell.bias_hh).mean()")


@pytest.mark.after("test_parameters")
@pytest.mark.parametrize(("batch", "input_size", "hidden_size"), [(4, 3, 5), (2, 6, 2), (3, 1, 1)])
def test_step(answer, draw, batch, input_size, hidden_size):
    """One step from a given state
    从给定状态走一步"""
    ours, theirs = pair(answer, draw, input_size, hidden_size)
    x, h, c = draw.normal(batch, input_size), draw.normal(batch, hidden_size), draw.normal(batch, hidden_size)
    assert_same(ours(x, (h, c)), theirs(x, (h, c)), "cell(x, (h, c))", **FLOAT32)


@pytest.mark.after("test_step")
def test_no_state(answer, draw):
    """No state means zeros, in every call
    不给状态即从零开始，每次都是"""
    ours, theirs = pair(answer, draw, 3, 5)
    for _ in range(2):
        x = draw.normal(4, 3)
        assert_same(ours(x), theirs(x), "cell(x)", **FLOAT32)


@pytest.mark.after("test_no_state")
def test_batch_of_one(answer, draw):
    """A batch of one, and of none
    单样本批次与空批次"""
    ours, theirs = pair(answer, draw, 3, 5)
    x, state = draw.normal(1, 3), (draw.normal(1, 5), draw.normal(1, 5))
    assert_same(ours(x, state), theirs(x, state), "cell(x, (h, c)), a batch of one", **FLOAT32)
    assert_same(ours(x[:0]), (torch.zeros(0, 5), torch.zeros(0, 5)), "cell(x), an empty batch")


@pytest.mark.after("test_no_state")
def test_float64(answer, draw):
    """In float64 after cell.double()
    cell.double() 之后用 float64"""
    ours, theirs = pair(answer, draw, 4, 3, torch.float64)
    x, state = draw.normal(3, 4, dtype=torch.float64), tuple(draw.normal(3, 6, dtype=torch.float64)[:, ::2] for _ in "hc")
    assert_same(ours(x, state), theirs(x, state), "cell(x, (h, c))")
    assert_same(ours(x), theirs(x), "cell(x)")


@pytest.mark.after("test_float64")
def test_saturated_gates(answer, draw):
    """Huge inputs
    极大的输入"""
    ours, theirs = pair(answer, draw, 3, 5, torch.float64)  # float32 rounds sums of this size too coarsely to compare gates that are half open
    x, state = 1e4 * draw.normal(6, 3, dtype=torch.float64), tuple(draw.normal(6, 5, dtype=torch.float64) for _ in "hc")
    assert_same(ours(x, state), theirs(x, state), "cell(1e4 * x, (h, c))")
    assert_same(ours(-x, state), theirs(-x, state), "cell(-1e4 * x, (h, c))")
    ours, theirs = pair(answer, draw, 3, 5)
    x = 1e30 * torch.eye(3)  # one product in each sum: no order of summation changes a sign
    assert_same(ours(x), theirs(x), "cell(1e30 * torch.eye(3))", **FLOAT32)
    assert_same(ours(-x), theirs(-x), "cell(-1e30 * torch.eye(3))", **FLOAT32)


def step(cell, x, h, c):
    return cell(x, (h, c))


@pytest.mark.after("test_float64")
def test_step_gradients(answer, draw, worker):
    """Gradients of x, h and c through one step
    一步之中 x、h、c 的梯度"""
    ours, theirs = pair(answer, draw, 3, 4, torch.float64)
    x, h, c = (draw.normal(5, size, dtype=torch.float64) for size in (3, 4, 4))

    def reference(_cell, x, h, c):
        return theirs(x, (h, c))

    assert_same_gradient(worker.define(step), reference, (ours, x, h, c), (1, 2, 3), "cell(x, (h, c))", worker=worker)


@pytest.mark.after("test_step")
@pytest.mark.parametrize(("batch", "time"), [(3, 5), (4, 4), (2, 1), (1, 7)])
def test_unroll(answer, draw, batch, time):
    """A sequence from no state
    不给初始状态跑完序列"""
    ours, theirs = pair(answer, draw, 4, 3)
    x = draw.normal(batch, time, 4)
    outputs, (h, c) = run(sequence_model(theirs), x.double())
    assert_same(answer.unroll(ours, x), (outputs.float(), (h.float(), c.float())), "unroll(cell, x)", **FLOAT32)


@pytest.mark.after("test_unroll", "test_float64")
def test_unroll_from_a_state(answer, draw):
    """A sequence from a given state
    从给定状态跑完序列"""
    ours, theirs = pair(answer, draw, 4, 3, torch.float64)
    x = draw.normal(6, 2, 4, dtype=torch.float64).transpose(0, 1)
    state = draw.normal(2, 3, dtype=torch.float64), draw.normal(2, 3, dtype=torch.float64)
    assert_same(answer.unroll(ours, x, state), run(sequence_model(theirs), x, state), "unroll(cell, x, (h, c))")


def unrolled(unroll, cell, x, h, c):
    outputs, (last_h, last_c) = unroll(cell, x, (h, c))
    return outputs, last_h, last_c


def loss(unroll, cell, x, h, c, weights):
    outputs, (last_h, last_c) = unroll(cell, x, (h, c))
    return (outputs * weights[:, 2:]).sum() + (last_h * weights[:, 0]).sum() + (last_c * weights[:, 1]).sum()


@pytest.mark.after("test_unroll_from_a_state", "test_step_gradients")
def test_gradients_through_time(answer, draw, worker):
    """Gradients through a sequence
    穿过整个序列的梯度"""
    ours, theirs = pair(answer, draw, 3, 4, torch.float64)
    model = sequence_model(theirs)
    x, h, c, weights = (draw.normal(*shape, dtype=torch.float64) for shape in [(2, 5, 3), (2, 4), (2, 4), (2, 7, 4)])

    def reference(_unroll, _cell, x, h, c):
        return unrolled(run, model, x, h, c)

    inputs = (answer.unroll, ours, x, h, c)
    assert_same_gradient(worker.define(unrolled), reference, inputs, (2, 3, 4), "unroll(cell, x, (h, c))", worker=worker)

    loss(run, model, x, h, c, weights).backward()
    worker.keep(worker.define(loss), *inputs, weights).backward()
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        grad = worker.fetch(getattr(worker.ref(ours), name).grad)
        assert_same(grad, getattr(model, f"{name}_l0").grad, f"cell.{name}.grad")
