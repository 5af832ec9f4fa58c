import torch.nn.functional as F
from torch import Tensor, nn


def depthwise_conv(x: Tensor, weight: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    """Cross-correlate each channel with filters of its own.

    x: (batch, channels, height, width). weight: (channels, multiplier, kernel_height, kernel_width): channel c has the filters weight[c].
    stride, and padding with that many zeros on each side, are the same for both axes, as in F.conv2d.
    Returns (batch, channels * multiplier, out_height, out_width); output channel c * multiplier + j is channel c under filter weight[c, j].
    """
    raise NotImplementedError("your turn")


def separable_conv(x: Tensor, depthwise: Tensor, pointwise: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0) -> Tensor:
    """A depthwise convolution (stride and padding belong to it), and at each pixel of its result a linear map of the channels.

    depthwise: (channels, multiplier, kernel_height, kernel_width); pointwise: (out_channels, channels * multiplier); bias: (out_channels,) or
    None, added at the end. Returns (batch, out_channels, out_height, out_width). Gradients reach all of them.
    """
    raise NotImplementedError("your turn")


def count_weights(in_channels: int, out_channels: int, kernel: int, multiplier: int = 1) -> tuple[int, int]:
    """(weights of an ordinary convolution, weights of the separable one), square kernels, no biases."""
    raise NotImplementedError("your turn")


class InvertedResidual(nn.Module):
    """Widen by 1 x 1, filter by depthwise 3 x 3, weigh the channels, narrow by 1 x 1 without an activation.

    With hidden = expansion * in_channels, its layers are expand (1 x 1, in_channels to hidden), bn1, depthwise (3 x 3, hidden groups, padding 1,
    the stride), bn2, squeeze (nn.Linear, hidden to hidden // 4, or to 1 if that is 0), excite (nn.Linear, back to hidden),
    project (1 x 1, hidden to out_channels), bn3.
    Convolutions are nn.Conv2d without bias, norms nn.BatchNorm2d with its defaults; nothing else has parameters.
    """

    def __init__(self, in_channels: int, out_channels: int, expansion: int = 4, stride: int = 1) -> None:
        """Make the layers; PyTorch's own initialisation."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """(batch, in_channels, height, width) to (batch, out_channels, ceil(height / stride), ceil(width / stride)); x is left unchanged.

        h = relu6(bn1(expand(x))), h = relu6(bn2(depthwise(h))). The mean of h over all positions, (batch, hidden), goes through squeeze, relu,
        excite and sigmoid; each channel of h is multiplied by its number. The result is bn3(project(h)) without an activation, plus x if the
        stride is 1 and in_channels == out_channels.
        """
        raise NotImplementedError("your turn")
