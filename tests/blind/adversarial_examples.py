# blind: passed at try 1
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@contextmanager
def evaluation(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside; afterwards each part of the model has the mode it had."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def uphill(model: nn.Module, x: Tensor, labels: Tensor, targeted: bool) -> Tensor:
    """The gradient in x along which the attack moves; the parameters get none."""
    with torch.enable_grad():
        x = x.detach().clone().requires_grad_()
        loss = F.cross_entropy(model(x), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, x)
    return -gradient if targeted else gradient


def lengths(v: Tensor) -> Tensor:
    """The Euclidean length of each sample, shaped so that it broadcasts against v."""
    return torch.linalg.vector_norm(v.flatten(1), dim=1).view(-1, *[1] * (v.ndim - 1))


def unit(v: Tensor) -> Tensor:
    """Each sample divided by its length; 0 stays 0. Scaling by the largest entry first keeps tiny gradients from vanishing in the squares."""
    largest = v.flatten(1).abs().amax(dim=1).view(-1, *[1] * (v.ndim - 1))
    scaled = v / torch.where(largest > 0, largest, torch.ones_like(largest))
    length = lengths(scaled)
    return scaled / torch.where(length > 0, length, torch.ones_like(length))


def check_norm(norm: str) -> None:
    if norm not in ("linf", "l2"):
        raise ValueError(f"unknown norm: {norm}")


def fgsm(model: nn.Module, x: Tensor, labels: Tensor, eps: float, targeted: bool = False) -> Tensor:
    """One step of size eps along the sign of the gradient, clipped to [0, 1]."""
    with evaluation(model):
        gradient = uphill(model, x, labels, targeted)
    return (x.detach() + eps * gradient.sign()).clamp(0, 1)


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
    """Projected gradient steps within distance eps > 0 of x, in the norm "linf" or "l2"."""
    check_norm(norm)
    x = x.detach()
    current = x if start is None else start.detach()
    with evaluation(model):
        for _ in range(steps):
            gradient = uphill(model, current, labels, targeted)
            if norm == "linf":
                difference = (current + step * gradient.sign() - x).clamp(-eps, eps)
            else:
                difference = current + step * unit(gradient) - x
                difference = difference * (eps / lengths(difference)).clamp(max=1)
            current = (x + difference).clamp(0, 1)
    return current


def random_start(x: Tensor, eps: float, norm: str = "linf") -> Tensor:
    """Add noise spread evenly over the ball of radius eps, independent for each sample; clip to [0, 1]."""
    check_norm(norm)
    x = x.detach()
    if norm == "linf":
        noise = eps * (2 * torch.rand_like(x) - 1)
    else:
        direction = unit(torch.randn_like(x))
        u = torch.rand(len(x), *[1] * (x.ndim - 1), dtype=x.dtype, device=x.device)
        noise = direction * eps * u ** (1 / x[0].numel())
    return (x + noise).clamp(0, 1)
