"""Test each function alone, with inputs whose answer is known: a network that learns a little hides its faults."""

import numpy as np

Weights = dict[str, np.ndarray]  # given


def softmax(z: np.ndarray) -> np.ndarray:
    """Each row of z (batch, classes) as probabilities that add up to 1; float64. Entries of any size, such as 10,000, give no nan."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean over the batch of -log softmax(logits)[label], finite for logits of any size.

    logits: (batch, classes) float64; labels: (batch,) int64.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-log_probabilities[np.arange(len(labels)), labels].mean())


def init(n_in: int, n_hidden: int, n_out: int, seed: int) -> Weights:
    """Fresh weights: W1 (n_in, n_hidden), b1 (n_hidden,), W2 (n_hidden, n_out), b2 (n_out,), all float64.

    The entries of a matrix are normal with mean 0 and variance 1 / (number of its rows), the biases are 0. The seed decides.
    """
    rng = np.random.default_rng(seed)
    return {
        "W1": rng.normal(size=(n_in, n_hidden)) / np.sqrt(n_in),
        "b1": np.zeros(n_hidden),
        "W2": rng.normal(size=(n_hidden, n_out)) / np.sqrt(n_hidden),
        "b2": np.zeros(n_out),
    }


def forward(x: np.ndarray, weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """(hidden, logits) of shapes (batch, n_hidden) and (batch, n_out), hidden = tanh(x W1 + b1), logits = hidden W2 + b2.

    x: (batch, n_in), or a single sample (n_in,), which counts as a batch of one: the results have two dimensions always.
    """
    hidden = np.tanh(np.atleast_2d(x) @ weights["W1"] + weights["b1"])
    return hidden, hidden @ weights["W2"] + weights["b2"]


def gradients(x: np.ndarray, labels: np.ndarray, weights: Weights) -> Weights:
    """The gradient of loss(logits, labels), the mean over the batch, for each of the four arrays, under the same names.

    x: (batch, n_in) or a single sample (n_in,); labels: (batch,) int64, (1,) for a single sample.
    """
    x = np.atleast_2d(x)
    hidden, logits = forward(x, weights)
    delta = softmax(logits)
    delta[np.arange(len(labels)), labels] -= 1
    delta /= len(labels)
    back = delta @ weights["W2"].T * (1 - hidden**2)
    return {"W1": x.T @ back, "b1": back.sum(axis=0), "W2": hidden.T @ delta, "b2": delta.sum(axis=0)}


def train(
    x: np.ndarray, labels: np.ndarray, classes: int, n_hidden: int, epochs: int, learning_rate: float, batch: int, seed: int
) -> tuple[Weights, list[float]]:
    """Train by plain gradient descent, beginning with init(n_in, n_hidden, classes, seed): (weights, history).

    x: (n, n_in) float64; labels: (n,) int64. In each epoch all rows are used once, in a new random order that the seed decides, in batches of `batch`
    rows (the last one may be smaller). history has one number for each epoch: the loss of all of x with the weights after that epoch.
    """
    rng = np.random.default_rng(seed)
    weights, history = init(x.shape[1], n_hidden, classes, seed), []
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch):
            rows = order[start : start + batch]
            for name, gradient in gradients(x[rows], labels[rows], weights).items():
                weights[name] = weights[name] - learning_rate * gradient
        history.append(loss(forward(x, weights)[1], labels))
    return weights, history
