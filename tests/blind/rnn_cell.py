# blind: passed at try 1
import torch
from torch import Tensor

Weights = tuple[Tensor, Tensor, Tensor, Tensor]


def rnn_step(x: Tensor, h: Tensor, weights: Weights) -> Tensor:
    """One step of an Elman network: tanh(w_ih x + b_ih + w_hh h + b_hh) for each sample."""
    w_ih, w_hh, b_ih, b_hh = weights
    return torch.tanh(torch.addmm(b_ih, x, w_ih.T) + torch.addmm(b_hh, h, w_hh.T))


def turn_around(x: Tensor, lengths: Tensor) -> Tensor:
    """Reverse the first lengths[b] steps of each sequence b; what follows stays where it is."""
    step = torch.arange(x.shape[1], device=x.device).expand(x.shape[:2])
    source = torch.where(step < lengths[:, None], lengths[:, None] - 1 - step, step)
    return x.gather(1, source[:, :, None].expand_as(x))


def rnn(x: Tensor, weights: Weights, h0: Tensor | None = None, lengths: Tensor | None = None, *, reverse: bool = False) -> tuple[Tensor, Tensor]:
    """Run the network over sequences of different lengths; returns (outputs, last)."""
    batch, time, _ = x.shape
    hidden_size = weights[1].shape[0]
    if lengths is None:
        lengths = torch.full((batch,), time, dtype=torch.int64, device=x.device)
    padding = (torch.arange(time, device=x.device) >= lengths[:, None])[:, :, None]
    x = x.masked_fill(padding, 0.0)  # no overflow and no gradient from there
    if reverse:
        x = turn_around(x, lengths)

    h = x.new_zeros(batch, hidden_size) if h0 is None else h0
    states = []
    for inputs in x.unbind(1):
        h = rnn_step(inputs, h, weights)
        states.append(h)
    outputs = torch.stack(states, dim=1)

    last = outputs[torch.arange(batch, device=x.device), lengths - 1]
    outputs = outputs.masked_fill(padding, 0.0)
    return (turn_around(outputs, lengths) if reverse else outputs), last


def bidirectional_rnn(
    x: Tensor, weights: Weights, reverse_weights: Weights, h0: Tensor | None = None, lengths: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Two networks over the same sequences, one in each direction, as nn.RNN(bidirectional=True)."""
    front, back = (None, None) if h0 is None else h0.unbind(0)
    forward, forward_last = rnn(x, weights, front, lengths)
    backward, backward_last = rnn(x, reverse_weights, back, lengths, reverse=True)
    return torch.cat((forward, backward), dim=-1), torch.stack((forward_last, backward_last))
