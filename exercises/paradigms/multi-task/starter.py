from collections.abc import Mapping

import torch
from torch import Tensor, nn


class MultiTask(nn.Module):
    """A shared trunk with one head for each task. Its modules are called trunk and heads (an nn.ModuleDict)."""

    def __init__(self, trunk: nn.Module, heads: Mapping[str, nn.Module]) -> None:
        """Take over the modules."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Return each task's output by its name, all from one pass through the trunk."""
        raise NotImplementedError("your turn")


def masked_mse(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean squared error over the entries whose target is known, a 0-d tensor; 0 if none is.

    prediction, target: the same shape; a target of nan is missing. Gradients reach the prediction, exactly 0 where the target is missing.
    """
    raise NotImplementedError("your turn")


class UncertaintyWeighting(nn.Module):
    """Weighs regression losses by learned variances (Kendall, Gal and Cipolla). One parameter, log_var: (tasks,), float32, zeros at first."""

    def __init__(self, tasks: int) -> None:
        """Make the parameter."""
        raise NotImplementedError("your turn")

    def forward(self, losses: Tensor) -> Tensor:
        """Return the sum over tasks of exp(-log_var) * loss / 2 + log_var / 2, a 0-d tensor. losses: (tasks,)."""
        raise NotImplementedError("your turn")


def pcgrad(gradients: Tensor) -> Tensor:
    """The sum of the tasks' gradients after each has given up what works against another (gradient surgery).

    gradients: (tasks, n). Task i begins with g = gradients[i]; for j = 0, 1, ... other than i in turn, if the scalar product of g (as it is by then)
    with the ORIGINAL gradients[j] is negative, g loses its component along gradients[j]. Returns the sum of all g, (n,). gradients stay unchanged.
    """
    raise NotImplementedError("your turn")


def shared_step(model: MultiTask, losses: Tensor, learning_rate: float) -> None:
    """One plain step of the trunk's parameters along -pcgrad, in place.

    losses: (tasks,), with a graph through the trunk. The gradients of each loss with respect to all parameters of the trunk form one row. Heads and
    all .grad stay as they are.
    """
    raise NotImplementedError("your turn")
