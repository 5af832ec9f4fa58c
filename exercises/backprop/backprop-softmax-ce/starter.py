import torch
from torch import Tensor


def logits_gradient(logits: Tensor, labels: Tensor, reduction: str = "mean", ignore_index: int = -100, upstream: float = 1.0) -> Tensor:
    """Gradient with respect to the logits of upstream * cross_entropy(logits, labels).

    logits: (batch, classes), float32 or float64, of any finite size. labels: (batch,) int64, each in [0, classes) or equal to
    ignore_index, which may itself be a class. Rows with that label do not count: their gradient is 0. reduction: "mean" divides the
    loss by the number of rows that count, "sum" does not; anything else raises ValueError. When no row counts, or the batch is empty,
    the gradient is 0 everywhere. Returns a tensor of the shape and dtype of logits; the inputs are left unchanged.
    """
    raise NotImplementedError("your turn")
