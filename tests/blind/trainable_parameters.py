# blind: passed at try 1
from copy import deepcopy

import torch
from torch import Tensor, nn


def rehearse(module: nn.Module, x: Tensor) -> nn.Module:
    """A copy of the module after one backward pass: where a gradient arrived, .grad is a tensor, elsewhere None."""
    copy = deepcopy(module)
    copy.zero_grad(set_to_none=True)
    with torch.enable_grad():
        loss = copy(x.detach().clone()).sum()
        if loss.requires_grad:
            loss.backward()
    return copy


def explain(module: nn.Module, x: Tensor) -> dict[str, str]:
    """What becomes of each tensor of the module in a training step whose loss is module(x).sum()."""
    copy = rehearse(module, x)
    fates = {name: "buffer" for name, _ in copy.named_buffers()}
    first_names = {name for name, _ in copy.named_parameters()}
    for name, parameter in copy.named_parameters(remove_duplicate=False):
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
    """(numbers in trained parameters, numbers in all parameters)."""
    sizes = {name: parameter.numel() for name, parameter in module.named_parameters()}
    return sum(sizes[name] for name in trainable(module, x)), sum(sizes.values())
