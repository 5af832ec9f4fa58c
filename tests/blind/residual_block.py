# blind: passed at try 1
import torch.nn.functional as F
from torch import Tensor, nn


def conv(n_in: int, n_out: int, size: int, stride: int = 1) -> nn.Conv2d:
    """A convolution without bias that keeps the image's size up to the stride."""
    return nn.Conv2d(n_in, n_out, size, stride=stride, padding=size // 2, bias=False)


def projection(n_in: int, n_out: int, stride: int) -> nn.Sequential | None:
    """The layers of the shortcut, or None where x can be added as it is."""
    if stride == 1 and n_in == n_out:
        return None
    return nn.Sequential(conv(n_in, n_out, 1, stride), nn.BatchNorm2d(n_out))


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions and a shortcut; in_channels to channels.

    Layers: conv1 (with the stride), bn1, conv2, bn2, and downsample, see forward. Convolutions have no bias, norms are nn.BatchNorm2d with its
    defaults, and PyTorch's initialisation stays except that the weight of the last norm, bn2, begins at 0.
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        """Make the layers; stride is 1 or more."""
        super().__init__()
        self.conv1 = conv(in_channels, channels, 3, stride)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = conv(channels, channels, 3)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = projection(in_channels, channels, stride)
        nn.init.zeros_(self.bn2.weight)

    def forward(self, x: Tensor) -> Tensor:
        """relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x)), with padding 1 in both convolutions.

        x: (batch, in_channels, height, width), left unchanged. Returns (batch, channels, ceil(height / stride), ceil(width / stride)).
        The shortcut is x itself when stride is 1 and in_channels == channels: downsample is None then and has no parameters. Otherwise it is
        downsample, an nn.Sequential of a 1 x 1 convolution without bias, with the stride, and an nn.BatchNorm2d.
        """
        shortcut = x if self.downsample is None else self.downsample(x)
        h = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(h)) + shortcut)


class Bottleneck(nn.Module):
    """1 x 1 down to channels, 3 x 3, 1 x 1 up to 4 * channels, and a shortcut; in_channels to 4 * channels.

    Layers: conv1, bn1, conv2 (with the stride), bn2, conv3, bn3, and downsample as in BasicBlock, to 4 * channels. The last norm is bn3.
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        """Make the layers; stride is 1 or more."""
        super().__init__()
        wide = 4 * channels
        self.conv1 = conv(in_channels, channels, 1)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = conv(channels, channels, 3, stride)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = conv(channels, wide, 1)
        self.bn3 = nn.BatchNorm2d(wide)
        self.downsample = projection(in_channels, wide, stride)
        nn.init.zeros_(self.bn3.weight)

    def forward(self, x: Tensor) -> Tensor:
        """relu(bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x)))))))) + shortcut(x)), with padding 1 in conv2.

        x: (batch, in_channels, height, width), left unchanged. Returns (batch, 4 * channels, ceil(height / stride), ceil(width / stride)).
        The shortcut is x itself when stride is 1 and in_channels == 4 * channels, otherwise downsample.
        """
        shortcut = x if self.downsample is None else self.downsample(x)
        h = F.relu(self.bn1(self.conv1(x)))
        h = F.relu(self.bn2(self.conv2(h)))
        return F.relu(self.bn3(self.conv3(h)) + shortcut)
