"""Another right answer: feature by feature, an embedding table, and rotation as x cos + rotated(x) sin."""

import math

import torch
from torch import nn


def sinusoidal(positions, dim, base=10_000.0, dtype=torch.float32):
    where = positions.to(torch.float64)
    columns = []
    for feature in range(dim):
        angle = where * math.exp(-math.log(base) * (feature // 2 * 2) / dim)
        columns.append(torch.cos(angle) if feature % 2 else torch.sin(angle))
    return torch.stack(columns, dim=-1).to(dtype)


class LearnedPositions(nn.Module):
    def __init__(self, max_length, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(max_length, dim))

    def forward(self, x, offset=0):
        where = range(offset, offset + x.shape[1])
        if where[-1] >= self.weight.shape[0]:
            raise ValueError(offset)
        return x + torch.nn.functional.embedding(torch.tensor(list(where), device=x.device), self.weight)


def rope(x, offset=0, base=10_000.0, interleaved=True):
    dim = x.shape[-1]
    if dim % 2:
        raise ValueError(dim)
    half = dim // 2
    pairs = torch.arange(dim, device=x.device) // 2 if interleaved else torch.arange(dim, device=x.device) % half
    where = offset + torch.arange(x.shape[-2], device=x.device).double()
    angle = torch.outer(where, torch.pow(torch.tensor(base, dtype=torch.float64, device=x.device), -2.0 * pairs.double() / dim))
    if interleaved:
        partner = torch.stack([-x[..., 1::2], x[..., ::2]], dim=-1).reshape(x.shape)
    else:
        partner = torch.cat([-x[..., half:], x[..., :half]], dim=-1)
    return x * torch.cos(angle).to(x) + partner * torch.sin(angle).to(x)
