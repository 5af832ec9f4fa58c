from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor


def conv_gradients(
    dy: Tensor,
    x: Tensor,
    w: Tensor,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients (dx, dw, db) of y = F.conv2d(x, w, b, stride, padding, dilation, groups).

    x: (batch, channels, height, width), the batch may be empty. w: (out_channels, channels / groups, kernel_height, kernel_width).
    dy: the gradient of y, (batch, out_channels, out_height, out_width). stride, padding (with zeros) and dilation: one number, or (vertical,
    horizontal). Group g links the g-th share of the channels with the g-th share of the out_channels; both counts are multiples of groups.
    dx has the shape of x, also where the last rows or columns of x are reached by no window (dx is 0 there); dw has the shape of w, db is
    (out_channels,). float32 or float64, which is kept; inputs are left unchanged.
    """
    raise NotImplementedError("your turn")
