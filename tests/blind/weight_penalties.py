# blind: passed at try 1
import torch
from torch import Tensor, nn


def penalised(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """The parameters with two or more dimensions, as (name, parameter)."""
    return [pair for pair in model.named_parameters() if pair[1].dim() > 1]


def l1_penalty(model: nn.Module, strength: float) -> Tensor:
    """The sum strength * |w| over all entries of all penalised parameters."""
    return strength * torch.stack([weight.abs().sum() for _, weight in penalised(model)]).sum()


def l2_penalty(model: nn.Module, strength: float) -> Tensor:
    """The sum strength / 2 * w^2 over all entries of all penalised parameters."""
    return strength / 2 * torch.stack([weight.square().sum() for _, weight in penalised(model)]).sum()


def elastic_net(model: nn.Module, strength: float, l1_ratio: float) -> Tensor:
    """l1_ratio times the L1 penalty plus (1 - l1_ratio) times the L2 penalty."""
    if not 0 <= l1_ratio <= 1:
        raise ValueError(f"l1_ratio must lie in [0, 1], not {l1_ratio}")
    return l1_penalty(model, strength * l1_ratio) + l2_penalty(model, strength * (1 - l1_ratio))


@torch.no_grad()
def proximal_step(model: nn.Module, learning_rate: float, strength: float) -> None:
    """Soft thresholding in place: take from each weight as much of itself as lies within the threshold."""
    threshold = learning_rate * strength
    for _, weight in penalised(model):
        weight -= weight.clamp(-threshold, threshold)
