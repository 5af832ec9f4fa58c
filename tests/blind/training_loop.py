# blind: passed at try 1
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def evaluate(model: nn.Module, x: Tensor, y: Tensor, batch_size: int) -> tuple[float, float]:
    """(mean cross-entropy, accuracy) of a classifier over all samples."""
    modes = {module: module.training for module in model.modules()}  # single layers may have a mode of their own
    model.eval()
    loss, right = 0.0, 0
    try:
        with torch.no_grad():
            for part, target in zip(x.split(batch_size), y.split(batch_size)):
                logits = model(part)
                loss += F.cross_entropy(logits, target, reduction="sum").item()
                right += (logits.argmax(dim=1) == target).sum().item()
    finally:
        for module, mode in modes.items():
            module.training = mode
    return loss / len(y), right / len(y)


def train_epoch(
    model: nn.Module, optimiser: torch.optim.Optimizer, x: Tensor, y: Tensor, batch_size: int, generator: torch.Generator | None = None
) -> float:
    """One pass over all samples in training mode; returns the mean loss, a float."""
    model.train()
    total = 0.0
    for index in torch.randperm(len(x), generator=generator).split(batch_size):
        index = index.to(x.device)
        optimiser.zero_grad()
        loss = F.cross_entropy(model(x[index]), y[index])
        loss.backward()
        optimiser.step()
        total += len(index) * loss.item()
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
    """Train for some epochs, and note for each one what happened."""
    history = []
    for _ in range(epochs):
        record = {"lr": float(optimiser.param_groups[0]["lr"])}
        record["loss"] = train_epoch(model, optimiser, *train, batch_size, generator)
        record["valid_loss"], record["valid_accuracy"] = evaluate(model, *valid, batch_size)
        if scheduler is not None:
            scheduler.step()
        history.append(record)
    return history
