"""The lower a layer, the more general what it knows: let it move later, more slowly, and not far from where it began."""

from typing import Any

from torch import Tensor, nn

State = dict[str, Tensor]  # given


def parameter_groups(model: nn.Module, learning_rate: float, decay: float, weight_decay: float) -> list[dict[str, Any]]:
    """Groups for an optimiser of torch.optim: dicts with the entries "params" (a list of parameters), "lr" and "weight_decay".

    model has a sequence of modules model.layers, the first next to the input, and a module model.head. The head gets learning_rate, the last
    layer learning_rate * decay, the one before it learning_rate * decay^2, and so on. Of each of them, head first and then downwards, come up to two
    groups: the parameters with two or more dimensions, with weight_decay, and then the others (biases, norms), with weight_decay 0.0. Within a
    group they stand in the order of the module's parameters(). A parameter that stands in several places belongs to the first of them in this
    order; one that does not require a gradient belongs to none. Empty groups are left out.
    """
    groups, seen = [], set()
    for depth, module in enumerate([model.head, *reversed(model.layers)]):
        new = [p for p in module.parameters() if p.requires_grad and id(p) not in seen]
        seen.update(id(p) for p in new)
        matrices, vectors = [p for p in new if p.dim() >= 2], [p for p in new if p.dim() < 2]
        for members, strength in ((matrices, weight_decay), (vectors, 0.0)):
            if members:
                groups.append({"params": members, "lr": learning_rate * decay**depth, "weight_decay": strength})
    return groups


def unfreeze(model: nn.Module, stage: int) -> None:
    """Gradual unfreezing: at stage 0 only the parameters of the head require a gradient, at stage k those of the last k layers as well.

    All other parameters of model do not. From stage len(model.layers) on, all layers are free. Stages may come in any order.
    """
    model.requires_grad_(False)
    model.head.requires_grad_(True)
    for layer in model.layers[max(0, len(model.layers) - stage) :]:
        layer.requires_grad_()


def snapshot(model: nn.Module) -> State:
    """Copies of all parameters but those of the head, by their names in model.named_parameters(); later training does not change them."""
    head = {id(p) for p in model.head.parameters()}
    return {name: p.detach().clone() for name, p in model.named_parameters() if id(p) not in head}


def l2_sp(model: nn.Module, start: State, alpha: float, beta: float) -> Tensor:
    """The penalty alpha / 2 * sum of (w - start)^2 over the parameters named in start, plus beta / 2 * sum of w^2 over all others; a 0-d tensor.

    start: as snapshot returns it. Gradients reach all parameters of model, and none reaches start.
    """
    near = [(p - start[name]).square().sum() for name, p in model.named_parameters() if name in start]
    others = [p.square().sum() for name, p in model.named_parameters() if name not in start]
    return alpha / 2 * sum(near) + beta / 2 * sum(others)
