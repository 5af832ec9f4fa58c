"""One trunk learns for all tasks; what is left is to weigh their losses, and to keep their gradients from working against each other."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class MultiTask(nn.Module):
    """A shared trunk with one head for each task. Its modules are called trunk and heads (an nn.ModuleDict)."""

    def __init__(self, trunk: nn.Module, heads: Mapping[str, nn.Module]) -> None:
        """Take over the modules."""
        super().__init__()
        self.trunk = trunk
        self.heads = nn.ModuleDict(heads)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Return each task's output by its name, all from one pass through the trunk."""
        features = self.trunk(x)
        return {name: head(features) for name, head in self.heads.items()}


def masked_mse(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean squared error over the entries whose target is known, a 0-d tensor; 0 if none is.

    prediction, target: the same shape; a target of nan is missing. Gradients reach the prediction, exactly 0 where the target is missing.
    """
    known = ~target.isnan()
    error = torch.where(known, prediction - target.nan_to_num(), 0)
    return error.square().sum() / known.sum().clamp(min=1)


class UncertaintyWeighting(nn.Module):
    """Weighs regression losses by learned variances (Kendall, Gal and Cipolla). One parameter, log_var: (tasks,), float32, zeros at first."""

    def __init__(self, tasks: int) -> None:
        """Make the parameter."""
        super().__init__()
        self.log_var = nn.Parameter(torch.zeros(tasks))

    def forward(self, losses: Tensor) -> Tensor:
        """Return the sum over tasks of exp(-log_var) * loss / 2 + log_var / 2, a 0-d tensor. losses: (tasks,)."""
        return ((-self.log_var).exp() * losses + self.log_var).sum() / 2


def pcgrad(gradients: Tensor) -> Tensor:
    """The sum of the tasks' gradients after each has given up what works against another (gradient surgery).

    gradients: (tasks, n). Task i begins with g = gradients[i]; for j = 0, 1, ... other than i in turn, if the scalar product of g (as it is by then)
    with the ORIGINAL gradients[j] is negative, g loses its component along gradients[j]. Returns the sum of all g, (n,). gradients stay unchanged.
    """
    total = torch.zeros_like(gradients[0])
    for i, g in enumerate(gradients):
        for j, other in enumerate(gradients):
            dot = g @ other
            if i != j and dot < 0:
                g = g - dot / (other @ other) * other  # noqa: PLW2901  # the projection so far
        total = total + g
    return total


def shared_step(model: MultiTask, losses: Tensor, learning_rate: float) -> None:
    """One plain step of the trunk's parameters along -pcgrad, in place.

    losses: (tasks,), with a graph through the trunk. The gradients of each loss with respect to all parameters of the trunk form one row. Heads and
    all .grad stay as they are.
    """
    parameters = list(model.trunk.parameters())
    rows = [torch.autograd.grad(loss, parameters, retain_graph=True) for loss in losses]
    direction = pcgrad(torch.stack([torch.cat([part.flatten() for part in row]) for row in rows]))
    with torch.no_grad():
        for parameter, part in zip(parameters, direction.split([p.numel() for p in parameters]), strict=True):
            parameter.sub_(learning_rate * part.reshape(parameter.shape))
