import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SqueezeExcite(nn.Module):
    """One factor for each channel, from the means of all channels.

    Layers: fc1 = nn.Linear(channels, max(1, channels // reduction)) and fc2 = nn.Linear back to channels, both with bias; nothing else.
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        """Make the layers; PyTorch's own initialisation."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """Return x * sigmoid(fc2(relu(fc1(mean of x over all positions)))), one factor for each sample and channel.

        x: (batch, channels, height, width), left unchanged; the batch may be empty. Returns the same shape; gradients reach x and the layers.
        """
        raise NotImplementedError("your turn")


class ChannelAttention(nn.Module):
    """One factor for each channel, from its mean and its maximum; both pass through the same two layers.

    Layers: fc1 and fc2 as in SqueezeExcite but without bias; nothing else.
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        """Make the layers; PyTorch's own initialisation."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """Return x * sigmoid(f(mean) + f(maximum)) with f = fc2(relu(fc1(.))), mean and maximum over all positions; otherwise as SqueezeExcite."""
        raise NotImplementedError("your turn")


class SpatialAttention(nn.Module):
    """One factor for each place, from the mean and the maximum over the channels.

    Layer: conv = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False), kernel odd; nothing else.
    """

    def __init__(self, kernel: int = 7) -> None:
        """Make the layer; PyTorch's own initialisation."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """Return x * sigmoid(conv(mean and maximum over the channels)), conv's first input channel being the mean, its second the maximum.

        x: (batch, channels, height, width), left unchanged; the batch may be empty. Returns the same shape; one factor for each sample and place.
        """
        raise NotImplementedError("your turn")


class CBAM(nn.Module):
    """Channel attention, then spatial attention on its result.

    Parts: channel = ChannelAttention(channels, reduction) and spatial = SpatialAttention(kernel); nothing else.
    """

    def __init__(self, channels: int, reduction: int = 16, kernel: int = 7) -> None:
        """Make the parts."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) to the same shape; x is left unchanged."""
        raise NotImplementedError("your turn")
