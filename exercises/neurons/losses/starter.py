import torch
from torch import Tensor


def mse(prediction: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Squared error (prediction - target)^2.

    Here and below: float32 or float64, results in the same dtype. prediction and target have the same shape, any with at least one entry;
    other shapes raise ValueError and are not broadcast. reduction: "none" gives the loss of each entry, "sum" their sum, "mean" their
    mean; any other raises ValueError. Gradients flow to prediction and target, which are left unchanged. Entries up to 10,000 in size
    give finite results.
    """
    raise NotImplementedError("your turn")


def mae(prediction: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Absolute error |prediction - target|, with gradient 0 where both are equal. Everything else as in mse."""
    raise NotImplementedError("your turn")


def huber(prediction: Tensor, target: Tensor, *, delta: float = 1.0, reduction: str = "mean") -> Tensor:
    """With d = |prediction - target|: d^2 / 2 up to d = delta, from there on the straight line delta * (d - delta / 2).

    delta is above 0. Everything else as in mse.
    """
    raise NotImplementedError("your turn")


def bce_with_logits(logits: Tensor, target: Tensor, *, pos_weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    """Binary cross-entropy: -(pos_weight * target * log(p) + (1 - target) * log(1 - p)) with p = sigmoid(logits).

    target: the logits' shape and dtype, numbers between 0 and 1 (no gradient is asked for). pos_weight: weights of the positive class,
    broadcast against the logits; None stands for 1. The mean is over all entries, whatever the weights. Everything else as in mse.
    """
    raise NotImplementedError("your turn")


def cross_entropy(
    logits: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Tensor:
    """Cross-entropy of softmax(logits) along dim 1 with class labels.

    logits: (batch, classes) or (batch, classes, d1, ...). target: int64, the logits' shape without dim 1; each entry is a class or
    ignore_index, which may be any integer, a class too. weight: (classes,), above 0; None stands for ones.
    With log p = log_softmax(logits), the loss of an entry with label y is
    (1 - label_smoothing) * weight[y] * -log p[y] + label_smoothing / classes * (sum over all classes c of weight[c] * -log p[c]);
    an entry with label ignore_index has loss 0 and no gradient. reduction: "none" gives target's shape, "sum" the sum, "mean" the sum
    divided by the sum of weight[y] over the entries that are not ignored (nan if there is none); any other raises ValueError.
    Logits up to 10,000 in size give finite results. Gradients flow to the logits; inputs are left unchanged.
    """
    raise NotImplementedError("your turn")
