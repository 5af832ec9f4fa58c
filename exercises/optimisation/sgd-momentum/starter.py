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
        raise NotImplementedError("your turn")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: set each grad to None, or with set_to_none=False fill those that are not None with zeros, in place."""
        raise NotImplementedError("your turn")

    @torch.no_grad()
    def step(self) -> None:
        """Change every parameter that has a grad; one without is passed by: no decay, no change of its buffer. The grads are left unchanged."""
        raise NotImplementedError("your turn")

    def state_dict(self) -> dict[str, Any]:
        """All that the next steps depend on, but for parameters and grads: settings and buffers.

        A dict, made of numbers, bools, None, lists, dicts and tensors, with keys as you like. It is a snapshot: later steps do not change it.
        """
        raise NotImplementedError("your turn")

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what state_dict returned, all settings included; the next steps are those of the optimiser that it came from.

        That optimiser had as many parameters of the same shapes. state is left unchanged, also by later steps.
        """
        raise NotImplementedError("your turn")
