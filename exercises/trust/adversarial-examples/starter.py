from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def fgsm(model: nn.Module, x: Tensor, labels: Tensor, eps: float, targeted: bool = False) -> Tensor:
    """One step of size eps along the sign of the gradient, clipped to [0, 1].

    x: (batch, ...) in [0, 1]; labels: (batch,), int64. The step raises the cross-entropy of model(x) for labels; targeted: it lowers it.
    The model is used in evaluation mode; afterwards each of its parts has the mode, and each parameter the .grad, that it had before.
    Returns a tensor like x, without a graph.
    """
    raise NotImplementedError("your turn")


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
    raise NotImplementedError("your turn")


def random_start(x: Tensor, eps: float, norm: str = "linf") -> Tensor:
    """Add noise spread evenly over the ball of radius eps, independent for each sample; clip to [0, 1].

    linf: each entry uniform in [-eps, eps]. l2: a uniform direction, and the length eps * u**(1 / d), u uniform in [0, 1], d entries a sample.
    Raises ValueError for another norm.
    """
    raise NotImplementedError("your turn")
