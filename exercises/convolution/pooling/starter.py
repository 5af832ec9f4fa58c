import torch
import torch.nn.functional as F
from torch import Tensor


def max_pool(x: Tensor, size: int, stride: int | None = None, padding: int = 0) -> tuple[Tensor, Tensor]:
    """The largest value of every window and where it lies.

    x: (batch, channels, height, width), finite, float32 or float64; the batch may be empty. Windows are size x size, their corners stride
    pixels apart; None means size. padding: pixels added on each side, which never win, however negative x is.
    Returns (values, indices), each (batch, channels, out_height, out_width) with out = (length + 2 * padding - size) // stride + 1; the
    padded image is as large as a window at least. Gradients reach x through values.
    indices, int64: row * width + column of the winner in x itself, without padding; among equals the first in this order.
    Raises ValueError when padding is more than size // 2.
    """
    raise NotImplementedError("your turn")


def max_pool_backward(grad: Tensor, indices: Tensor, height: int, width: int) -> Tensor:
    """The gradient of max_pool's x: each entry of grad goes to the one pixel that won its window; what meets in a pixel adds up.

    grad, the gradient of values, and indices: (batch, channels, out_height, out_width).
    Returns (batch, channels, height, width) of grad's dtype.
    """
    raise NotImplementedError("your turn")


def avg_pool(x: Tensor, size: int, stride: int | None = None, padding: int = 0, count_include_pad: bool = True) -> Tensor:
    """The mean of every window; arguments, result and error as in max_pool, without indices. The padding is zeros.

    With count_include_pad a window's sum is divided by size * size, otherwise by the number of its pixels that lie in x.
    """
    raise NotImplementedError("your turn")


def global_avg_pool(x: Tensor) -> Tensor:
    """The mean over all positions: (batch, channels, height, width) to (batch, channels)."""
    raise NotImplementedError("your turn")


def adaptive_avg_pool(x: Tensor, out_height: int, out_width: int) -> Tensor:
    """Means over a grid of bins, whatever the size of x: (batch, channels, out_height, out_width).

    Along an axis of n pixels and m bins, bin i (from 0) holds the pixels from floor(i * n / m) up to, but without, ceil((i + 1) * n / m).
    m may be larger than n.
    """
    raise NotImplementedError("your turn")
