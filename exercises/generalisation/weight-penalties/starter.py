import torch
from torch import Tensor, nn


def penalised(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """The parameters that are penalised, as (name, parameter), in the order of model.named_parameters().

    These are the parameters with two or more dimensions. Biases, and the scales and shifts of normalisation layers, have one and are
    left alone. A parameter that two layers share is listed once; buffers are not listed at all.
    """
    raise NotImplementedError("your turn")


def l1_penalty(model: nn.Module, strength: float) -> Tensor:
    """The sum strength * |w| over all entries of all penalised parameters: a 0-d tensor with a gradient.

    The slope of |w| at w = 0 is taken as 0. There is at least one penalised parameter.
    """
    raise NotImplementedError("your turn")


def l2_penalty(model: nn.Module, strength: float) -> Tensor:
    """The sum strength / 2 * w^2 over all entries of all penalised parameters: a 0-d tensor, its gradient is strength * w."""
    raise NotImplementedError("your turn")


def elastic_net(model: nn.Module, strength: float, l1_ratio: float) -> Tensor:
    """A mixture of the two: l1_ratio times the L1 penalty plus (1 - l1_ratio) times the L2 penalty, both of this strength.

    l1_ratio lies in [0, 1]; any other raises ValueError. A 0-d tensor with a gradient.
    """
    raise NotImplementedError("your turn")


def proximal_step(model: nn.Module, learning_rate: float, strength: float) -> None:
    """Shrink the penalised parameters in place by soft thresholding, as after a step of size learning_rate on the data's loss.

    Every entry moves towards 0 by learning_rate * strength; an entry that is no further away than that becomes exactly 0. Other
    parameters, all gradients in .grad and requires_grad stay as they are.
    """
    raise NotImplementedError("your turn")
