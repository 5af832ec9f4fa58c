"""The online form: one pass along dim with a running maximum and a running sum, as in fused attention kernels."""

import torch
from torch import Tensor


def _scan(x: Tensor, dim: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the maximum, an origin that is finite, and the sum of exp(x - origin), without dim."""
    peak = torch.full_like(x.select(dim, 0), -torch.inf).detach()
    total = torch.zeros_like(peak)
    origin = torch.zeros_like(peak)
    for entry in x.unbind(dim):
        peak = torch.maximum(peak, entry.detach())
        moved = torch.where(torch.isneginf(peak), torch.zeros_like(peak), peak)
        total = total * torch.exp(torch.where(total > 0, origin - moved, torch.zeros_like(peak))) + torch.exp(entry - moved)
        origin = moved
    return peak, origin, total


def logsumexp(x: Tensor, dim: int, keepdim: bool = False) -> Tensor:
    peak, _, total = _scan(x, dim)
    something = total > 0
    result = torch.where(something, torch.where(something, total, torch.ones_like(total)).log(), torch.zeros_like(total)) + peak
    return result.unsqueeze(dim) if keepdim else result


def softmax(x: Tensor, dim: int) -> Tensor:
    _, origin, total = _scan(x, dim)
    safe = torch.where(total > 0, total, torch.ones_like(total))
    return torch.stack([torch.exp(entry - origin) / safe for entry in x.unbind(dim)], dim)


def log_softmax(x: Tensor, dim: int) -> Tensor:
    _, origin, total = _scan(x, dim)
    log_total = torch.where(total > 0, total, torch.ones_like(total)).log()
    return torch.stack([entry - origin - log_total for entry in x.unbind(dim)], dim)
