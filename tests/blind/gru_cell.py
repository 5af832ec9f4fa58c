# blind: passed at try 1
import torch
from torch import Tensor
from torch.nn.functional import linear

Weights = tuple[Tensor, Tensor, Tensor, Tensor]


def advance(from_input: Tensor, h: Tensor, w_hh: Tensor, b_hh: Tensor) -> Tensor:
    """The new state, when the input's share of the three sums is known: (batch, 3 * hidden_size)."""
    input_r, input_z, input_n = from_input.chunk(3, dim=-1)
    state_r, state_z, state_n = linear(h, w_hh, b_hh).chunk(3, dim=-1)
    reset = torch.sigmoid(input_r + state_r)
    update = torch.sigmoid(input_z + state_z)
    candidate = torch.tanh(input_n + reset * state_n)
    return candidate + update * (h - candidate)


def gru_step(x: Tensor, h: Tensor, weights: Weights) -> Tensor:
    """One step of a GRU as nn.GRUCell has it, with the reset gate inside."""
    w_ih, w_hh, b_ih, b_hh = weights
    return advance(linear(x, w_ih, b_ih), h, w_hh, b_hh)


def gru(x: Tensor, layers: list[Weights], h0: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Run a stack of GRU layers over sequences, one layer after another; returns (outputs, last)."""
    if h0 is None:
        h0 = x.new_zeros(len(layers), x.shape[0], layers[0][1].shape[1])
    sequence, last = x, []
    for (w_ih, w_hh, b_ih, b_hh), h in zip(layers, h0, strict=True):
        states = []
        for from_input in linear(sequence, w_ih, b_ih).unbind(dim=1):
            h = advance(from_input, h, w_hh, b_hh)
            states.append(h)
        sequence = torch.stack(states, dim=1)
        last.append(h)
    return sequence, torch.stack(last)
