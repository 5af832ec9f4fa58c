# blind: passed at try 1
import torch
from torch import Tensor


def logits_gradient(logits: Tensor, labels: Tensor, reduction: str = "mean", ignore_index: int = -100, upstream: float = 1.0) -> Tensor:
    """Gradient with respect to the logits of upstream * cross_entropy(logits, labels): softmax minus one-hot, row by row."""
    if reduction not in ("mean", "sum"):
        raise ValueError(f"unknown reduction: {reduction!r}")
    counts = labels != ignore_index
    scale = upstream
    if reduction == "mean":
        scale = upstream / max(int(counts.sum()), 1)

    rows = counts.nonzero().squeeze(1)
    part = torch.softmax(logits.detach()[rows], dim=1)
    target = labels[rows, None]
    part.scatter_add_(1, target, -torch.ones_like(target, dtype=part.dtype))

    gradient = torch.zeros_like(logits)
    gradient[rows] = scale * part
    return gradient
