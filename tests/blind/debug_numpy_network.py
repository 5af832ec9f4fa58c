# blind: passed at try 1
import numpy as np

Weights = dict[str, np.ndarray]


def log_softmax(z: np.ndarray) -> np.ndarray:
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def softmax(z: np.ndarray) -> np.ndarray:
    """Each row of z (batch, classes) as probabilities that add up to 1."""
    return np.exp(log_softmax(z))


def loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean over the batch of -log softmax(logits)[label]."""
    picked = np.take_along_axis(log_softmax(logits), labels[:, None], axis=1)
    return float(-picked.mean())


def init(n_in: int, n_hidden: int, n_out: int, seed: int) -> Weights:
    """Fresh weights: matrices normal with variance 1 / rows, biases 0."""
    rng = np.random.default_rng(seed)
    return {
        "W1": rng.normal(scale=n_in**-0.5, size=(n_in, n_hidden)),
        "b1": np.zeros(n_hidden),
        "W2": rng.normal(scale=n_hidden**-0.5, size=(n_hidden, n_out)),
        "b2": np.zeros(n_out),
    }


def forward(x: np.ndarray, weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """(hidden, logits), both with two dimensions."""
    hidden = np.tanh(np.atleast_2d(x) @ weights["W1"] + weights["b1"])
    return hidden, hidden @ weights["W2"] + weights["b2"]


def gradients(x: np.ndarray, labels: np.ndarray, weights: Weights) -> Weights:
    """The gradient of the mean loss for each of the four arrays."""
    x = np.atleast_2d(x)
    hidden, logits = forward(x, weights)
    one_hot = np.eye(logits.shape[1])[labels]
    delta = (softmax(logits) - one_hot) / len(x)
    back = (delta @ weights["W2"].T) * (1 - hidden**2)
    return {"W1": x.T @ back, "b1": back.sum(axis=0), "W2": hidden.T @ delta, "b2": delta.sum(axis=0)}


def train(
    x: np.ndarray, labels: np.ndarray, classes: int, n_hidden: int, epochs: int, learning_rate: float, batch: int, seed: int
) -> tuple[Weights, list[float]]:
    """Train by plain gradient descent: (weights, history)."""
    rng = np.random.default_rng(seed)
    weights = init(x.shape[1], n_hidden, classes, seed)
    history = []
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch):
            rows = order[start : start + batch]
            slopes = gradients(x[rows], labels[rows], weights)
            weights = {name: value - learning_rate * slopes[name] for name, value in weights.items()}
        history.append(loss(forward(x, weights)[1], labels))
    return weights, history
