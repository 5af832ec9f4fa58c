import torch
from torch import Tensor, nn


class LSTMCell(nn.Module):
    """One step of an LSTM with input, forget and output gates.

    Parameters, named and shaped as in nn.LSTMCell, so that its state_dict can be loaded: weight_ih (4 * hidden_size, input_size),
    weight_hh (4 * hidden_size, hidden_size), bias_ih and bias_hh (4 * hidden_size,). Their rows are four blocks in the order
    i (input gate), f (forget gate), g (candidate), o (output gate). They are float32 and all drawn independently and
    uniformly from the interval between -1 / sqrt(hidden_size) and 1 / sqrt(hidden_size).
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        """Make the four parameters."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Go one step further.

        x: (batch, input_size); the batch may be empty. state: (h, c), the hidden and the cell state, each (batch, hidden_size);
        None stands for zeros, in every call anew. Returns the new (h, c), a tuple of tensors of the same shape; x, h and c are left
        unchanged. Works in float32, and after cell.double() in float64. Entries of x up to 1e30 in size, with weights up to 1, give a
        finite result. Gradients reach x, h, c and the parameters.
        """
        raise NotImplementedError("your turn")


def unroll(cell: LSTMCell, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Run the cell over a sequence, from the first step to the last.

    x: (batch, time, input_size), batch first (nn.LSTM has time first unless told otherwise), with at least one step.
    state: (h, c) before the first step, each (batch, hidden_size); None stands for zeros.
    Returns (outputs, (h, c)): outputs (batch, time, hidden_size) holds the hidden state of every step, (h, c) is the state after the
    last one, each (batch, hidden_size). Gradients flow back through all steps.
    """
    raise NotImplementedError("your turn")
