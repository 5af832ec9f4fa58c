from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def evaluate(model: nn.Module, x: Tensor, y: Tensor, batch_size: int) -> tuple[float, float]:
    """(mean cross-entropy, accuracy) of a classifier over all samples, in evaluation mode and without recording gradients.

    x: (n, ...), y: (n,) int64, n at least 1; they go through the model batch_size at a time, in order, the last batch may be shorter. model(x)
    gives logits (batch, classes). Both numbers are floats over samples, each sample counting once. Afterwards model.training is as before.
    """
    raise NotImplementedError("your turn")


def train_epoch(
    model: nn.Module, optimiser: torch.optim.Optimizer, x: Tensor, y: Tensor, batch_size: int, generator: torch.Generator | None = None
) -> float:
    """One pass over all samples in training mode, with one step of the optimiser per batch; returns the mean loss, a float.

    The order is torch.randperm(n, generator=generator), one call per epoch, on the CPU; batch k holds its entries from k * batch_size on, and the
    last one may be shorter. The loss of a batch is the mean cross-entropy. What is returned is the mean over samples of the losses met on
    the way. Gradients from before play no part; the model is left in training mode.
    """
    raise NotImplementedError("your turn")


def fit(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    train: tuple[Tensor, Tensor],
    valid: tuple[Tensor, Tensor],
    epochs: int,
    batch_size: int,
    generator: torch.Generator | None = None,
    scheduler: Any = None,
) -> list[dict[str, float]]:
    """Train for some epochs, and note for each one what happened: a list of dicts of floats.

    train, valid: (x, y). Each epoch trains on train (train_epoch), evaluates on valid (evaluate) and then calls scheduler.step() once, if there is a
    scheduler. Keys: "lr", the rate of optimiser.param_groups[0] with which the epoch was trained; "loss", what train_epoch returned;
    "valid_loss" and "valid_accuracy".
    """
    raise NotImplementedError("your turn")
