"""Every weight gets a step of its own scale: the gradient divided by the size that its gradients usually have."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor


class Optimiser:
    """What all four share: the parameters, a state for each of them, and the walk over those that have a gradient."""

    def __init__(self, parameters: Iterable[Tensor], lr: float) -> None:
        """lr: an attribute that may be changed between steps. states: one dict for each parameter, empty at first, yours to fill."""
        # given
        self.parameters = list(parameters)
        self.lr = lr
        self.states: list[dict[str, Any]] = [{} for _ in self.parameters]

    def zero_grad(self) -> None:
        """Set every grad to None."""
        # given
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Update each parameter whose grad is not None; the others keep value and state."""
        # given
        for p, state in zip(self.parameters, self.states, strict=True):
            if p.grad is not None:
                self.update(p, p.grad, state)

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        """Change one parameter p in place, given its gradient g, which stays as it is, and its own state."""
        # given
        raise NotImplementedError("each optimiser has its own")


class Adagrad(Optimiser):
    """s += g^2; p -= lr * g / (sqrt(s) + eps), where weight_decay * p was added to g before."""

    def __init__(self, parameters: Iterable[Tensor], lr: float = 1e-2, eps: float = 1e-10, weight_decay: float = 0.0) -> None:
        """S begins at 0."""
        super().__init__(parameters, lr)
        self.eps, self.weight_decay = eps, weight_decay

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        """Change p in place; g is left unchanged."""
        g = g + self.weight_decay * p
        state["s"] = state.get("s", 0) + g**2
        p.sub_(self.lr * g / (state["s"].sqrt() + self.eps))


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
        super().__init__(parameters, lr)
        self.alpha, self.eps, self.weight_decay, self.centered = alpha, eps, weight_decay, centered

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        """Change p in place; g is left unchanged."""
        g = g + self.weight_decay * p
        state["v"] = self.alpha * state.get("v", 0) + (1 - self.alpha) * g**2
        square = state["v"]
        if self.centered:
            state["a"] = self.alpha * state.get("a", 0) + (1 - self.alpha) * g
            square = square - state["a"] ** 2
        p.sub_(self.lr * g / (square.sqrt() + self.eps))


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
        super().__init__(parameters, lr)
        self.betas, self.eps, self.weight_decay, self.amsgrad = betas, eps, weight_decay, amsgrad

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        """Change p in place; g is left unchanged."""
        self.adam_step(p, g + self.weight_decay * p, state)

    def adam_step(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        """Adam's step for a g to which nothing is added any more: update calls it, here and in AdamW."""
        beta1, beta2 = self.betas
        state["t"] = state.get("t", 0) + 1
        state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g**2
        v = state["v"]
        if self.amsgrad:
            v = state["largest"] = torch.maximum(v, state.get("largest", v))
        m = state["m"] / (1 - beta1 ** state["t"])
        v = v / (1 - beta2 ** state["t"])
        p.sub_(self.lr * m / (v.sqrt() + self.eps))


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
        super().__init__(parameters, lr, betas, eps, weight_decay, amsgrad)

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        """Change p in place; g is left unchanged."""
        p.mul_(1 - self.lr * self.weight_decay)
        self.adam_step(p, g, state)
