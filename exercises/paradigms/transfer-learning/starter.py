import torch
import torch.nn.functional as F
from torch import Tensor, nn


def replace_head(model: nn.Module, classes: int) -> None:
    """Give model a fresh head for another number of classes, in place: an nn.Linear as PyTorch initialises it, from the global generator.

    model computes model.head(model.body(x)), and its head is an nn.Linear with a bias. The new head takes as many features, has dtype and device of
    the old one, and is trainable. The body is not touched.
    """
    raise NotImplementedError("your turn")


def freeze_body(model: nn.Module) -> None:
    """From now on no parameter of the body requires a gradient, and all of the head do."""
    raise NotImplementedError("your turn")


def features(model: nn.Module, x: Tensor) -> Tensor:
    """What the body makes of x, (batch, features), without a gradient.

    The body is put into evaluation mode and stays there: normalisation layers use their running statistics and do not change them, dropout is off.
    """
    raise NotImplementedError("your turn")


def transfer(model: nn.Module, x: Tensor, labels: Tensor, classes: int, steps: int, learning_rate: float) -> list[float]:
    """Feature extraction: replace the head, freeze the body, train the head. Returns the loss before each step.

    Each step is one of plain gradient descent on the mean cross-entropy of all of x (n, ...) and labels (n,) int64. The body computes as in features;
    neither its parameters nor its buffers change. The head's initial weights are the first numbers drawn from torch's global generator.
    """
    raise NotImplementedError("your turn")


def linear_probe(inputs: Tensor, labels: Tensor, classes: int, ridge: float) -> tuple[Tensor, Tensor]:
    """The best linear classifier in the sense of least squares, in closed form: (weight (classes, features), bias (classes,)).

    It minimises the sum over all samples and classes of (inputs weight^T + bias - one-hot label)^2, plus ridge * sum of weight^2; the bias is not
    penalised. inputs: (n, features), floating, the results have its dtype; labels: (n,) int64; ridge above 0. n may be smaller than features.
    """
    raise NotImplementedError("your turn")
