# blind: passed at try 1
from typing import Any

from torch import Tensor, nn

State = dict[str, Tensor]


def parameter_groups(model: nn.Module, learning_rate: float, decay: float, weight_decay: float) -> list[dict[str, Any]]:
    """Groups for an optimiser, head first and then down to the first layer."""
    groups = []
    taken: set[int] = set()
    for depth, module in enumerate([model.head, *reversed(list(model.layers))]):
        fresh = [p for p in module.parameters() if p.requires_grad and id(p) not in taken]
        taken.update(map(id, fresh))
        matrices = [p for p in fresh if p.dim() >= 2]
        others = [p for p in fresh if p.dim() < 2]
        for params, strength in ((matrices, weight_decay), (others, 0.0)):
            if params:
                groups.append({"params": params, "lr": learning_rate * decay**depth, "weight_decay": strength})
    return groups


def unfreeze(model: nn.Module, stage: int) -> None:
    """At stage k the parameters of the head and of the last k layers require a gradient, no others."""
    model.requires_grad_(False)
    from_the_top = list(model.layers)[::-1]
    for module in [model.head, *from_the_top[:stage]]:
        module.requires_grad_(True)


def snapshot(model: nn.Module) -> State:
    """Copies of all parameters but those of the head, by their names."""
    new = {id(p) for p in model.head.parameters()}
    return {name: p.detach().clone() for name, p in model.named_parameters() if id(p) not in new}


def l2_sp(model: nn.Module, start: State, alpha: float, beta: float) -> Tensor:
    """alpha / 2 * sum of (w - start)^2 over what is named in start, plus beta / 2 * sum of w^2 over all others."""
    terms = []
    for name, p in model.named_parameters():
        if name in start:
            terms.append(alpha / 2 * (p - start[name].detach()).square().sum())
        else:
            terms.append(beta / 2 * p.square().sum())
    return sum(terms[1:], start=terms[0])
