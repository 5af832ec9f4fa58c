"""An optimiser changes what it was given, what asks for a gradient and what the loss reaches: try it on a twin, and look."""

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
    twin = deepcopy(module)
    with torch.enable_grad():
        loss = twin(x).sum()
    if loss.requires_grad:
        loss.backward()
    fates = {name: "buffer" for name, _ in twin.named_buffers()}
    first_names = {name for name, _ in twin.named_parameters()}
    for name, parameter in twin.named_parameters(remove_duplicate=False):
        if name not in first_names:
            fates[name] = "tied"
        elif not parameter.requires_grad:
            fates[name] = "frozen"
        elif parameter.grad is None:
            fates[name] = "unreached"
        else:
            fates[name] = "trained"
    return fates


def trainable(module: nn.Module, x: Tensor) -> list[str]:
    """Names of the parameters that explain calls "trained", in the order of module.named_parameters()."""
    fates = explain(module, x)
    return [name for name, _ in module.named_parameters() if fates[name] == "trained"]


def count(module: nn.Module, x: Tensor) -> tuple[int, int]:
    """(numbers in trained parameters, numbers in all parameters); a tied parameter counts once, buffers do not count."""
    trained = trainable(module, x)
    sizes = {name: parameter.numel() for name, parameter in module.named_parameters()}
    return sum(size for name, size in sizes.items() if name in trained), sum(sizes.values())
