# blind: passed at try 1
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
        super().__init__(parameters, lr)
        self.eps = eps
        self.weight_decay = weight_decay

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        g = g + self.weight_decay * p
        s = state.setdefault("sum", torch.zeros_like(p))
        s.addcmul_(g, g)
        p.addcdiv_(g, s.sqrt() + self.eps, value=-self.lr)


class RMSprop(Optimiser):
    """v = alpha * v + (1 - alpha) * g^2; p -= lr * g / (sqrt(v) + eps); with centered, v - a^2 in place of v."""

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(parameters, lr)
        self.alpha = alpha
        self.eps = eps
        self.weight_decay = weight_decay
        self.centered = centered

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        g = g + self.weight_decay * p
        v = state.setdefault("square", torch.zeros_like(p))
        v.lerp_(g.square(), 1 - self.alpha)
        spread = v
        if self.centered:
            a = state.setdefault("mean", torch.zeros_like(p))
            a.lerp_(g, 1 - self.alpha)
            spread = (v - a.square()).clamp(min=0)  # rounding may take it below 0
        p.sub_(self.lr * g / (spread.sqrt() + self.eps))


class Adam(Optimiser):
    """Bias-corrected running means of g and g^2; with amsgrad, the entrywise largest v so far in place of v."""

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(parameters, lr)
        self.betas = betas
        self.eps = eps
        self.weight_decay = weight_decay
        self.amsgrad = amsgrad

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        self.adam_step(p, g + self.weight_decay * p, state)

    def adam_step(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        """Adam's step for a g to which nothing is added any more."""
        if not state:
            state.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p), largest=torch.zeros_like(p))
        beta1, beta2 = self.betas
        state["t"] += 1
        state["m"] = beta1 * state["m"] + (1 - beta1) * g
        state["v"] = beta2 * state["v"] + (1 - beta2) * g**2
        state["largest"] = torch.maximum(state["largest"], state["v"])
        m = state["m"] / (1 - beta1 ** state["t"])
        v = state["largest" if self.amsgrad else "v"] / (1 - beta2 ** state["t"])
        p -= self.lr * m / (v.sqrt() + self.eps)


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
        super().__init__(parameters, lr, betas, eps, weight_decay, amsgrad)

    def update(self, p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        p.mul_(1 - self.lr * self.weight_decay)
        self.adam_step(p, g, state)
