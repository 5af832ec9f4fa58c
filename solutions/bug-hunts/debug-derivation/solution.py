"""Layers of different widths make a wrong transpose impossible; a comparison with autograd makes every other fault visible."""

from collections.abc import Callable

import numpy as np

Layers = list[tuple[np.ndarray, np.ndarray]]  # given


def forward(x: np.ndarray, weights: Layers) -> list[np.ndarray]:  # given
    """[x, a_1, ..., p]: the input, the output of every hidden layer, sigmoid(a W + b), and the softmax of the last layer's a W + b."""
    outputs = [x]
    for W, b in weights[:-1]:
        outputs.append(1 / (1 + np.exp(-(outputs[-1] @ W + b))))
    W, b = weights[-1]
    z = outputs[-1] @ W + b
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return [*outputs, e / e.sum(axis=1, keepdims=True)]


def errors(outputs: list[np.ndarray], labels: np.ndarray, weights: Layers) -> list[np.ndarray]:
    """The gradient of the loss for a W + b of every layer, first layer first: the k-th has the shape of outputs[k], k = 1, ..., L.

    The loss is -log p[label], averaged over the batch. outputs: as forward returns them for these weights; labels: (batch,) int64; weights: a list of
    pairs W (n_in, n_out), b (n_out,). float64 throughout.
    """
    last = outputs[-1].copy()
    last[np.arange(len(labels)), labels] -= 1
    deltas = [last / len(labels)]
    for (W, _), a in zip(weights[:0:-1], outputs[-2::-1], strict=False):
        deltas.append(deltas[-1] @ W.T * a * (1 - a))
    return deltas[::-1]


def gradients(outputs: list[np.ndarray], labels: np.ndarray, weights: Layers) -> Layers:
    """The gradient of the same loss for every W and b: a list of pairs (dW, db) with the shapes of the weights, in their order."""
    deltas = errors(outputs, labels, weights)
    return [(entered.T @ delta, delta.sum(axis=0)) for entered, delta in zip(outputs, deltas, strict=False)]


def adam_step(
    weights: Layers, slopes: Layers, first: Layers, second: Layers, t: int,
    learning_rate: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8,
) -> tuple[Layers, Layers, Layers]:  # fmt: skip
    """One step of Adam: (new weights, new first moments, new second moments), new arrays throughout.

    slopes: the gradients; first, second: the moments before the step, like the weights (zeros before the first step); t: the number of this
    step, 1, 2, ...
    m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, w = w - learning_rate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps).
    """

    def each(function: Callable[..., np.ndarray], *lists: Layers) -> Layers:
        return [(function(*(pair[0] for pair in pairs)), function(*(pair[1] for pair in pairs))) for pairs in zip(*lists, strict=True)]

    first = each(lambda m, g: beta1 * m + (1 - beta1) * g, first, slopes)
    second = each(lambda v, g: beta2 * v + (1 - beta2) * g**2, second, slopes)
    rate, shrink = learning_rate / (1 - beta1**t), 1 - beta2**t
    return each(lambda w, m, v: w - rate * m / (np.sqrt(v / shrink) + eps), weights, first, second), first, second
