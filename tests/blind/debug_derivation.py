# blind: passed at try 1
from collections.abc import Callable

import numpy as np

Layers = list[tuple[np.ndarray, np.ndarray]]


def forward(x: np.ndarray, weights: Layers) -> list[np.ndarray]:
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
    p = outputs[-1]
    delta = p.copy()
    delta[np.arange(len(labels)), labels] -= 1
    delta /= len(labels)
    deltas = [delta]
    for (W, _), a in zip(weights[:0:-1], outputs[-2:0:-1]):
        delta = (delta @ W.T) * a * (1 - a)
        deltas.append(delta)
    return deltas[::-1]


def gradients(outputs: list[np.ndarray], labels: np.ndarray, weights: Layers) -> Layers:
    """The gradient of the same loss for every W and b: a list of pairs (dW, db) with the shapes of the weights, in their order."""
    return [(a.T @ delta, delta.sum(axis=0)) for a, delta in zip(outputs, errors(outputs, labels, weights))]


def adam_step(
    weights: Layers, slopes: Layers, first: Layers, second: Layers, t: int,
    learning_rate: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8,
) -> tuple[Layers, Layers, Layers]:  # fmt: skip
    """One step of Adam: (new weights, new first moments, new second moments), new arrays throughout.

    slopes: the gradients; first, second: the moments before the step, like the weights (zeros before the first step); t: the number of this
    step, 1, 2, ...
    m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, w = w - learning_rate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps).
    """
    new_weights: Layers = []
    new_first: Layers = []
    new_second: Layers = []
    for layer, slope, m_old, v_old in zip(weights, slopes, first, second):
        m = tuple(beta1 * mi + (1 - beta1) * g for mi, g in zip(m_old, slope))
        v = tuple(beta2 * vi + (1 - beta2) * g**2 for vi, g in zip(v_old, slope))
        steps = [(mi / (1 - beta1**t)) / (np.sqrt(vi / (1 - beta2**t)) + eps) for mi, vi in zip(m, v)]
        new_weights.append(tuple(w - learning_rate * s for w, s in zip(layer, steps)))
        new_first.append(m)
        new_second.append(v)
    return new_weights, new_first, new_second
