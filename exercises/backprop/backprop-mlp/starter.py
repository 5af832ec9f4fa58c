from collections.abc import Sequence
from itertools import pairwise

import numpy as np

Layers = list[tuple[np.ndarray, np.ndarray]]


def init(sizes: Sequence[int], seed: int) -> Layers:
    """Fresh float64 weights of a network with len(sizes) - 1 layers.

    sizes: the widths from input to output, at least two. Entry k = 0, 1, ... of the list is a pair (W, b): W (sizes[k], sizes[k + 1]) drawn
    from a normal distribution with mean 0 and variance 2 / sizes[k] (He), b (sizes[k + 1],) zero. The same seed gives the same weights,
    another one others.
    """
    raise NotImplementedError("your turn")


def forward(x: np.ndarray, weights: Layers, activation: str = "relu") -> list[np.ndarray]:
    """What each layer puts out, the input first: [x, h_1, ..., logits].

    x: (batch, sizes[0]). Each layer computes h @ W + b of the output h before it and then, except for the last one, the activation: "relu"
    or "tanh"; the last one puts out logits. Another activation raises ValueError if there is a hidden layer. Results have the dtype of x and
    weights (float32 or float64).
    """
    raise NotImplementedError("your turn")


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """-log softmax(logits)[label], averaged over the batch, for logits of any size.

    logits: (batch, classes). labels: (batch,) int64, each in [0, classes).
    """
    raise NotImplementedError("your turn")


def backward(outputs: list[np.ndarray], labels: np.ndarray, weights: Layers, activation: str = "relu") -> tuple[Layers, np.ndarray]:
    """Gradients of cross_entropy(outputs[-1], labels), the mean over the batch.

    outputs: as forward returns them for these weights and this activation. Returns (gradients, x_gradient): a list of pairs (dW, db) with the
    shapes of the weights, in their order, and the gradient of x, (batch, sizes[0]). relu has slope 0 at 0. Logits may have any size.
    Another activation raises ValueError if there is a hidden layer. Results have the dtype of outputs and weights.
    """
    raise NotImplementedError("your turn")


def sgd_step(x: np.ndarray, labels: np.ndarray, weights: Layers, learning_rate: float, activation: str = "relu") -> tuple[float, Layers]:
    """One step of plain gradient descent on one batch: (the loss before the step, the new weights).

    All gradients are taken at the weights that were given, and those are not changed: the new ones are new arrays of the same dtype.
    """
    raise NotImplementedError("your turn")


def fit(x: np.ndarray, labels: np.ndarray, sizes: Sequence[int], seed: int, activation: str = "relu") -> Layers:
    """Train a network of these sizes on all of x and labels; returns its weights.

    x: (n, sizes[0]), float32 in [0, 1], not changed. labels: (n,) int64, n at least 1. Optimiser, learning rate, batch size and number of
    epochs are yours to choose. With sizes (64, 64, 10) on 1,437 images of 8x8 digits, either activation is right for 95 % of 360 others (on
    average over two such splits), each call in 10 seconds at most. The weights are float32 or float64; the same arguments give the same,
    another seed others.
    """
    raise NotImplementedError("your turn")
