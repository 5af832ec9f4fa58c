"""Momentum is a decaying sum of past gradients: what always points one way adds up, what swings to and fro cancels."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor


class SGD:
    """Gradient descent with momentum, on parameters that are changed in place.

    One step, for each parameter p whose grad is not None: g is p.grad, with maximize -p.grad; weight_decay * p is added to g. With momentum, the
    parameter's own buffer becomes momentum * buffer + (1 - dampening) * g, but g itself when it has none yet; the direction is the buffer,
    or with nesterov g + momentum * buffer. Without momentum the direction is g, whatever the dampening. Then p decreases by lr * direction.
    lr is an attribute that may be changed between steps, and counts from the next step on.
    """

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
        """parameters: any iterable, also a generator. ValueError when lr is negative, or nesterov meets momentum 0 or a dampening other than 0."""
        if lr < 0:
            raise ValueError(f"lr must not be negative: {lr}")
        if nesterov and (momentum == 0 or dampening != 0):
            raise ValueError("nesterov needs momentum and no dampening")
        self.parameters = list(parameters)
        self.lr, self.momentum, self.dampening, self.nesterov = lr, momentum, dampening, nesterov
        self.weight_decay, self.maximize = weight_decay, maximize
        self.buffers: list[Tensor | None] = [None] * len(self.parameters)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: set each grad to None, or with set_to_none=False fill those that are not None with zeros, in place."""
        for p in self.parameters:
            if set_to_none:
                p.grad = None
            elif p.grad is not None:
                p.grad.zero_()

    @torch.no_grad()
    def step(self) -> None:
        """Change every parameter that has a grad; one without is passed by: no decay, no change of its buffer. The grads are left unchanged."""
        for i, p in enumerate(self.parameters):
            if p.grad is None:
                continue
            g = (-p.grad if self.maximize else p.grad) + self.weight_decay * p
            direction = g
            if self.momentum:
                buffer = self.buffers[i]
                buffer = g if buffer is None else self.momentum * buffer + (1 - self.dampening) * g
                self.buffers[i] = buffer  # a new tensor each time, so that a state may hold the old one
                direction = g + self.momentum * buffer if self.nesterov else buffer
            p.sub_(self.lr * direction)

    def state_dict(self) -> dict[str, Any]:
        """All that the next steps depend on, but for parameters and grads: settings and buffers.

        A dict, made of numbers, bools, None, lists, dicts and tensors, with keys as you like. It is a snapshot: later steps do not change it.
        """
        settings = {name: value for name, value in vars(self).items() if name not in ("parameters", "buffers")}
        return {"settings": settings, "buffers": list(self.buffers)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what state_dict returned, all settings included; the next steps are those of the optimiser that it came from.

        That optimiser had as many parameters of the same shapes. state is left unchanged, also by later steps.
        """
        vars(self).update(state["settings"])
        self.buffers = list(state["buffers"])
