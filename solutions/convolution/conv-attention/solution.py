"""A feature map weighs itself: a summary of it decides which channels, and which places, count."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SqueezeExcite(nn.Module):
    """One factor for each channel, from the means of all channels.

    Layers: fc1 = nn.Linear(channels, max(1, channels // reduction)) and fc2 = nn.Linear back to channels, both with bias; nothing else.
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        """Make the layers; PyTorch's own initialisation."""
        super().__init__()
        hidden = max(1, channels // reduction)
        self.fc1 = nn.Linear(channels, hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return x * sigmoid(fc2(relu(fc1(mean of x over all positions)))), one factor for each sample and channel.

        x: (batch, channels, height, width), left unchanged; the batch may be empty. Returns the same shape; gradients reach x and the layers.
        """
        gate = self.fc2(F.relu(self.fc1(x.mean(dim=(2, 3))))).sigmoid()
        return x * gate[:, :, None, None]


class ChannelAttention(nn.Module):
    """One factor for each channel, from its mean and its maximum; both pass through the same two layers.

    Layers: fc1 and fc2 as in SqueezeExcite but without bias; nothing else.
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        """Make the layers; PyTorch's own initialisation."""
        super().__init__()
        hidden = max(1, channels // reduction)
        self.fc1 = nn.Linear(channels, hidden, bias=False)
        self.fc2 = nn.Linear(hidden, channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return x * sigmoid(f(mean) + f(maximum)) with f = fc2(relu(fc1(.))), mean and maximum over all positions; otherwise as SqueezeExcite."""
        scores = [self.fc2(F.relu(self.fc1(summary))) for summary in (x.mean(dim=(2, 3)), x.amax(dim=(2, 3)))]
        return x * (scores[0] + scores[1]).sigmoid()[:, :, None, None]


class SpatialAttention(nn.Module):
    """One factor for each place, from the mean and the maximum over the channels.

    Layer: conv = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False), kernel odd; nothing else.
    """

    def __init__(self, kernel: int = 7) -> None:
        """Make the layer; PyTorch's own initialisation."""
        super().__init__()
        self.conv = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return x * sigmoid(conv(mean and maximum over the channels)), conv's first input channel being the mean, its second the maximum.

        x: (batch, channels, height, width), left unchanged; the batch may be empty. Returns the same shape; one factor for each sample and place.
        """
        summary = torch.stack([x.mean(dim=1), x.amax(dim=1)], dim=1)
        return x * self.conv(summary).sigmoid()


class CBAM(nn.Module):
    """Channel attention, then spatial attention on its result.

    Parts: channel = ChannelAttention(channels, reduction) and spatial = SpatialAttention(kernel); nothing else.
    """

    def __init__(self, channels: int, reduction: int = 16, kernel: int = 7) -> None:
        """Make the parts."""
        super().__init__()
        self.channel = ChannelAttention(channels, reduction)
        self.spatial = SpatialAttention(kernel)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) to the same shape; x is left unchanged."""
        return self.spatial(self.channel(x))
