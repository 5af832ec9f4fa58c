from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]


class Augmenter:
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
    raise NotImplementedError("your turn")


def train_step(model: nn.Module, x: Tensor, labels: Tensor, loss: Loss, learning_rate: float) -> float:
    """One step of plain gradient descent on one batch; returns the loss before the step, a Python float.

    The model is put into training mode. Gradients of earlier calls have no influence. x: what the model takes; labels: (batch,) int64.
    """
    raise NotImplementedError("your turn")


def evaluate(model: nn.Module, x: Tensor, labels: Tensor, augmenter: Augmenter) -> float:
    """The share of x (n, 1, height, width) that the model gets right, a Python float. It is put into evaluation mode and stays there.

    The images go through augmenter.transform (it was fitted before), not through augment. Nothing of the model changes besides its mode.
    """
    raise NotImplementedError("your turn")


def train(
    model: nn.Module, x: Tensor, labels: Tensor, augmenter: Augmenter, loss: str | Loss, epochs: int, learning_rate: float, batch: int,
    generator: torch.Generator,
) -> list[float]:  # fmt: skip
    """Fit the augmenter on all of x, then train for some epochs; returns one float for each, the mean loss of its batches.

    In each epoch all rows of x (n, 1, height, width) are used once, in a new random order drawn from generator (of the CPU), in batches of `batch`
    rows (the last one may be smaller). Each batch goes through augmenter.augment(images, generator) and then makes one train_step.
    """
    raise NotImplementedError("your turn")
