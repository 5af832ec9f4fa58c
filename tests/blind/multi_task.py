# blind: passed at try 1
from collections.abc import Mapping

import torch
from torch import Tensor, nn


class MultiTask(nn.Module):
    """A shared trunk with one head for each task."""

    def __init__(self, trunk: nn.Module, heads: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.trunk = trunk
        self.heads = nn.ModuleDict(heads)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        features = self.trunk(x)
        return {name: head(features) for name, head in self.heads.items()}


def masked_mse(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean squared error over the entries whose target is known; 0 if none is."""
    known = ~target.isnan()
    error = prediction[known] - target[known]
    return error.square().sum() / max(error.numel(), 1)


class UncertaintyWeighting(nn.Module):
    """Weighs regression losses by learned variances."""

    def __init__(self, tasks: int) -> None:
        super().__init__()
        self.log_var = nn.Parameter(torch.zeros(tasks, dtype=torch.float32))

    def forward(self, losses: Tensor) -> Tensor:
        return (losses * torch.exp(-self.log_var) + self.log_var).sum() / 2


def pcgrad(gradients: Tensor) -> Tensor:
    """The sum of the tasks' gradients after each has given up what works against another."""
    total = torch.zeros_like(gradients[0])
    for i, g in enumerate(gradients):
        for j, other in enumerate(gradients):
            if j == i:
                continue
            against = g @ other
            if against < 0:
                g = g - against / (other @ other) * other
        total = total + g
    return total


def shared_step(model: MultiTask, losses: Tensor, learning_rate: float) -> None:
    """One plain step of the trunk's parameters along -pcgrad, in place."""
    parameters = list(model.trunk.parameters())
    rows = []
    for loss in losses:
        slopes = torch.autograd.grad(loss, parameters, retain_graph=True)
        rows.append(torch.cat([s.flatten() for s in slopes]))
    direction = pcgrad(torch.stack(rows))
    with torch.no_grad():
        for p, part in zip(parameters, direction.split([p.numel() for p in parameters]), strict=True):
            p.sub_(learning_rate * part.view_as(p))
