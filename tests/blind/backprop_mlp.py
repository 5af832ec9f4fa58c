# blind: passed at try 2
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

Layers = list[tuple[np.ndarray, np.ndarray]]


def _check(activation: str) -> None:
    if activation not in ("relu", "tanh"):
        raise ValueError(f"unknown activation: {activation!r}")


def _shifted_exponentials(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(logits minus the largest of their row, the sum of the exponentials of those), in float64."""
    logits = logits.astype(np.float64)
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted, np.exp(shifted).sum(axis=1)


def init(sizes: Sequence[int], seed: int) -> Layers:
    """Fresh float64 weights of a network with len(sizes) - 1 layers.

    sizes: the widths from input to output, at least two. Layer k is a pair (W, b): W (sizes[k], sizes[k + 1]) drawn from a normal
    distribution with mean 0 and variance 2 / sizes[k] (He), b (sizes[k + 1],) zero. The same seed gives the same weights, another one others.
    """
    rng = np.random.default_rng(seed)
    weights = []
    for fan_in, fan_out in pairwise(sizes):
        W = rng.normal(0.0, np.sqrt(2.0 / fan_in), size=(fan_in, fan_out))
        weights.append((W, np.zeros(fan_out)))
    return weights


def forward(x: np.ndarray, weights: Layers, activation: str = "relu") -> list[np.ndarray]:
    """What each layer puts out, the input first: [x, h_1, ..., logits].

    x: (batch, sizes[0]). Layer k computes a W + b and then, except for the last layer, the activation "relu" or "tanh"; the last one puts out
    logits. Another activation raises ValueError. Results have the dtype of x and weights (float32 or float64).
    """
    _check(activation)
    outputs = [x]
    for k, (W, b) in enumerate(weights, start=1):
        h = outputs[-1] @ W + b
        if k < len(weights):
            h = np.maximum(h, 0) if activation == "relu" else np.tanh(h)
        outputs.append(h)
    return outputs


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """-log softmax(logits)[label], averaged over the batch, for logits of any size.

    logits: (batch, classes). labels: (batch,) int64, each in [0, classes).
    """
    shifted, total = _shifted_exponentials(logits)
    picked = shifted[np.arange(len(labels)), labels]
    return float(np.mean(np.log(total) - picked))


def backward(outputs: list[np.ndarray], labels: np.ndarray, weights: Layers, activation: str = "relu") -> tuple[Layers, np.ndarray]:
    """Gradients of cross_entropy(outputs[-1], labels), the mean over the batch.

    outputs: as forward returns them for these weights and this activation. Returns (gradients, x_gradient): a list of pairs (dW, db) with the
    shapes of the weights, in their order, and the gradient of x, (batch, sizes[0]). relu has slope 0 at 0. Logits may have any size.
    Another activation raises ValueError. Results have the dtype of outputs and weights.
    """
    _check(activation)
    logits = outputs[-1]
    n = len(labels)
    shifted, total = _shifted_exponentials(logits)
    delta = np.exp(shifted) / total[:, None]
    delta[np.arange(n), labels] -= 1.0
    delta = (delta / n).astype(logits.dtype)

    gradients: Layers = []
    for k in range(len(weights) - 1, -1, -1):
        # delta is the gradient of what layer k puts out before its activation.
        W, _ = weights[k]
        a = outputs[k]
        gradients.append((a.T @ delta, delta.sum(axis=0)))
        delta = delta @ W.T
        if k > 0:
            slope = (a > 0).astype(a.dtype) if activation == "relu" else 1 - a**2
            delta = delta * slope
    gradients.reverse()
    return gradients, delta


def sgd_step(x: np.ndarray, labels: np.ndarray, weights: Layers, learning_rate: float, activation: str = "relu") -> tuple[float, Layers]:
    """One step of plain gradient descent on one batch: (the loss before the step, the new weights).

    All gradients are taken at the weights that were given, and those are not changed: the new ones are new arrays of the same dtype.
    """
    outputs = forward(x, weights, activation)
    loss = cross_entropy(outputs[-1], labels)
    gradients, _ = backward(outputs, labels, weights, activation)
    rate = float(learning_rate)
    new_weights = [(W - rate * dW, b - rate * db) for (W, b), (dW, db) in zip(weights, gradients, strict=True)]
    return loss, new_weights


def fit(x: np.ndarray, labels: np.ndarray, sizes: Sequence[int], seed: int, activation: str = "relu") -> Layers:
    """Train a network of these sizes on all of x and labels; returns its weights.

    x: (n, sizes[0]) with values in [0, 1], not changed. labels: (n,) int64. Optimiser, learning rate, batch size and number of epochs are
    yours to choose. With sizes (64, 64, 10) on 1,437 images of 8x8 digits, either activation is right for 95 % of 360 others (on average
    over two such splits), in 10 seconds at most. The same arguments give the same weights, another seed others.
    """
    # Adam on shuffled minibatches, with a step size that falls linearly to zero.
    batch_size, epochs, peak_rate = 32, 40, 4e-3
    beta1, beta2, epsilon = 0.9, 0.999, 1e-8
    x = np.asarray(x, dtype=np.float64)
    n = len(x)
    rng = np.random.default_rng([seed, 1])
    parameters = [p for layer in init(sizes, seed) for p in layer]
    first = [np.zeros_like(p) for p in parameters]
    second = [np.zeros_like(p) for p in parameters]
    steps = epochs * -(-n // batch_size)
    t = 0
    for _ in range(epochs):
        order = rng.permutation(n)
        for start in range(0, n, batch_size):
            rate = peak_rate * (1 - t / steps)
            t += 1
            rows = order[start : start + batch_size]
            weights = list(zip(parameters[0::2], parameters[1::2], strict=True))
            outputs = forward(x[rows], weights, activation)
            gradients, _ = backward(outputs, labels[rows], weights, activation)
            for p, m, v, g in zip(parameters, first, second, (g for layer in gradients for g in layer), strict=True):
                m += (1 - beta1) * (g - m)
                v += (1 - beta2) * (g * g - v)
                m_hat = m / (1 - beta1**t)
                v_hat = v / (1 - beta2**t)
                p -= rate * m_hat / (np.sqrt(v_hat) + epsilon)
    return list(zip(parameters[0::2], parameters[1::2], strict=True))
