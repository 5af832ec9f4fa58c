# blind: passed at try 1
import torch
import torch.nn.functional as F
from torch import Tensor


def check_padding(size: int, padding: int) -> None:
    if padding > size // 2:
        raise ValueError(f"padding {padding} is more than half of the window, {size}")


def bins(starts: Tensor, ends: Tensor, x: Tensor, length: int) -> Tensor:
    """A table (bins, length) in x's dtype with a 1 where pixel n lies in starts[i] <= n < ends[i]."""
    pixel = torch.arange(length, device=x.device)
    return ((pixel >= starts[:, None]) & (pixel < ends[:, None])).to(x.dtype)


def max_pool(x: Tensor, size: int, stride: int | None = None, padding: int = 0) -> tuple[Tensor, Tensor]:
    """The largest value of every window and where it lies."""
    check_padding(size, padding)
    stride = size if stride is None else stride
    width = x.shape[-1]
    padded = F.pad(x.detach(), (padding,) * 4, value=-torch.inf)
    winner = padded.unfold(2, size, stride).unfold(3, size, stride).flatten(-2).argmax(dim=-1)

    out_height, out_width = winner.shape[2:]
    top = stride * torch.arange(out_height, device=x.device)[:, None] - padding
    left = stride * torch.arange(out_width, device=x.device) - padding
    indices = (top + winner // size) * width + left + winner % size
    values = x.flatten(2).gather(2, indices.flatten(2)).reshape(indices.shape)
    return values, indices


def max_pool_backward(grad: Tensor, indices: Tensor, height: int, width: int) -> Tensor:
    """The gradient of max_pool's x: each entry of grad goes to the one pixel that won its window."""
    flat = grad.new_zeros(*grad.shape[:2], height * width)
    return flat.scatter_add(2, indices.flatten(2), grad.flatten(2)).unflatten(2, (height, width))


def avg_pool(x: Tensor, size: int, stride: int | None = None, padding: int = 0, count_include_pad: bool = True) -> Tensor:
    """The mean of every window: sums along both axes, divided by the numbers of pixels."""
    check_padding(size, padding)
    stride = size if stride is None else stride
    tables = []
    for length in x.shape[2:]:
        count = (length + 2 * padding - size) // stride + 1
        starts = stride * torch.arange(count, device=x.device) - padding
        table = bins(starts, starts + size, x, length)
        tables.append(table / (table.sum(dim=1, keepdim=True) if not count_include_pad else size))
    down, across = tables
    return down @ x @ across.T


def global_avg_pool(x: Tensor) -> Tensor:
    """The mean over all positions: (batch, channels, height, width) to (batch, channels)."""
    return x.flatten(2).mean(dim=2)


def adaptive_avg_pool(x: Tensor, out_height: int, out_width: int) -> Tensor:
    """Means over a grid of bins, whatever the size of x: (batch, channels, out_height, out_width)."""
    tables = []
    for length, count in zip(x.shape[2:], (out_height, out_width), strict=True):
        i = torch.arange(count, device=x.device)
        table = bins(i * length // count, -(-(i + 1) * length // count), x, length)
        tables.append(table / table.sum(dim=1, keepdim=True))
    down, across = tables
    return down @ x @ across.T
