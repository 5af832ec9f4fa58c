from collections.abc import Iterable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def keep_largest(scores: Tensor, sparsity: float) -> Tensor:
    """The rule that all pruning here shares: which of n scores stay.

    scores: (n,). Returns (n,) of bool, True for what stays: exactly k = round(sparsity * n) are False (Python's round,
    halves to even), the k smallest; among equal scores those that come first go first.
    Raises ValueError unless 0 <= sparsity <= 1.
    """
    raise NotImplementedError("your turn")


def magnitude_masks(parameters: Mapping[str, Tensor], sparsity: float, *, scope: str = "global") -> dict[str, Tensor]:
    """Masks that prune the weights of smallest absolute value, by keep_largest.

    parameters: named tensors, such as dict(model.named_parameters()). Those with fewer than two dimensions (biases,
    norms) are never pruned: they neither count nor appear in the result.
    scope: "global": one ranking of all weights together, in the order of `parameters`, each tensor row by row;
    "layer": a ranking for each tensor.
    Returns for each weight's name a bool tensor of its shape, True for what stays; {} when there is no weight (sparsity and
    scope are valid then).
    Raises ValueError for another scope, or unless 0 <= sparsity <= 1.
    """
    raise NotImplementedError("your turn")


def filter_mask(weight: Tensor, sparsity: float, *, p: float = 2) -> Tensor:
    """Which filters of a convolution stay when those of smallest p-norm are pruned, by keep_largest.

    weight: (out, in, height, width); p: 1 or 2. Returns (out,) of bool. Ties are norms that come out exactly equal.
    Raises ValueError unless 0 <= sparsity <= 1.
    """
    raise NotImplementedError("your turn")


def cut_filters(weight: Tensor, bias: Tensor | None, next_weight: Tensor, keep: Tensor) -> tuple[Tensor, Tensor | None, Tensor]:
    """Smaller tensors without the filters where keep is False, for two layers in a row.

    weight: (out, in, height, width) and bias: (out,) or None of a convolution; keep: (out,) of bool.
    next_weight: of the layer that reads its output, either a convolution's, (next_out, out, height, width), or a linear
    layer's after flattening (batch, out, rows, columns) from dimension 1, (next_out, out * rows * columns).
    Returns (weight, bias, next_weight) cut down, bias None as before; whether they carry a graph is up to you.
    """
    raise NotImplementedError("your turn")


def sparsity_at(step: int, *, first: int, last: int, final: float, initial: float = 0.0) -> float:
    """The cubic schedule of Zhu and Gupta (2017): fast while weights abound, slow at the end.

    `initial` before step `first`, `final` from step `last` on, and between them
    final + (initial - final) * (1 - (step - first) / (last - first)) ** 3. first <= last; when they are equal it jumps.
    """
    raise NotImplementedError("your turn")


@torch.no_grad()
def apply_masks(model: nn.Module, masks: Mapping[str, Tensor]) -> None:
    """Set the pruned entries of the model's parameters to exactly 0, in place.

    masks: by the names of model.named_parameters(), True for what stays; a parameter without a mask is left alone.
    The parameters stay the same objects, so that an optimiser made before goes on working.
    """
    raise NotImplementedError("your turn")


def masked_step(model: nn.Module, optimiser: torch.optim.Optimizer, masks: Mapping[str, Tensor]) -> None:
    """One step of the optimiser, from the gradients that are there, after which every pruned entry is exactly 0.

    It holds whatever momentum or weight decay would do to the pruned entries; the others step as usual.
    """
    raise NotImplementedError("your turn")


def prune_while_training(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    batches: Iterable[tuple[Tensor, Tensor]],
    *,
    first: int,
    last: int,
    final: float,
) -> dict[str, Tensor]:
    """Train a classifier on the batches, in order, one step each, and prune it globally on the way.

    batches: pairs (x, y), at least one, given as a list; the model is in the mode in which to train it.
    Step t = 0, 1, ... with batch (x, y): masks of the model's parameters at sparsity_at(t, first=first, last=last,
    final=final), scope "global"; pruned weights set to 0; old gradients cleared; then one masked step on the gradient of
    the mean cross-entropy of model(x) (logits) with the labels y. Returns the masks of the last step.
    """
    raise NotImplementedError("your turn")
