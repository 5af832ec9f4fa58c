"""Predict, measure, clear, differentiate, update: a loop that leaves one out still prints numbers."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]  # given


class Augmenter:  # given
    """Standardises images (batch, 1, height, width) by what it was fitted on, and adds some noise for training."""

    def fit(self, x: Tensor) -> None:
        """Measure mean and standard deviation of all pixels."""
        self.mean, self.std = x.mean(), x.std()

    def transform(self, x: Tensor) -> Tensor:
        """For evaluation: standardised, without noise."""
        return (x - self.mean) / self.std

    def augment(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """For training: with noise drawn from a generator of the CPU, then standardised."""
        return self.transform(x + 0.1 * torch.randn(x.shape, generator=generator).to(x.device))


def resolve(loss: str | Loss) -> Loss:
    """A function of (logits, labels) from its name; a function comes back as it is.

    "cross-entropy": the mean over the batch of -log softmax(logits)[label]. "squared": the mean over batch and classes of (logits - one-hot
    label)^2. Another name raises ValueError.
    """
    if callable(loss):
        return loss
    if loss == "cross-entropy":
        return F.cross_entropy
    if loss == "squared":
        return lambda logits, labels: (logits - F.one_hot(labels, logits.shape[1])).square().mean()
    raise ValueError(f"unknown loss: {loss!r}")


def train_step(model: nn.Module, x: Tensor, labels: Tensor, loss: Loss, learning_rate: float) -> float:
    """One step of plain gradient descent on one batch; returns the loss before the step, a Python float.

    The model is put into training mode. Gradients of earlier calls have no influence. x: what the model takes; labels: (batch,) int64.
    """
    model.train()
    model.zero_grad()
    value = loss(model(x), labels)
    value.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.sub_(learning_rate * parameter.grad)
    return value.item()


def evaluate(model: nn.Module, x: Tensor, labels: Tensor, augmenter: Augmenter) -> float:
    """The share of x (n, 1, height, width) that the model gets right, a Python float. It is put into evaluation mode and stays there.

    The images go through augmenter.transform (it was fitted before), not through augment. Nothing of the model changes besides its mode.
    """
    model.eval()
    with torch.no_grad():
        return (model(augmenter.transform(x)).argmax(dim=1) == labels).double().mean().item()


def train(
    model: nn.Module, x: Tensor, labels: Tensor, augmenter: Augmenter, loss: str | Loss, epochs: int, learning_rate: float, batch: int,
    generator: torch.Generator,
) -> list[float]:  # fmt: skip
    """Fit the augmenter on all of x, then train for some epochs; returns one float for each, the mean loss of its batches.

    In each epoch all rows of x (n, 1, height, width) are used once, in a new random order drawn from generator (of the CPU), in batches of `batch`
    rows (the last one may be smaller). Each batch goes through augmenter.augment(images, generator) and then makes one train_step.
    """
    augmenter.fit(x)
    measure, history = resolve(loss), []
    for _ in range(epochs):
        order = torch.randperm(len(x), generator=generator).split(batch)
        losses = [train_step(model, augmenter.augment(x[rows], generator), labels[rows], measure, learning_rate) for rows in order]
        history.append(sum(losses) / len(losses))
    return history
