# blind: passed at try 1
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

SETTINGS = ("lr", "momentum", "dampening", "nesterov", "weight_decay", "maximize")


class SGD:
    """Gradient descent with momentum, on parameters that are changed in place."""

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float,
        momentum: float = 0.0,
        dampening: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        if lr < 0:
            raise ValueError(f"negative learning rate {lr}")
        if nesterov and (momentum == 0 or dampening != 0):
            raise ValueError("nesterov needs a momentum and no dampening")
        self.parameters = list(parameters)
        self.buffers: list[Tensor | None] = [None for _ in self.parameters]
        self.lr = lr
        self.momentum = momentum
        self.dampening = dampening
        self.nesterov = nesterov
        self.weight_decay = weight_decay
        self.maximize = maximize

    def zero_grad(self, set_to_none: bool = True) -> None:
        for p in self.parameters:
            if set_to_none:
                p.grad = None
            elif p.grad is not None:
                with torch.no_grad():
                    p.grad.zero_()

    @torch.no_grad()
    def step(self) -> None:
        for i, p in enumerate(self.parameters):
            if p.grad is None:
                continue
            g = -p.grad if self.maximize else p.grad
            if self.weight_decay != 0:
                g = g + self.weight_decay * p
            p.sub_(self.lr * self._direction(i, g))

    def _direction(self, i: int, g: Tensor) -> Tensor:
        if self.momentum == 0:
            return g
        buffer = self.buffers[i]
        if buffer is None:
            buffer = self.buffers[i] = g.clone()  # g may be the grad itself
        else:
            buffer.mul_(self.momentum).add_(g, alpha=1 - self.dampening)
        return g + self.momentum * buffer if self.nesterov else buffer

    def state_dict(self) -> dict[str, Any]:
        return {"settings": {name: getattr(self, name) for name in SETTINGS}, "buffers": self._copies(self.buffers)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name in SETTINGS:
            setattr(self, name, state["settings"][name])
        self.buffers = self._copies(state["buffers"])

    @staticmethod
    def _copies(buffers: list[Tensor | None]) -> list[Tensor | None]:
        return [None if b is None else b.detach().clone() for b in buffers]
