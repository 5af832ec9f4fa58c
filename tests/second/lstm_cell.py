"""Another right answer: four small linear maps instead of one large one, state kept in named variables, outputs written into a buffer."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class LSTMCell(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        shapes = {"weight_ih": (4 * hidden_size, input_size), "weight_hh": (4 * hidden_size, hidden_size)}
        shapes |= {"bias_ih": (4 * hidden_size,), "bias_hh": (4 * hidden_size,)}
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.zeros(shape)))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -1 / math.sqrt(hidden_size), 1 / math.sqrt(hidden_size))

    def block(self, k, x, h):
        rows = slice(k * self.hidden_size, (k + 1) * self.hidden_size)
        return F.linear(x, self.weight_ih[rows], self.bias_ih[rows]) + F.linear(h, self.weight_hh[rows], self.bias_hh[rows])

    def forward(self, x, state=None):
        if state is not None:
            h, c = state
        else:
            h = torch.zeros(len(x), self.hidden_size, dtype=x.dtype, device=x.device)
            c = torch.zeros_like(h)
        let_in = torch.sigmoid(self.block(0, x, h))
        keep = torch.sigmoid(self.block(1, x, h))
        candidate = 2 * torch.sigmoid(2 * self.block(2, x, h)) - 1  # tanh by another name
        show = torch.sigmoid(self.block(3, x, h))
        new_c = torch.addcmul(keep * c, let_in, candidate)
        return show * torch.tanh(new_c), new_c


def unroll(cell, x, state=None):
    time = x.shape[1]
    pieces = []
    for t in range(time):
        h, c = cell(x[:, t, :], state)
        state = h, c
        pieces.append(h.unsqueeze(1))
    return torch.cat(pieces, 1), (h, c)
