import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor


def clip_by_value(parameters: Iterable[Tensor], limit: float) -> None:
    """Bring every entry of every grad into [-limit, limit], in place; parameters whose grad is None are passed by.

    parameters: any iterable, also a generator. limit: at least 0. Infinite entries become the limit with their sign.
    """
    raise NotImplementedError("your turn")


def clip_by_global_norm(parameters: Iterable[Tensor], limit: float) -> float:
    """Scale all grads by one factor, in place, so that their joint norm is at most limit; returns the norm before, a float.

    The norm is the root of the sum of squares of all entries of all grads; a grad of None counts as nothing, and without any grad the norm is 0.
    If it is above limit, every grad is multiplied by limit / norm; otherwise nothing changes. If it is infinite or nan, nothing changes
    either: the caller sees it and leaves out the step. parameters: any iterable, also a generator. limit: greater than 0.
    """
    raise NotImplementedError("your turn")


def accumulate(loss: Callable[[Tensor, Tensor], Tensor], x: Tensor, y: Tensor, size: int) -> float:
    """Go through a batch in parts, so that the grads become those of the mean loss over all of it; returns that mean, a float.

    loss(x_part, y_part): the mean over a part, a tensor with its graph. x and y: (batch, ...), at least one sample. The parts are size
    consecutive samples each, in their order; the last one may be shorter. backward() runs for a part before the loss of the next one
    is computed, so that only one graph is held at a time. As with any backward(), grads are added to what is there already.
    """
    raise NotImplementedError("your turn")
