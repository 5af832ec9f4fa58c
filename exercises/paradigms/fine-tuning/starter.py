from typing import Any

from torch import Tensor, nn

State = dict[str, Tensor]


def parameter_groups(model: nn.Module, learning_rate: float, decay: float, weight_decay: float) -> list[dict[str, Any]]:
    """Groups for an optimiser of torch.optim: dicts with the entries "params" (a list of parameters), "lr" and "weight_decay".

    model has a sequence of modules model.layers, the first next to the input, and a module model.head. The head gets learning_rate, the last
    layer learning_rate * decay, the one before it learning_rate * decay^2, and so on. Of each of them, head first and then downwards, come up to two
    groups: the parameters with two or more dimensions, with weight_decay, and then the others (biases, norms), with weight_decay 0.0. Within a
    group they stand in the order of the module's parameters(). A parameter that stands in several places belongs to the first of them in this
    order; one that does not require a gradient belongs to none. Empty groups are left out.
    """
    raise NotImplementedError("your turn")


def unfreeze(model: nn.Module, stage: int) -> None:
    """Gradual unfreezing: at stage 0 only the parameters of the head require a gradient, at stage k those of the last k layers as well.

    All other parameters of model do not. From stage len(model.layers) on, all layers are free. Stages may come in any order.
    """
    raise NotImplementedError("your turn")


def snapshot(model: nn.Module) -> State:
    """Copies of all parameters but those of the head, by their names in model.named_parameters(); later training does not change them."""
    raise NotImplementedError("your turn")


def l2_sp(model: nn.Module, start: State, alpha: float, beta: float) -> Tensor:
    """The penalty alpha / 2 * sum of (w - start)^2 over the parameters named in start, plus beta / 2 * sum of w^2 over all others; a 0-d tensor.

    start: as snapshot returns it. Gradients reach all parameters of model, and none reaches start.
    """
    raise NotImplementedError("your turn")
