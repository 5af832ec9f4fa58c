import torch.nn.functional as F
from torch import Tensor, nn


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions and a shortcut; in_channels to channels.

    Layers: conv1 (with the stride), bn1, conv2, bn2, and downsample, see forward. Convolutions have no bias, norms are nn.BatchNorm2d with its
    defaults, and PyTorch's initialisation stays except that the weight of the last norm, bn2, begins at 0.
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        """Make the layers; stride is 1 or more."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x)), with padding 1 in both convolutions.

        x: (batch, in_channels, height, width), left unchanged. Returns (batch, channels, ceil(height / stride), ceil(width / stride)).
        The shortcut is x itself when stride is 1 and in_channels == channels: downsample is None then and has no parameters. Otherwise it is
        downsample, an nn.Sequential of a 1 x 1 convolution without bias, with the stride, and an nn.BatchNorm2d.
        """
        raise NotImplementedError("your turn")


class Bottleneck(nn.Module):
    """1 x 1 down to channels, 3 x 3, 1 x 1 up to 4 * channels, and a shortcut; in_channels to 4 * channels.

    Layers: conv1, bn1, conv2 (with the stride), bn2, conv3, bn3, and downsample as in BasicBlock, to 4 * channels. The last norm is bn3.
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        """Make the layers; stride is 1 or more."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """relu(bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x)))))))) + shortcut(x)), with padding 1 in conv2.

        x: (batch, in_channels, height, width), left unchanged. Returns (batch, 4 * channels, ceil(height / stride), ceil(width / stride)).
        The shortcut is x itself when stride is 1 and in_channels == 4 * channels, otherwise downsample.
        """
        raise NotImplementedError("your turn")
