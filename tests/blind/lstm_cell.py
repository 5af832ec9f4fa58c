# blind: passed at try 2
import math

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
        self.hidden_size = hidden_size
        rows = 4 * hidden_size
        bound = 1 / math.sqrt(hidden_size)
        shapes = {"weight_ih": (rows, input_size), "weight_hh": (rows, hidden_size), "bias_ih": (rows,), "bias_hh": (rows,)}
        for name, shape in shapes.items():
            values = torch.empty(shape, dtype=torch.float32).uniform_(-bound, bound)
            self.register_parameter(name, nn.Parameter(values))

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Go one step further.

        x: (batch, input_size); the batch may be empty. state: (h, c), the hidden and the cell state, each (batch, hidden_size);
        None stands for zeros, in every call anew. Returns the new (h, c), a tuple of tensors of the same shape; x, h and c are left
        unchanged. Works in float32, and after cell.double() in float64. However large x is, the result is finite.
        Gradients reach x, h, c and the parameters.
        """
        if state is None:
            zeros = x.new_zeros(x.shape[0], self.hidden_size)
            state = (zeros, zeros)
        h, c = state
        blocks = []
        for k, squash in enumerate((torch.sigmoid, torch.sigmoid, torch.tanh, torch.sigmoid)):
            rows = slice(k * self.hidden_size, (k + 1) * self.hidden_size)
            from_input = x @ self.weight_ih[rows].T + self.bias_ih[rows]
            from_hidden = h @ self.weight_hh[rows].T + self.bias_hh[rows]
            blocks.append(squash(from_input + from_hidden))
        i, f, g, o = blocks
        c = f * c + i * g
        return o * torch.tanh(c), c


def unroll(cell: LSTMCell, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Run the cell over a sequence, from the first step to the last.

    x: (batch, time, input_size), batch first (nn.LSTM has time first unless told otherwise), with at least one step.
    state: (h, c) before the first step, each (batch, hidden_size); None stands for zeros.
    Returns (outputs, (h, c)): outputs (batch, time, hidden_size) holds the hidden state of every step, (h, c) is the state after the
    last one, each (batch, hidden_size). Gradients flow back through all steps.
    """
    outputs = []
    for t in range(x.shape[1]):
        state = cell(x[:, t], state)
        outputs.append(state[0])
    return torch.stack(outputs, dim=1), state
