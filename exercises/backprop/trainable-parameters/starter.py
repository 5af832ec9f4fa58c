from copy import deepcopy

import torch
from torch import Tensor, nn


def explain(module: nn.Module, x: Tensor) -> dict[str, str]:
    """What becomes of each tensor of the module in a training step whose loss is module(x).sum().

    Keys are all names of module.named_parameters(remove_duplicate=False) and of module.named_buffers(). Values are, the first that fits:
    "buffer": no parameter at all. "tied": a parameter that stands under an earlier name of that order already. "frozen": requires_grad is False.
    "unreached": no gradient flows from the loss to it. "trained": a gradient arrives, even one of zeros.
    The module is used in the mode in which it is (training or evaluation, for each submodule) and is left as it was: parameters, their grad,
    buffers and modes. A grad from earlier plays no part, nor does torch.no_grad() around the call. module(x) is a tensor; it may depend on no
    parameter at all.
    """
    raise NotImplementedError("your turn")


def trainable(module: nn.Module, x: Tensor) -> list[str]:
    """Names of the parameters that explain calls "trained", in the order of module.named_parameters()."""
    raise NotImplementedError("your turn")


def count(module: nn.Module, x: Tensor) -> tuple[int, int]:
    """(numbers in trained parameters, numbers in all parameters); a tied parameter counts once, buffers do not count."""
    raise NotImplementedError("your turn")
