import torch
from torch import Tensor

Weights = tuple[Tensor, Tensor, Tensor, Tensor]


def gru_step(x: Tensor, h: Tensor, weights: Weights) -> Tensor:
    """One step of a GRU as nn.GRUCell has it, with the reset gate inside.

    x: (batch, input_size); the batch may be empty. h: (batch, hidden_size), the old state. weights: (w_ih, w_hh, b_ih, b_hh) of the shapes
    (3 * hidden_size, input_size), (3 * hidden_size, hidden_size), (3 * hidden_size,) and (3 * hidden_size,), their rows three blocks in
    the order r (reset gate), z (update gate), n (candidate). Returns the new state, (batch, hidden_size). Entries of x up to 1e30 in size, with
    weights up to 1, give a finite result.
    """
    raise NotImplementedError("your turn")


def gru(x: Tensor, layers: list[Weights], h0: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Run a stack of GRU layers over sequences, as nn.GRU(num_layers=len(layers), batch_first=True) does.

    x: (batch, time, input_size), batch first, at least one step. layers: the weights of each layer, bottom first, at least one, all of the same
    hidden_size. The bottom layer reads x, each other one the states of the layer below it at the same steps.
    h0: (layers, batch, hidden_size), each layer's state before step 0; None stands for zeros.
    Returns (outputs, last): outputs (batch, time, hidden_size), the states of the top layer at all steps; last (layers, batch, hidden_size), each
    layer's state after the last step.
    """
    raise NotImplementedError("your turn")
