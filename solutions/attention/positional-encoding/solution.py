"""Attention sees a set: a position is told to it by adding a vector, or by turning queries and keys through an angle."""

import torch
from torch import Tensor, nn


def _frequencies(dim: int, base: float, device: torch.device) -> Tensor:
    """base^(-2 i / dim) for i = 0, 1, ... with 2 i < dim, in float64."""
    return base ** (-torch.arange(0, dim, 2, dtype=torch.float64, device=device) / dim)


def sinusoidal(positions: Tensor, dim: int, base: float = 10_000.0, dtype: torch.dtype = torch.float32) -> Tensor:
    """Sinusoidal encodings of the positions.

    positions: int64, any shape, 0 to 1,000,000. Returns (*positions.shape, dim) of the dtype, float32 or float64, on the positions' device:
    feature 2 i is sin(position * base^(-2 i / dim)), feature 2 i + 1 the cosine of the same angle. When dim is odd, the last feature is a
    sine without its cosine. Every value is right up to the rounding of dtype, far positions too.
    """
    angles = positions[..., None] * _frequencies(dim, base, positions.device)
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(-2)[..., :dim].to(dtype)


class LearnedPositions(nn.Module):
    """One trainable vector for each position; its only parameter is weight (max_length, dim). The initial values are free."""

    def __init__(self, max_length: int, dim: int) -> None:
        """Make the table."""
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_length, dim))

    def forward(self, x: Tensor, offset: int = 0) -> Tensor:
        """Add the vectors of positions offset, offset + 1, ... to x.

        x: (batch, length, dim). Returns the sum, of the same shape, as a new tensor; gradients reach x and the table. Raises ValueError when
        a position lies beyond the table.
        """
        end = offset + x.shape[1]
        if end > len(self.weight):
            raise ValueError(f"position {end - 1} is beyond the table of {len(self.weight)}")
        return x + self.weight[offset:end]


def rope(x: Tensor, offset: int = 0, base: float = 10_000.0, interleaved: bool = True) -> Tensor:
    """Rotary encoding: turn each pair of features through an angle proportional to the position.

    x: (..., length, dim), queries or keys, float32 or float64; the row at index t has the position offset + t, at most 1,000,000. Pair i, for
    i = 0 to dim / 2 - 1, is turned from (a, b) to (a cos - b sin, a sin + b cos) by the angle position * base^(-2 i / dim). interleaved: pair
    i is the features (2 i, 2 i + 1); otherwise (i, i + dim / 2). Each result takes the place of its feature. Returns a new tensor of x's shape
    and dtype, right up to the rounding of dtype at far positions too; gradients reach x. Raises ValueError when dim is odd.
    """
    length, dim = x.shape[-2:]
    if dim % 2 != 0:
        raise ValueError(f"{dim} features cannot be turned in pairs")
    positions = torch.arange(offset, offset + length, device=x.device)
    angles = positions[:, None] * _frequencies(dim, base, x.device)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = (x[..., 0::2], x[..., 1::2]) if interleaved else x.chunk(2, dim=-1)
    turned = a * cos - b * sin, a * sin + b * cos
    return torch.stack(turned, dim=-1).flatten(-2) if interleaved else torch.cat(turned, dim=-1)
