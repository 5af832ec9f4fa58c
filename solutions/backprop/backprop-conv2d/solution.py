"""For each place of the kernel a convolution multiplies one strided window of x by one matrix; so do both of its gradients."""

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
    (vertical, horizontal), (above, beside), (down, across) = _pair(stride), _pair(padding), _pair(dilation)
    _, _, height, width = x.shape
    _, _, out_height, out_width = dy.shape
    windows = F.pad(x, (beside, beside, above, above)).unflatten(1, (groups, -1))
    dy, w = dy.unflatten(1, (groups, -1)), w.unflatten(0, (groups, -1))
    dx, dw = torch.zeros_like(windows), torch.empty_like(w)
    for i, j in product(range(w.shape[-2]), range(w.shape[-1])):
        rows = slice(i * down, i * down + vertical * (out_height - 1) + 1, vertical)
        columns = slice(j * across, j * across + horizontal * (out_width - 1) + 1, horizontal)
        dw[..., i, j] = torch.einsum("ngohw,ngchw->goc", dy, windows[..., rows, columns])
        dx[..., rows, columns] += torch.einsum("ngohw,goc->ngchw", dy, w[..., i, j])
    dx = dx[..., above : above + height, beside : beside + width]
    return dx.flatten(1, 2), dw.flatten(0, 1), dy.sum((0, 3, 4)).flatten()


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value
