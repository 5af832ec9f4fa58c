"""A block only learns what to add to its input: with nothing learned yet it passes the input on."""

import torch.nn.functional as F
from torch import Tensor, nn


def _conv(in_channels: int, out_channels: int, size: int, stride: int = 1) -> nn.Conv2d:
    """Without a bias, which the norm behind it would subtract again."""
    return nn.Conv2d(in_channels, out_channels, size, stride, padding=size // 2, bias=False)


def _projection(in_channels: int, out_channels: int, stride: int) -> nn.Sequential | None:
    """The shortcut where the input does not fit the output; None where it does."""
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(_conv(in_channels, out_channels, 1, stride), nn.BatchNorm2d(out_channels))


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions and a shortcut; in_channels to channels.

    Layers: conv1 (with the stride), bn1, conv2, bn2, and downsample, see forward. Convolutions have no bias, norms are nn.BatchNorm2d with its
    defaults, and PyTorch's initialisation stays except that the weight of the last norm, bn2, begins at 0.
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        """Make the layers; stride is 1 or more."""
        super().__init__()
        self.conv1 = _conv(in_channels, channels, 3, stride)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = _conv(channels, channels, 3)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = _projection(in_channels, channels, stride)
        nn.init.zeros_(self.bn2.weight)

    def forward(self, x: Tensor) -> Tensor:
        """relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x)), with padding 1 in both convolutions.

        x: (batch, in_channels, height, width), left unchanged. Returns (batch, channels, ceil(height / stride), ceil(width / stride)).
        The shortcut is x itself when stride is 1 and in_channels == channels: downsample is None then and has no parameters. Otherwise it is
        downsample, an nn.Sequential of a 1 x 1 convolution without bias, with the stride, and an nn.BatchNorm2d.
        """
        shortcut = x if self.downsample is None else self.downsample(x)
        out = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(out)) + shortcut)


class Bottleneck(nn.Module):
    """1 x 1 down to channels, 3 x 3, 1 x 1 up to 4 * channels, and a shortcut; in_channels to 4 * channels.

    Layers: conv1, bn1, conv2 (with the stride), bn2, conv3, bn3, and downsample as in BasicBlock, to 4 * channels. The last norm is bn3.
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        """Make the layers; stride is 1 or more."""
        super().__init__()
        self.conv1 = _conv(in_channels, channels, 1)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = _conv(channels, channels, 3, stride)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = _conv(channels, 4 * channels, 1)
        self.bn3 = nn.BatchNorm2d(4 * channels)
        self.downsample = _projection(in_channels, 4 * channels, stride)
        nn.init.zeros_(self.bn3.weight)

    def forward(self, x: Tensor) -> Tensor:
        """relu(bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x)))))))) + shortcut(x)), with padding 1 in conv2.

        x: (batch, in_channels, height, width), left unchanged. Returns (batch, 4 * channels, ceil(height / stride), ceil(width / stride)).
        The shortcut is x itself when stride is 1 and in_channels == 4 * channels, otherwise downsample.
        """
        shortcut = x if self.downsample is None else self.downsample(x)
        out = F.relu(self.bn1(self.conv1(x)))
        out = F.relu(self.bn2(self.conv2(out)))
        return F.relu(self.bn3(self.conv3(out)) + shortcut)
