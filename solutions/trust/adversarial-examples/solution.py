"""Follow the gradient of the loss in the input, step by step, and never leave the ball around the original or the range of pixels."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Every part in evaluation mode inside, each in its own former mode afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _length(v: Tensor) -> Tensor:
    """Euclidean length of each sample, shaped to broadcast."""
    return v.flatten(1).norm(dim=1).reshape(-1, *[1] * (v.dim() - 1))


def _direction(model: nn.Module, x: Tensor, labels: Tensor, targeted: bool, norm: str) -> Tensor:
    """Where to go from x: the sign of the gradient (linf) or the gradient at length 1 (l2; 0 stays 0)."""
    x = x.detach().requires_grad_()
    loss = F.cross_entropy(model(x), labels, reduction="sum")
    gradient = torch.autograd.grad(-loss if targeted else loss, x)[0]
    if norm == "linf":
        return gradient.sign()
    length = _length(gradient)
    return gradient / torch.where(length > 0, length, 1)


def fgsm(model: nn.Module, x: Tensor, labels: Tensor, eps: float, targeted: bool = False) -> Tensor:
    """One step of size eps along the sign of the gradient, clipped to [0, 1].

    x: (batch, ...) in [0, 1]; labels: (batch,), int64. The step raises the cross-entropy of model(x) for labels; targeted: it lowers it.
    The model is used in evaluation mode; afterwards each of its parts has the mode, and each parameter the .grad, that it had before.
    Returns a tensor like x, without a graph.
    """
    with _evaluating(model):
        return (x + eps * _direction(model, x, labels, targeted, "linf")).clamp(0, 1)


def pgd(
    model: nn.Module,
    x: Tensor,
    labels: Tensor,
    eps: float,
    step: float,
    steps: int,
    norm: str = "linf",
    start: Tensor | None = None,
    targeted: bool = False,
) -> Tensor:
    """Projected gradient steps within distance eps > 0 of x, in the norm "linf" or "l2"; the rest as in fgsm.

    Begins at start, a tensor like x in the ball and in [0, 1], or at x. Each of the steps (1 or more) goes step far: along the gradient's sign
    (linf), or along each sample's own gradient divided by its Euclidean length (l2; a sample with gradient 0 stays). Then the difference from
    the original x is clamped to [-eps, eps] (linf), or, where its length is more than eps, scaled down to eps (l2); last, pixels are clipped
    to [0, 1]. Raises ValueError for another norm.
    """
    if norm not in {"linf", "l2"}:
        raise ValueError(f"norm must be 'linf' or 'l2', not {norm!r}")
    moved = x if start is None else start
    with _evaluating(model):
        for _ in range(steps):
            delta = moved + step * _direction(model, moved, labels, targeted, norm) - x
            delta = delta.clamp(-eps, eps) if norm == "linf" else delta * (eps / _length(delta).clamp(min=eps))
            moved = (x + delta).clamp(0, 1)
    return moved


def random_start(x: Tensor, eps: float, norm: str = "linf") -> Tensor:
    """Add noise spread evenly over the ball of radius eps, independent for each sample; clip to [0, 1].

    linf: each entry uniform in [-eps, eps]. l2: a uniform direction, and the length eps * u**(1 / d), u uniform in [0, 1], d entries a sample.
    Raises ValueError for another norm.
    """
    if norm == "linf":
        noise = eps * (2 * torch.rand_like(x) - 1)
    elif norm == "l2":
        noise = torch.randn_like(x)
        u = torch.rand_like(_length(noise))
        noise = noise / _length(noise) * (eps * u ** (1 / x[0].numel()))
    else:
        raise ValueError(f"norm must be 'linf' or 'l2', not {norm!r}")
    return (x + noise).clamp(0, 1)
