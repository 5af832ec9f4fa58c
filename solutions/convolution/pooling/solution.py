"""Pooling summarises windows: lay every window out once, then take the maximum or the mean over the window's axes."""

import torch
import torch.nn.functional as F
from torch import Tensor


def _windows(x: Tensor, size: int, stride: int | None, padding: int, fill: float) -> Tensor:
    """All windows of x, padded with fill: (..., out_height, out_width, size * size)."""
    if padding > size // 2:
        raise ValueError(f"padding {padding} is more than half of a window of {size}")
    stride = size if stride is None else stride
    padded = F.pad(x, (padding, padding, padding, padding), value=fill)
    return padded.unfold(-2, size, stride).unfold(-2, size, stride).flatten(-2)


def max_pool(x: Tensor, size: int, stride: int | None = None, padding: int = 0) -> tuple[Tensor, Tensor]:
    """The largest value of every window and where it lies.

    x: (batch, channels, height, width), finite, float32 or float64; the batch may be empty. Windows are size x size, their corners stride
    pixels apart; None means size. padding: pixels added on each side, which never win, however negative x is.
    Returns (values, indices), each (batch, channels, out_height, out_width) with out = (length + 2 * padding - size) // stride + 1; the
    padded image is as large as a window at least. Gradients reach x through values.
    indices, int64: row * width + column of the winner in x itself, without padding; among equals the first in this order.
    Raises ValueError when padding is more than size // 2.
    """
    values, place = _windows(x, size, stride, padding, float("-inf")).max(dim=-1)
    step = size if stride is None else stride
    rows = step * torch.arange(values.shape[2]).to(place)[:, None] - padding + place // size
    columns = step * torch.arange(values.shape[3]).to(place) - padding + place % size
    return values, x.shape[3] * rows + columns


def max_pool_backward(grad: Tensor, indices: Tensor, height: int, width: int) -> Tensor:
    """The gradient of max_pool's x: each entry of grad goes to the one pixel that won its window; what meets in a pixel adds up.

    grad, the gradient of values, and indices: (batch, channels, out_height, out_width).
    Returns (batch, channels, height, width) of grad's dtype.
    """
    flat = grad.new_zeros(*grad.shape[:2], height * width)
    return flat.scatter_add(2, indices.flatten(2), grad.flatten(2)).unflatten(2, (height, width))


def avg_pool(x: Tensor, size: int, stride: int | None = None, padding: int = 0, count_include_pad: bool = True) -> Tensor:
    """The mean of every window; arguments, result and error as in max_pool, without indices. The padding is zeros.

    With count_include_pad a window's sum is divided by size * size, otherwise by the number of its pixels that lie in x.
    """
    sums = _windows(x, size, stride, padding, 0.0).sum(dim=-1)
    if count_include_pad:
        return sums / size**2
    return sums / _windows(x.new_ones(x.shape[2:]), size, stride, padding, 0.0).sum(dim=-1)


def global_avg_pool(x: Tensor) -> Tensor:
    """The mean over all positions: (batch, channels, height, width) to (batch, channels)."""
    return x.mean(dim=(2, 3))


def adaptive_avg_pool(x: Tensor, out_height: int, out_width: int) -> Tensor:
    """Means over a grid of bins, whatever the size of x: (batch, channels, out_height, out_width).

    Along an axis of n pixels and m bins, bin i (from 0) holds the pixels from floor(i * n / m) up to, but without, ceil((i + 1) * n / m).
    m may be larger than n.
    """

    def bins(n: int, m: int) -> list[slice]:
        return [slice(i * n // m, -(-(i + 1) * n // m)) for i in range(m)]

    height, width = x.shape[2:]
    rows = [torch.stack([global_avg_pool(x[:, :, band, part]) for part in bins(width, out_width)], dim=2) for band in bins(height, out_height)]
    return torch.stack(rows, dim=2)
