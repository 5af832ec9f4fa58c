import torch
from torch import Tensor


def transposed_conv(x: Tensor, w: Tensor, b: Tensor | None = None, stride: int = 1, padding: int = 0, output_padding: int = 0) -> Tensor:
    """Transposed convolution: every input pixel adds its multiple of the kernel to the output, stride pixels from its neighbour's.

    x: (batch, in_channels, height, width); w: (in_channels, out_channels, kernel_height, kernel_width); b: (out_channels,) or None.
    padding: that many rows and columns are cut off on each side. output_padding: that many more are kept, or are zero where nothing was
    painted, at the bottom and on the right. The bias is added everywhere. All three ints hold for both axes.
    Returns (batch, out_channels, out_height, out_width), out = (length - 1) * stride + kernel - 2 * padding + output_padding, at least 1.
    Gradients reach x, w and b. Raises ValueError when output_padding is not smaller than stride.
    """
    raise NotImplementedError("your turn")


def skip_concat(x: Tensor, skip: Tensor) -> Tensor:
    """The encoder's features, cut to the size of x, beside x: (batch, skip_channels + x_channels, height, width).

    x: (batch, x_channels, height, width). skip: (batch, skip_channels, skip_height, skip_width), at least as high and as wide. Its middle is
    kept: (skip_height - height) // 2 rows are cut off at the top, columns likewise on the left. The channels of skip come first.
    Raises ValueError when skip is smaller than x along an axis.
    """
    raise NotImplementedError("your turn")


def dice_loss(logits: Tensor, labels: Tensor, smooth: float = 1.0) -> Tensor:
    """1 minus the mean, over samples and classes, of the soft Dice coefficient (2 sum p t + smooth) / (sum p + sum t + smooth).

    logits: (batch, classes, height, width), of any size; p is their softmax over the classes. labels: (batch, height, width), int64 in
    [0, classes); t is 1 at the pixels of the class and 0 elsewhere. The sums run over the pixels of one sample and one class.
    Returns a scalar of the dtype of logits; gradients reach logits.
    """
    raise NotImplementedError("your turn")


def mean_iou(predicted: Tensor, labels: Tensor, classes: int) -> float:
    """Mean over the classes of intersection / union, both counted over all pixels given.

    predicted, labels: int64 of one shape, any, in [0, classes). A class that is neither predicted nor among the labels is left out of the mean.
    Returns a float; nan when there are no pixels.
    """
    raise NotImplementedError("your turn")
