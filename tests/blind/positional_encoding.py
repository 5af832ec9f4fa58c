# blind: passed at try 1
import torch
from torch import Tensor, nn


def angles(positions: Tensor, dim: int, base: float) -> Tensor:
    """position * base^(-2 i / dim) for i = 0, 1, ... along a new last axis; float64, so that far positions keep their digits."""
    even = torch.arange(0, dim, 2, dtype=torch.float64, device=positions.device)
    return positions.double().unsqueeze(-1) / base ** (even / dim)


def sinusoidal(positions: Tensor, dim: int, base: float = 10_000.0, dtype: torch.dtype = torch.float32) -> Tensor:
    """Sinusoidal encodings of the positions: sines at the even features, cosines at the odd ones."""
    angle = angles(positions, dim, base)
    encoding = torch.empty(*positions.shape, dim, dtype=dtype, device=positions.device)
    encoding[..., 0::2] = angle.sin()
    encoding[..., 1::2] = angle[..., : dim // 2].cos()
    return encoding


class LearnedPositions(nn.Module):
    """One trainable vector for each position; its only parameter is weight (max_length, dim)."""

    def __init__(self, max_length: int, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(max_length, dim))

    def forward(self, x: Tensor, offset: int = 0) -> Tensor:
        """Add the vectors of positions offset, offset + 1, ... to x (batch, length, dim)."""
        end = offset + x.shape[1]
        if offset < 0 or end > len(self.weight):
            raise ValueError(f"positions {offset} to {end - 1} are asked for, the table has 0 to {len(self.weight) - 1}")
        return x + self.weight[offset:end]


def rope(x: Tensor, offset: int = 0, base: float = 10_000.0, interleaved: bool = True) -> Tensor:
    """Rotary encoding: turn each pair of features through an angle proportional to the position."""
    length, dim = x.shape[-2:]
    if dim % 2:
        raise ValueError(f"{dim} features cannot be paired")
    theta = angles(torch.arange(offset, offset + length, device=x.device), dim, base)
    cos, sin = theta.cos().to(x.dtype), theta.sin().to(x.dtype)

    pairs = x.unflatten(-1, (dim // 2, 2)) if interleaved else x.unflatten(-1, (2, dim // 2)).transpose(-1, -2)
    a, b = pairs.unbind(-1)
    turned = torch.stack((a * cos - b * sin, a * sin + b * cos), dim=-1 if interleaved else -2)
    return turned.flatten(-2)
