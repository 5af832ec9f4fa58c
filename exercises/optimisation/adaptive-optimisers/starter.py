from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor


class Optimiser:
    """What all four share: the parameters, a state for each of them, and the walk over those that have a gradient."""

    def __init__(self, parameters: Iterable[Tensor], lr: float) -> None:
        """lr: an attribute that may be changed between steps. states: one dict for each parameter, empty at first, yours to fill."""
        self.parameters = list(parameters)
        self.lr = lr
        self.states: list[dict[str, Any]] = [{} for _ in self.parameters]

    def zero_grad(self) -> None:
        """Set every grad to None."""
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Update each parameter whose grad is not None; the others keep value and state."""
        for p, state in zip(self.parameters, self.states, strict=True):
            if p.grad is not None:
                self.update(p, p.grad, state)

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        """Change one parameter p in place, given its gradient g, which stays as it is, and its own state."""
        raise NotImplementedError("each optimiser has its own")


class Adagrad(Optimiser):
    """s += g^2; p -= lr * g / (sqrt(s) + eps), where weight_decay * p was added to g before."""

    def __init__(self, parameters: Iterable[Tensor], lr: float = 1e-2, eps: float = 1e-10, weight_decay: float = 0.0) -> None:
        """S begins at 0."""
        raise NotImplementedError("your turn")

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        """Change p in place; g is left unchanged."""
        raise NotImplementedError("your turn")


class RMSprop(Optimiser):
    """v = alpha * v + (1 - alpha) * g^2; p -= lr * g / (sqrt(v) + eps), where weight_decay * p was added to g before.

    With centered, a = alpha * a + (1 - alpha) * g is kept too, and sqrt(v - a^2) takes the place of sqrt(v).
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        centered: bool = False,
    ) -> None:
        """V and a begin at 0 and are not corrected for that."""
        raise NotImplementedError("your turn")

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        """Change p in place; g is left unchanged."""
        raise NotImplementedError("your turn")


class Adam(Optimiser):
    """m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g^2, where weight_decay * p was added to g before.

    t counts the updates of this parameter, the first one being 1. p -= lr * m' / (sqrt(v') + eps) with m' = m / (1 - beta1^t) and
    v' = v / (1 - beta2^t). With amsgrad, the entrywise largest v so far takes the place of v in v'; v itself goes on as before.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
    ) -> None:
        """M and v begin at 0."""
        raise NotImplementedError("your turn")

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        """Change p in place; g is left unchanged."""
        raise NotImplementedError("your turn")

    def adam_step(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        """Adam's step for a g to which nothing is added any more: update calls it, here and in AdamW."""
        raise NotImplementedError("your turn")


class AdamW(Adam):
    """Adam with decoupled weight decay: first p *= 1 - lr * weight_decay, then Adam's step from g alone."""

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
    ) -> None:
        """Like Adam, but that weight_decay is 0.01 by default."""
        raise NotImplementedError("your turn")

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        """Change p in place; g is left unchanged."""
        raise NotImplementedError("your turn")
