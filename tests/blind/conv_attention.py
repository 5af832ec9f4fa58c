# blind: passed at try 1
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SqueezeExcite(nn.Module):
    """One factor for each channel, from the means of all channels."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        hidden = max(1, channels // reduction)
        self.fc1 = nn.Linear(channels, hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        squeezed = x.mean(dim=(2, 3))
        factors = self.fc2(self.fc1(squeezed).relu()).sigmoid()
        return x * factors[:, :, None, None]


class ChannelAttention(nn.Module):
    """One factor for each channel, from its mean and its maximum; both pass through the same two layers."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        hidden = max(1, channels // reduction)
        self.fc1 = nn.Linear(channels, hidden, bias=False)
        self.fc2 = nn.Linear(hidden, channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        # relu is not linear: each summary has to pass it alone; but fc2 is, so the sum may come before it
        hidden = F.relu(self.fc1(x.mean(dim=(2, 3)))) + F.relu(self.fc1(x.amax(dim=(2, 3))))
        return x * self.fc2(hidden).sigmoid()[..., None, None]


class SpatialAttention(nn.Module):
    """One factor for each place, from the mean and the maximum over the channels."""

    def __init__(self, kernel: int = 7) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        summary = torch.stack((x.mean(dim=1), x.amax(dim=1)), dim=1)
        return x * torch.sigmoid(self.conv(summary))


class CBAM(nn.Module):
    """Channel attention, then spatial attention on its result."""

    def __init__(self, channels: int, reduction: int = 16, kernel: int = 7) -> None:
        super().__init__()
        self.channel = ChannelAttention(channels, reduction)
        self.spatial = SpatialAttention(kernel)

    def forward(self, x: Tensor) -> Tensor:
        return self.spatial(self.channel(x))
