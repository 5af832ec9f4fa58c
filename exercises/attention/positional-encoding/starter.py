import torch
from torch import Tensor, nn


def sinusoidal(positions: Tensor, dim: int, base: float = 10_000.0, dtype: torch.dtype = torch.float32) -> Tensor:
    """Sinusoidal encodings of the positions.

    positions: int64, any shape, 0 to 1,000,000. Returns (*positions.shape, dim) of the dtype, float32 or float64, on the positions' device:
    feature 2 i is sin(position * base^(-2 i / dim)), feature 2 i + 1 the cosine of the same angle. When dim is odd, the last feature is a
    sine without its cosine. Every value is right up to the rounding of dtype, far positions too.
    """
    raise NotImplementedError("your turn")


class LearnedPositions(nn.Module):
    """One trainable vector for each position; its only parameter is weight (max_length, dim). The initial values are free."""

    def __init__(self, max_length: int, dim: int) -> None:
        """Make the table."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor, offset: int = 0) -> Tensor:
        """Add the vectors of positions offset, offset + 1, ... to x.

        x: (batch, length, dim). Returns the sum, of the same shape, as a new tensor; gradients reach x and the table. Raises ValueError when
        a position lies beyond the table.
        """
        raise NotImplementedError("your turn")


def rope(x: Tensor, offset: int = 0, base: float = 10_000.0, interleaved: bool = True) -> Tensor:
    """Rotary encoding: turn each pair of features through an angle proportional to the position.

    x: (..., length, dim), queries or keys, float32 or float64; the row at index t has the position offset + t, at most 1,000,000. Pair i, for
    i = 0 to dim / 2 - 1, is turned from (a, b) to (a cos - b sin, a sin + b cos) by the angle position * base^(-2 i / dim). interleaved: pair
    i is the features (2 i, 2 i + 1); otherwise (i, i + dim / 2). Each result takes the place of its feature. Returns a new tensor of x's shape
    and dtype, right up to the rounding of dtype at far positions too; gradients reach x. Raises ValueError when dim is odd.
    """
    raise NotImplementedError("your turn")
