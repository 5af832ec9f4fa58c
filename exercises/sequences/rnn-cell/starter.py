import torch
from torch import Tensor

Weights = tuple[Tensor, Tensor, Tensor, Tensor]


def rnn_step(x: Tensor, h: Tensor, weights: Weights) -> Tensor:
    """One step of an Elman network: tanh(w_ih x + b_ih + w_hh h + b_hh) for each sample.

    x: (batch, input_size). h: (batch, hidden_size), the old state. weights: (w_ih, w_hh, b_ih, b_hh) as in nn.RNNCell, of the shapes
    (hidden_size, input_size), (hidden_size, hidden_size), (hidden_size,) and (hidden_size,). Returns the new state, (batch, hidden_size).
    """
    raise NotImplementedError("your turn")


def rnn(x: Tensor, weights: Weights, h0: Tensor | None = None, lengths: Tensor | None = None, *, reverse: bool = False) -> tuple[Tensor, Tensor]:
    """Run the network over sequences of different lengths.

    x: (batch, time, input_size), at least one step; the batch may be empty. h0: (batch, hidden_size), None stands for zeros.
    lengths: (batch,) int64 from 1 to time, on the device of x: sequence b is x[b, :lengths[b]], what follows is padding; None: no padding.
    reverse: read each sequence from its own last step to step 0, instead of from step 0 to its last.

    Returns (outputs, last). outputs (batch, time, hidden_size): at [b, t] the state after reading step t of sequence b, and 0 in the padding.
    last (batch, hidden_size): the state after the step that was read last. Padding, of any finite size, has no influence and gets gradient 0.
    """
    raise NotImplementedError("your turn")


def bidirectional_rnn(
    x: Tensor, weights: Weights, reverse_weights: Weights, h0: Tensor | None = None, lengths: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Two networks over the same sequences, one in each direction, as nn.RNN(bidirectional=True).

    x, lengths: as in rnn. weights, reverse_weights: of the forward and of the backward network. h0: (2, batch, hidden_size), their states
    before the first step that each of them reads, forward first; None stands for zeros.
    Returns (outputs, last): outputs (batch, time, 2 * hidden_size), the forward network's hidden_size features first, 0 in the padding;
    last (2, batch, hidden_size), the forward network's last state and the backward network's.
    """
    raise NotImplementedError("your turn")
