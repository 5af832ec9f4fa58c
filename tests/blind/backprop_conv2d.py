# blind: passed at try 1
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """(vertical, horizontal) of one number or two."""
    return (value, value) if isinstance(value, int) else tuple(value)


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
    (s1, s2), (p1, p2), (d1, d2) = pair(stride), pair(padding), pair(dilation)
    height, width = x.shape[-2:]
    out_height, out_width = dy.shape[-2:]

    padded = F.pad(x, (p2, p2, p1, p1)).unflatten(1, (groups, -1))
    weight = w.unflatten(0, (groups, -1))
    slope = dy.unflatten(1, (groups, -1))

    d_padded, d_weight = torch.zeros_like(padded), torch.zeros_like(weight)
    for i, j in product(range(w.shape[2]), range(w.shape[3])):
        rows = slice(d1 * i, d1 * i + s1 * (out_height - 1) + 1, s1)
        columns = slice(d2 * j, d2 * j + s2 * (out_width - 1) + 1, s2)
        d_weight[..., i, j] = torch.einsum("ngohv,ngchv->goc", slope, padded[..., rows, columns])
        d_padded[..., rows, columns] += torch.einsum("ngohv,goc->ngchv", slope, weight[..., i, j])

    dx = d_padded.flatten(1, 2)[..., p1 : p1 + height, p2 : p2 + width]
    return dx, d_weight.flatten(0, 1), dy.sum(dim=(0, 2, 3))
