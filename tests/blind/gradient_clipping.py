# blind: passed at try 1
import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor


def clip_by_value(parameters: Iterable[Tensor], limit: float) -> None:
    """Bring every entry of every grad into [-limit, limit], in place."""
    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p.grad.clamp_(-limit, limit)


def norm_of(grad: Tensor) -> float:
    """Euclidean norm in float64; the entries are divided by the largest first, so that no square overflows."""
    if grad.numel() == 0:
        return 0.0
    g = grad.double()
    largest = g.abs().max().item()
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * (g / largest).square().sum().sqrt().item()


@torch.no_grad()
def clip_by_global_norm(parameters: Iterable[Tensor], limit: float) -> float:
    """Scale all grads by one factor, in place, so that their joint norm is at most limit; returns the norm before."""
    grads = [p.grad for p in parameters if p.grad is not None]
    norms = [norm_of(g) for g in grads]
    # hypot(inf, nan) would be inf; either tells the caller to leave out the step
    norm = math.hypot(*norms)
    if limit < norm < math.inf:
        for g in grads:
            g.mul_(limit / norm)
    return norm


def accumulate(loss: Callable[[Tensor, Tensor], Tensor], x: Tensor, y: Tensor, size: int) -> float:
    """Go through a batch in parts, so that the grads become those of the mean loss over all of it; returns that mean."""
    mean = 0.0
    for x_part, y_part in zip(x.split(size), y.split(size)):
        share = loss(x_part, y_part) * (len(x_part) / len(x))
        share.backward()
        mean += share.item()
        del share  # the graph goes before the next one comes
    return mean
