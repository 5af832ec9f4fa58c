"""The new state is a weighted mean of the old one and of a candidate, and gates decide the weights, unit by unit."""

import torch
from torch import Tensor

Weights = tuple[Tensor, Tensor, Tensor, Tensor]  # given


def gru_step(x: Tensor, h: Tensor, weights: Weights) -> Tensor:
    """One step of a GRU as nn.GRUCell has it, with the reset gate inside.

    x: (batch, input_size); the batch may be empty. h: (batch, hidden_size), the old state. weights: (w_ih, w_hh, b_ih, b_hh) of the shapes
    (3 * hidden_size, input_size), (3 * hidden_size, hidden_size), (3 * hidden_size,) and (3 * hidden_size,), their rows three blocks in
    the order r (reset gate), z (update gate), n (candidate). Returns the new state, (batch, hidden_size). Entries of x up to 1e30 in size, with
    weights up to 1, give a finite result.
    """
    w_ih, w_hh, b_ih, b_hh = weights
    x_r, x_z, x_n = (x @ w_ih.T + b_ih).chunk(3, dim=1)
    h_r, h_z, h_n = (h @ w_hh.T + b_hh).chunk(3, dim=1)
    r = torch.sigmoid(x_r + h_r)
    z = torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h


def gru(x: Tensor, layers: list[Weights], h0: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Run a stack of GRU layers over sequences, as nn.GRU(num_layers=len(layers), batch_first=True) does.

    x: (batch, time, input_size), batch first, at least one step. layers: the weights of each layer, bottom first, at least one, all of the same
    hidden_size. The bottom layer reads x, each other one the states of the layer below it at the same steps.
    h0: (layers, batch, hidden_size), each layer's state before step 0; None stands for zeros.
    Returns (outputs, last): outputs (batch, time, hidden_size), the states of the top layer at all steps; last (layers, batch, hidden_size), each
    layer's state after the last step.
    """
    last = []
    for number, weights in enumerate(layers):
        h = x.new_zeros(len(x), weights[1].shape[1]) if h0 is None else h0[number]
        outputs = []
        for x_t in x.unbind(dim=1):
            h = gru_step(x_t, h, weights)
            outputs.append(h)
        x = torch.stack(outputs, dim=1)
        last.append(h)
    return x, torch.stack(last)
