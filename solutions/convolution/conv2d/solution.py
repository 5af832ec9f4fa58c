"""A convolution is a matrix product, once every window of the image has been laid out as a row."""

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
    in_channels = x.shape[1]
    out_channels, group_channels, *kernel = w.shape
    if in_channels != groups * group_channels or out_channels % groups:
        raise ValueError(f"{in_channels} channels and a weight of shape {tuple(w.shape)} do not make {groups} groups")
    stride = stride if isinstance(stride, tuple) else (stride, stride)
    dilation = dilation if isinstance(dilation, tuple) else (dilation, dilation)

    if padding == "same":
        if stride != (1, 1):
            raise ValueError("padding 'same' needs stride 1")
        (top, bottom), (left, right) = ((d * (k - 1) // 2, (d * (k - 1) + 1) // 2) for d, k in zip(dilation, kernel, strict=True))
    elif padding == "valid":
        top = bottom = left = right = 0
    elif isinstance(padding, str):
        raise ValueError(f"padding must be 'same', 'valid' or numbers, not {padding!r}")
    else:
        vertical, horizontal = padding if isinstance(padding, tuple) else (padding, padding)
        top, bottom, left, right = vertical, vertical, horizontal, horizontal
    x = F.pad(x, (left, right, top, bottom))

    positions = []  # for each axis: (outputs, kernel), the pixels that a window reads
    for size, k, s, d in zip(x.shape[2:], kernel, stride, dilation, strict=True):
        span = d * (k - 1) + 1
        if span > size:
            raise ValueError(f"a kernel that spans {span} pixels does not fit into {size}")
        starts = torch.arange(0, size - span + 1, s)
        positions.append(starts[:, None] + d * torch.arange(k))
    rows, columns = positions

    windows = x[:, :, rows][..., columns]  # (batch, in_channels, out_height, kernel_height, out_width, kernel_width)
    windows = windows.unflatten(1, (groups, group_channels))
    weight = w.unflatten(0, (groups, out_channels // groups))
    out = torch.einsum("ngcyixj,gocij->ngoyx", windows, weight).flatten(1, 2)
    return out if b is None else out + b[:, None, None]
