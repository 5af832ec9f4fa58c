"""Forward, backward, step, over shuffled batches; then look at data that was not trained on, without leaving a trace."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def evaluate(model: nn.Module, x: Tensor, y: Tensor, batch_size: int) -> tuple[float, float]:
    """(mean cross-entropy, accuracy) of a classifier over all samples, in evaluation mode and without recording gradients.

    x: (n, ...), y: (n,) int64, n at least 1; they go through the model batch_size at a time, in order, the last batch may be shorter. model(x)
    gives logits (batch, classes). Both numbers are floats over samples, each sample counting once. Afterwards model.training is as before.
    """
    was_training = model.training
    model.eval()
    loss, right = 0.0, 0
    with torch.no_grad():
        for part_x, part_y in zip(x.split(batch_size), y.split(batch_size), strict=True):
            logits = model(part_x)
            loss += F.cross_entropy(logits, part_y, reduction="sum").item()
            right += int((logits.argmax(dim=1) == part_y).sum())
    model.train(was_training)
    return loss / len(x), right / len(x)


def train_epoch(
    model: nn.Module, optimiser: torch.optim.Optimizer, x: Tensor, y: Tensor, batch_size: int, generator: torch.Generator | None = None
) -> float:
    """One pass over all samples in training mode, with one step of the optimiser per batch; returns the mean loss, a float.

    The order is torch.randperm(n, generator=generator), one call per epoch, on the CPU; batch k holds its entries from k * batch_size on, and the
    last one may be shorter. The loss of a batch is the mean cross-entropy. What is returned is the mean over samples of the losses met on
    the way. Gradients from before play no part; the model is left in training mode.
    """
    model.train()
    total = 0.0
    for batch in torch.randperm(len(x), generator=generator).split(batch_size):
        optimiser.zero_grad()
        loss = F.cross_entropy(model(x[batch]), y[batch])
        loss.backward()
        optimiser.step()
        total += loss.item() * len(batch)
    return total / len(x)


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
    history = []
    for _ in range(epochs):
        lr = optimiser.param_groups[0]["lr"]
        loss = train_epoch(model, optimiser, *train, batch_size, generator)
        valid_loss, valid_accuracy = evaluate(model, *valid, batch_size)
        if scheduler is not None:
            scheduler.step()
        history.append({"lr": lr, "loss": loss, "valid_loss": valid_loss, "valid_accuracy": valid_accuracy})
    return history
