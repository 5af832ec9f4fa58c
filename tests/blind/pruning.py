# blind: passed at try 1
from collections.abc import Iterable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def _check_sparsity(sparsity: float) -> None:
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must be between 0 and 1, not {sparsity}")


def keep_largest(scores: Tensor, sparsity: float) -> Tensor:
    """The rule that all pruning here shares: which of n scores stay.

    Every score gets its rank, counted from the smallest; the ranks below k = round(sparsity * n) go.
    """
    _check_sparsity(sparsity)
    n = scores.numel()
    order = torch.argsort(scores.detach(), stable=True)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(n, device=order.device)
    return rank >= round(sparsity * n)


def magnitude_masks(parameters: Mapping[str, Tensor], sparsity: float, *, scope: str = "global") -> dict[str, Tensor]:
    """Masks that prune the weights of smallest absolute value, by keep_largest, in one ranking or in one for each tensor."""
    _check_sparsity(sparsity)
    if scope not in ("global", "layer"):
        raise ValueError(f"unknown scope {scope!r}")
    scores = {name: tensor.detach().abs() for name, tensor in parameters.items() if tensor.dim() >= 2}
    if scope == "layer":
        return {name: keep_largest(score.flatten(), sparsity).view(score.shape) for name, score in scores.items()}
    if not scores:
        return {}
    keep = keep_largest(torch.cat([score.flatten() for score in scores.values()]), sparsity)
    masks, start = {}, 0
    for name, score in scores.items():
        masks[name] = keep[start : start + score.numel()].reshape(score.shape).clone()
        start += score.numel()
    return masks


def filter_mask(weight: Tensor, sparsity: float, *, p: float = 2) -> Tensor:
    """Which filters of a convolution stay when those of smallest p-norm are pruned, by keep_largest."""
    # In double precision, so that the squares of tiny weights do not vanish.
    powers = weight.detach().double().abs() ** p
    return keep_largest(powers.sum(dim=(1, 2, 3)) ** (1 / p), sparsity)


@torch.no_grad()
def cut_filters(weight: Tensor, bias: Tensor | None, next_weight: Tensor, keep: Tensor) -> tuple[Tensor, Tensor | None, Tensor]:
    """Smaller tensors without the filters where keep is False, for two layers in a row."""
    # How many inputs of the next layer belong to one filter: 1 for a convolution, the area of the map for a linear layer.
    inputs_each = next_weight.shape[1] // keep.numel()
    next_keep = keep.repeat_interleave(inputs_each)
    return weight[keep], None if bias is None else bias[keep], next_weight[:, next_keep]


def sparsity_at(step: int, *, first: int, last: int, final: float, initial: float = 0.0) -> float:
    """The cubic schedule of Zhu and Gupta (2017): fast while weights abound, slow at the end."""
    if step >= last:
        return final
    if step < first:
        return initial
    remaining = (last - step) / (last - first)
    return final + (initial - final) * remaining**3


@torch.no_grad()
def apply_masks(model: nn.Module, masks: Mapping[str, Tensor]) -> None:
    """Set the pruned entries of the model's parameters to exactly 0, in place."""
    for name, parameter in model.named_parameters():
        if name in masks:
            parameter.masked_fill_(~masks[name], 0.0)


def masked_step(model: nn.Module, optimiser: torch.optim.Optimizer, masks: Mapping[str, Tensor]) -> None:
    """One step of the optimiser, from the gradients that are there, after which every pruned entry is exactly 0."""
    optimiser.step()
    apply_masks(model, masks)


def prune_while_training(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    batches: Iterable[tuple[Tensor, Tensor]],
    *,
    first: int,
    last: int,
    final: float,
) -> dict[str, Tensor]:
    """Train a classifier on the batches, in order, one step each, and prune it globally on the way."""
    masks: dict[str, Tensor] = {}
    for step, (x, y) in enumerate(batches):
        sparsity = sparsity_at(step, first=first, last=last, final=final)
        masks = magnitude_masks(dict(model.named_parameters()), sparsity, scope="global")
        apply_masks(model, masks)
        optimiser.zero_grad()
        F.cross_entropy(model(x), y).backward()
        masked_step(model, optimiser, masks)
    return masks
