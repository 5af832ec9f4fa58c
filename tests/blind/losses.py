# blind: passed at try 1
import torch
import torch.nn.functional as F
from torch import Tensor

REDUCTIONS = {"none": lambda loss: loss, "sum": torch.sum, "mean": torch.mean}


def reduce(loss: Tensor, reduction: str) -> Tensor:
    if reduction not in REDUCTIONS:
        raise ValueError(f"unknown reduction {reduction!r}")
    return REDUCTIONS[reduction](loss)


def distance(prediction: Tensor, target: Tensor) -> Tensor:
    """|prediction - target|, for equal shapes only."""
    if prediction.shape != target.shape:
        raise ValueError(f"shapes differ: {tuple(prediction.shape)} and {tuple(target.shape)}")
    return (prediction - target).abs()


def mse(prediction: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Squared error (prediction - target)^2."""
    return reduce(distance(prediction, target).square(), reduction)


def mae(prediction: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Absolute error |prediction - target|."""
    return reduce(distance(prediction, target), reduction)


def huber(prediction: Tensor, target: Tensor, *, delta: float = 1.0, reduction: str = "mean") -> Tensor:
    """d^2 / 2 up to d = delta, then delta * (d - delta / 2): with c = min(d, delta) both are c * (d - c / 2)."""
    d = distance(prediction, target)
    c = d.clamp(max=delta)
    return reduce(c * (d - c / 2), reduction)


def bce_with_logits(logits: Tensor, target: Tensor, *, pos_weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    """Binary cross-entropy of sigmoid(logits); 1 - sigmoid(x) is sigmoid(-x)."""
    if logits.shape != target.shape:
        raise ValueError(f"shapes differ: {tuple(logits.shape)} and {tuple(target.shape)}")
    positive = target if pos_weight is None else pos_weight * target
    return reduce((target - 1) * F.logsigmoid(-logits) - positive * F.logsigmoid(logits), reduction)


def cross_entropy(
    logits: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Tensor:
    """Cross-entropy of softmax(logits) along dim 1 with class labels."""
    classes = logits.shape[1]
    if weight is None:
        weight = logits.new_ones(classes)
    counts = target != ignore_index
    label = target.where(counts, 0)

    surprise = -F.log_softmax(logits, dim=1).movedim(1, -1)
    label_weight = weight[label] * counts
    hard = label_weight * surprise.gather(-1, label.unsqueeze(-1)).squeeze(-1)
    smooth = (surprise @ weight) / classes * counts
    loss = (1 - label_smoothing) * hard + label_smoothing * smooth
    if reduction == "mean":
        return loss.sum() / label_weight.sum()
    return reduce(loss, reduction)
