import torch
import torch.nn.functional as F
from torch import Tensor


def conv2d(
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | str = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Tensor:
    """Two-dimensional convolution as deep learning means it: a cross-correlation, the kernel is not flipped.

    x: (batch, in_channels, height, width); the batch may be empty. w: (out_channels, in_channels / groups, kernel_height, kernel_width).
    b: (out_channels,) or None. All have one dtype, float32 or float64, and any memory layout.
    Returns (batch, out_channels, out_height, out_width) of that dtype. Gradients reach x, w and b.

    stride, padding and dilation are an int for both axes or a tuple (height, width).
    padding: that many zeros on each side of an axis. "valid" means none. "same" (for stride 1) keeps height and width: an axis gets
    dilation * (kernel - 1) zeros in all, half of them on each side, and an odd one at the end (bottom, right).
    groups: in_channels and out_channels are cut into that many consecutive blocks; an output block sees only its own input block.

    A Python loop over the output pixels is too slow (the statement has the time limit).

    Raises ValueError when in_channels is not groups * w.shape[1], when groups does not divide out_channels, for another word as padding,
    for "same" with a stride other than 1, and when the (dilated) kernel is larger than the padded image along an axis.
    """
    raise NotImplementedError("your turn")
