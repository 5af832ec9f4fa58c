"""Ask where each tensor lives, which axis is which, and what the number that you print was measured on."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Data = tuple[Tensor, Tensor]  # given


class Loader:  # given
    """Batches of (x, labels), to be iterated over as often as one likes; with a generator (of the CPU) in a new random order each time."""

    def __init__(self, data: Data, batch: int, generator: torch.Generator | None = None) -> None:
        self.x, self.labels = data
        self.batch, self.generator = batch, generator

    def __iter__(self) -> Iterator[Data]:
        n = len(self.x)
        order = torch.arange(n) if self.generator is None else torch.randperm(n, generator=self.generator)
        for rows in order.to(self.x.device).split(self.batch):
            yield self.x[rows], self.labels[rows]


class Net(nn.Module):
    """A classifier with one hidden layer that standardises its input: logits = second(relu(first((x - mean) / std)))."""

    def __init__(self, mean: Tensor, std: Tensor, hidden: int, classes: int) -> None:
        """mean, std: (features,), kept in the state_dict under these names, never trained, moved and cast with the model.

        first and second are linear layers, features to hidden and hidden to classes.
        """
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)
        self.first = nn.Linear(len(mean), hidden)
        self.second = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (batch, classes) of x (batch, features), before any softmax."""
        return self.second(torch.relu(self.first((x - self.mean) / self.std)))


def predict(model: nn.Module, x: Tensor) -> Tensor:
    """The class of each row of x, (batch,) int64 on the model's device; x may be on any. The model is put into evaluation mode and stays there.

    The model returns logits (batch, classes); its parameters are all on one device.
    """
    model.eval()
    with torch.no_grad():
        return model(x.to(next(model.parameters()).device)).argmax(dim=1)


def accuracy(model: nn.Module, loader: Loader) -> float:
    """The share of right answers among all samples of the loader, a Python float; its batches may differ in size and be on any device."""
    right = count = 0
    for x, labels in loader:
        predictions = predict(model, x)
        right += (predictions == labels.to(predictions.device)).sum().item()
        count += len(labels)
    return right / count


def train_step(model: nn.Module, x: Tensor, labels: Tensor, learning_rate: float) -> None:
    """One step of plain gradient descent on the mean cross-entropy of one batch, in training mode; gradients of earlier calls have no influence.

    x and labels may be on any device; the model and its gradients stay where they are.
    """
    device = next(model.parameters()).device
    model.train()
    model.zero_grad()
    F.cross_entropy(model(x.to(device)), labels.to(device)).backward()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.sub_(learning_rate * parameter.grad)


def fit(model: nn.Module, train: Data, test: Data, epochs: int, learning_rate: float, batch: int, generator: torch.Generator) -> list[float]:
    """Train for some epochs, one train_step for each batch of a Loader over train with this generator; (x, labels) are whole data sets.

    Returns the accuracy on test after each epoch.
    """
    train_loader, test_loader = Loader(train, batch, generator), Loader(test, batch)
    history = []
    for _ in range(epochs):
        for x, labels in train_loader:
            train_step(model, x, labels, learning_rate)
        history.append(accuracy(model, test_loader))
    return history
