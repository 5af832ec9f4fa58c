"""The cell state is a conveyor belt: gates decide what leaves it, what is put on it and what is shown of it."""

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
        super().__init__()
        bound = hidden_size**-0.5
        self.weight_ih = nn.Parameter(torch.empty(4 * hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh = nn.Parameter(torch.empty(4 * hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih = nn.Parameter(torch.empty(4 * hidden_size).uniform_(-bound, bound))
        self.bias_hh = nn.Parameter(torch.empty(4 * hidden_size).uniform_(-bound, bound))

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Go one step further.

        x: (batch, input_size); the batch may be empty. state: (h, c), the hidden and the cell state, each (batch, hidden_size);
        None stands for zeros, in every call anew. Returns the new (h, c), a tuple of tensors of the same shape; x, h and c are left
        unchanged. Works in float32, and after cell.double() in float64. Entries of x up to 1e30 in size, with weights up to 1, give a
        finite result. Gradients reach x, h, c and the parameters.
        """
        if state is None:
            zeros = x.new_zeros(x.shape[0], self.weight_hh.shape[1])
            state = zeros, zeros
        h, c = state
        gates = x @ self.weight_ih.T + self.bias_ih + h @ self.weight_hh.T + self.bias_hh
        i, f, g, o = gates.chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        return h, c


def unroll(cell: LSTMCell, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Run the cell over a sequence, from the first step to the last.

    x: (batch, time, input_size), batch first (nn.LSTM has time first unless told otherwise), with at least one step.
    state: (h, c) before the first step, each (batch, hidden_size); None stands for zeros.
    Returns (outputs, (h, c)): outputs (batch, time, hidden_size) holds the hidden state of every step, (h, c) is the state after the
    last one, each (batch, hidden_size). Gradients flow back through all steps.
    """
    outputs = []
    for x_t in x.unbind(dim=1):
        state = cell(x_t, state)
        outputs.append(state[0])
    return torch.stack(outputs, dim=1), state
