"""A loss is one number for each prediction and a decision by what to divide their sum."""

import torch
from torch import Tensor


def mse(prediction: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Squared error (prediction - target)^2.

    Here and below: float32 or float64, results in the same dtype. prediction and target have the same shape, any with at least one entry;
    other shapes raise ValueError and are not broadcast. reduction: "none" gives the loss of each entry, "sum" their sum, "mean" their
    mean; any other raises ValueError. Gradients flow to prediction and target, which are left unchanged. Entries up to 10,000 in size
    give finite results.
    """
    _same_shape(prediction, target)
    return _reduce((prediction - target) ** 2, reduction)


def mae(prediction: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Absolute error |prediction - target|, with gradient 0 where both are equal. Everything else as in mse."""
    _same_shape(prediction, target)
    return _reduce((prediction - target).abs(), reduction)


def huber(prediction: Tensor, target: Tensor, *, delta: float = 1.0, reduction: str = "mean") -> Tensor:
    """With d = |prediction - target|: d^2 / 2 up to d = delta, from there on the straight line delta * (d - delta / 2).

    delta is above 0. Everything else as in mse.
    """
    _same_shape(prediction, target)
    d = (prediction - target).abs()
    return _reduce(torch.where(d <= delta, 0.5 * d**2, delta * (d - 0.5 * delta)), reduction)


def bce_with_logits(logits: Tensor, target: Tensor, *, pos_weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    """Binary cross-entropy: -(pos_weight * target * log(p) + (1 - target) * log(1 - p)) with p = sigmoid(logits).

    target: the logits' shape and dtype, numbers between 0 and 1 (no gradient is asked for). pos_weight: weights of the positive class,
    broadcast against the logits; None stands for 1. The mean is over all entries, whatever the weights. Everything else as in mse.
    """
    _same_shape(logits, target)
    loss = -target * _log_sigmoid(logits) * (1 if pos_weight is None else pos_weight) - (1 - target) * _log_sigmoid(-logits)
    return _reduce(loss, reduction)


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
    counted = target != ignore_index
    label = torch.where(counted, target, 0)
    log_p = logits.log_softmax(dim=1)
    weight = logits.new_ones(logits.shape[1]) if weight is None else weight
    own = weight[label] * counted
    all_classes = torch.einsum("bc...,c->b...", log_p, weight) / len(weight)
    chosen = log_p.gather(1, label.unsqueeze(1)).squeeze(1)
    loss = -(1 - label_smoothing) * own * chosen - label_smoothing * all_classes * counted
    return loss.sum() / own.sum() if reduction == "mean" else _reduce(loss, reduction)


def _same_shape(a: Tensor, b: Tensor) -> None:
    if a.shape != b.shape:
        raise ValueError(f"prediction and target have the shapes {tuple(a.shape)} and {tuple(b.shape)}")


def _reduce(loss: Tensor, reduction: str) -> Tensor:
    if reduction == "none":
        return loss
    if reduction == "sum":
        return loss.sum()
    if reduction == "mean":
        return loss.mean()
    raise ValueError(f"reduction must be 'none', 'sum' or 'mean', not {reduction!r}")


def _log_sigmoid(x: Tensor) -> Tensor:
    return -torch.logaddexp(x.new_zeros(()), -x)
