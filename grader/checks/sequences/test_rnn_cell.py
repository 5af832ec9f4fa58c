"""The references are nn.RNNCell's formula and nn.RNN over packed sequences, with the same weights, in float64."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from grader.compare import assert_same, assert_same_gradient

FLOAT64 = {"dtype": torch.float64}
FLOAT32 = {"rtol": 1e-5, "atol": 1e-5}  # several steps of sums of about ten products of size 1


def weights_of(draw, input_size, hidden_size, dtype=torch.float64):
    """Large enough for the state to matter, small enough not to saturate."""
    w_ih, w_hh = (
        draw.uniform(hidden_size, input_size, low=-0.8, high=0.8, dtype=dtype),
        draw.uniform(hidden_size, hidden_size, low=-0.8, high=0.8, dtype=dtype),
    )
    b_ih, b_hh = (draw.uniform(hidden_size, low=0.2, high=0.8, dtype=dtype) for _ in "ih")
    return w_ih, w_hh, b_ih, b_hh


def network(x, hidden_size, weights, reverse_weights=None):
    """A function of (x, h0, lengths) by nn.RNN, differentiable; h0 (directions, batch, hidden) or None."""
    model = nn.RNN(x.shape[2], hidden_size, batch_first=True, bidirectional=reverse_weights is not None, **FLOAT64)
    state = {}
    for suffix, group in (("", weights), ("_reverse", reverse_weights or ())):
        state |= dict(zip([f"{name}_l0{suffix}" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")], group, strict=False))

    def run(x, h0, lengths):
        lengths = torch.full((len(x),), x.shape[1]) if lengths is None else lengths
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        packed_outputs, last = torch.func.functional_call(model, state, (packed, h0))
        return pad_packed_sequence(packed_outputs, batch_first=True, total_length=x.shape[1])[0], last

    return run


def reference(x, weights, h0=None, lengths=None, *, reverse=False):
    """One direction; the backward one is half of a bidirectional network."""
    hidden = len(weights[1])
    if not reverse:
        outputs, last = network(x, hidden, weights)(x, None if h0 is None else h0[None], lengths)
        return outputs, last[0]
    outputs, last = network(x, hidden, weights, weights)(x, None if h0 is None else torch.stack([h0, h0]), lengths)
    return outputs[:, :, hidden:], last[1]


def three_lengths(draw, time):
    """Different lengths in random order, one of them full."""
    return torch.tensor([time, time - 2, 1])[draw.permutation(3)]


@pytest.mark.parametrize(("batch", "input_size", "hidden_size"), [(4, 3, 5), (2, 6, 3), (3, 1, 1), (1, 2, 4)])
def test_step(answer, draw, batch, input_size, hidden_size):
    """One step
    走一步"""
    for dtype in (torch.float64, torch.float32):
        x, h, weights = (
            draw.normal(batch, input_size, dtype=dtype),
            draw.normal(batch, hidden_size, dtype=dtype),
            weights_of(draw, input_size, hidden_size, dtype),
        )
        cell = nn.RNNCell(input_size, hidden_size, dtype=dtype)
        cell.load_state_dict(dict(zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), weights, strict=True)))
        tolerance = FLOAT32 if dtype == torch.float32 else {}
        assert_same(answer.rnn_step(x, h, weights), cell(x, h), "rnn_step(x, h, weights)", **tolerance)


@pytest.mark.after("test_step")
@pytest.mark.parametrize(("batch", "time"), [(3, 5), (2, 1), (1, 4)])
def test_sequence(answer, draw, batch, time):
    """A sequence from no state
    不给初始状态跑完序列"""
    x, weights = draw.normal(batch, time, 4, **FLOAT64), weights_of(draw, 4, 3)
    assert_same(answer.rnn(x, weights), reference(x, weights), "rnn(x, weights)")


@pytest.mark.after("test_sequence")
def test_sequence_from_a_state(answer, draw):
    """A sequence from a given state
    从给定状态跑完序列"""
    x, h0, weights = draw.normal(4, 2, 6, **FLOAT64).transpose(1, 2), draw.normal(4, 3, **FLOAT64), weights_of(draw, 2, 3)
    assert_same(answer.rnn(x, weights, h0), reference(x, weights, h0), "rnn(x, weights, h0)")


@pytest.mark.after("test_sequence")
def test_lengths(answer, draw):
    """Sequences of different lengths
    长度不同的序列"""
    x, weights, lengths = draw.normal(3, 6, 2, **FLOAT64), weights_of(draw, 2, 4), three_lengths(draw, 6)
    assert_same(answer.rnn(x, weights, lengths=lengths), reference(x, weights, lengths=lengths), "rnn(x, weights, lengths=lengths)")
    shorter = torch.tensor([2, 3, 1])  # none of them fills the time
    assert_same(answer.rnn(x, weights, None, shorter), reference(x, weights, None, shorter), "rnn(x, weights, None, lengths)")


@pytest.mark.after("test_sequence")
def test_reverse(answer, draw):
    """The backward direction
    反方向"""
    x, h0, weights = draw.normal(3, 5, 2, **FLOAT64), draw.normal(3, 4, **FLOAT64), weights_of(draw, 2, 4)
    assert_same(answer.rnn(x, weights, reverse=True), reference(x, weights, reverse=True), "rnn(x, weights, reverse=True)")
    assert_same(answer.rnn(x, weights, h0, reverse=True), reference(x, weights, h0, reverse=True), "rnn(x, weights, h0, reverse=True)")


@pytest.mark.after("test_reverse", "test_lengths")
def test_reverse_with_lengths(answer, draw):
    """The backward direction, sequences of different lengths
    反方向，长度不同的序列"""
    x, h0, weights, lengths = draw.normal(3, 6, 2, **FLOAT64), draw.normal(3, 4, **FLOAT64), weights_of(draw, 2, 4), three_lengths(draw, 6)
    expected = reference(x, weights, h0, lengths, reverse=True)
    assert_same(answer.rnn(x, weights, h0, lengths, reverse=True), expected, "rnn(x, weights, h0, lengths, reverse=True)")


@pytest.mark.after("test_reverse_with_lengths")
def test_bidirectional(answer, draw):
    """Both directions
    两个方向"""
    x, h0 = draw.normal(3, 5, 2, **FLOAT64), draw.normal(2, 3, 4, **FLOAT64)
    both, lengths = (weights_of(draw, 2, 4), weights_of(draw, 2, 4)), three_lengths(draw, 5)
    run = network(x, 4, *both)
    assert_same(answer.bidirectional_rnn(x, *both), run(x, None, None), "bidirectional_rnn(x, weights, reverse_weights)")
    for state, ends in ((h0, None), (None, lengths), (h0, lengths)):
        call = f"bidirectional_rnn(x, weights, reverse_weights, {'h0' if state is not None else None}, {'lengths' if ends is not None else None})"
        assert_same(answer.bidirectional_rnn(x, *both, state, ends), run(x, state, ends), call)


def flat(run, x, h0, lengths, *weights):
    """With the weights as arguments of their own, so that each can be differentiated."""
    return run(x, weights[:4], weights[4:], h0, lengths)


@pytest.mark.after("test_bidirectional", "test_sequence_from_a_state")
def test_gradients(answer, draw, worker):
    """Gradients through time
    随时间传回的梯度"""
    x, h0, lengths = draw.normal(3, 5, 2, **FLOAT64), draw.normal(2, 3, 3, **FLOAT64), three_lengths(draw, 5)
    both = [*weights_of(draw, 2, 3), *weights_of(draw, 2, 3)]

    def expected(_run, x, h0, lengths, *weights):
        return network(x, 3, weights[:4], weights[4:])(x, h0, lengths)

    inputs = (answer.bidirectional_rnn, x, h0, lengths, *both)
    assert_same_gradient(worker.define(flat), expected, inputs, (1, 2, *range(4, 12)), "bidirectional_rnn: gradient of input", worker=worker)


@pytest.mark.after("test_bidirectional")
def test_edge_cases(answer, draw):
    """Huge padding, huge inputs, float32, an empty batch
    极大的填充、极大的输入、float32 与空批次"""
    x, weights = draw.normal(3, 4, 2, **FLOAT64), weights_of(draw, 2, 3)
    x[0, 2:], x[2, 1:] = 1e30, -1e30
    lengths = torch.tensor([2, 4, 1])
    for reverse in (False, True):
        outputs, last = answer.rnn(x, weights, lengths=lengths, reverse=reverse)
        assert_same((outputs, last), reference(x, weights, lengths=lengths, reverse=reverse), f"rnn, padding of 1e30, reverse={reverse}")
    assert_same(answer.rnn(1e6 * x, weights), reference(1e6 * x, weights), "rnn(1e6 * x, weights)")
    single = tuple(w.float() for w in weights)
    outputs, last = reference(x, tuple(w.double() for w in single), lengths=lengths)
    assert_same(
        answer.rnn(x.float(), single, lengths=lengths), (outputs.float(), last.float()), "rnn in float32", rtol=1e-4, atol=1e-4
    )  # x is rounded too
    for ends in (None, lengths[:0]):
        nothing = answer.bidirectional_rnn(x[:0], weights, weights, None, ends)
        assert_same(nothing, (torch.zeros(0, 4, 6, **FLOAT64), torch.zeros(2, 0, 3, **FLOAT64)), "bidirectional_rnn, an empty batch")
