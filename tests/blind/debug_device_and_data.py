# blind: passed at try 1
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Data = tuple[Tensor, Tensor]


class Loader:
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
        super().__init__()
        self.register_buffer("mean", mean.detach().clone())
        self.register_buffer("std", std.detach().clone())
        self.first = nn.Linear(len(mean), hidden)
        self.second = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (batch, classes) of x (batch, features), before any softmax."""
        standardised = (x - self.mean) / self.std
        return self.second(F.relu(self.first(standardised)))


def device_of(model: nn.Module) -> torch.device:
    """Where the model's parameters are."""
    return next(model.parameters()).device


@torch.no_grad()
def predict(model: nn.Module, x: Tensor) -> Tensor:
    """The class of each row of x, (batch,) int64 on the model's device."""
    model.eval()
    return model(x.to(device_of(model))).argmax(dim=1)


def accuracy(model: nn.Module, loader: Loader) -> float:
    """The share of right answers among all samples of the loader."""
    right = total = 0
    for x, labels in loader:
        predictions = predict(model, x)
        right += int((predictions == labels.to(predictions.device)).sum())
        total += len(labels)
    return right / total


def train_step(model: nn.Module, x: Tensor, labels: Tensor, learning_rate: float) -> None:
    """One step of plain gradient descent on the mean cross-entropy of one batch, in training mode."""
    device = device_of(model)
    model.train()
    model.zero_grad()
    F.cross_entropy(model(x.to(device)), labels.to(device)).backward()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter -= learning_rate * parameter.grad


def fit(model: nn.Module, train: Data, test: Data, epochs: int, learning_rate: float, batch: int, generator: torch.Generator) -> list[float]:
    """Train for some epochs; returns the accuracy on test after each."""
    train_loader = Loader(train, batch, generator)
    test_loader = Loader(test, batch)
    history = []
    for _ in range(epochs):
        for x, labels in train_loader:
            train_step(model, x, labels, learning_rate)
        history.append(accuracy(model, test_loader))
    return history
