import numpy as np

Weights = dict[str, np.ndarray]


def softmax(z: np.ndarray) -> np.ndarray:
    """Each row of z (batch, classes) as probabilities that add up to 1; float64. Entries of any size, such as 10,000, give no nan."""
    raise NotImplementedError("your turn")


def loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean over the batch of -log softmax(logits)[label], finite for logits of any size.

    logits: (batch, classes) float64; labels: (batch,) int64.
    """
    raise NotImplementedError("your turn")


def init(n_in: int, n_hidden: int, n_out: int, seed: int) -> Weights:
    """Fresh weights: W1 (n_in, n_hidden), b1 (n_hidden,), W2 (n_hidden, n_out), b2 (n_out,), all float64.

    The entries of a matrix are normal with mean 0 and variance 1 / (number of its rows), the biases are 0. The seed decides.
    """
    raise NotImplementedError("your turn")


def forward(x: np.ndarray, weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """(hidden, logits) of shapes (batch, n_hidden) and (batch, n_out), hidden = tanh(x W1 + b1), logits = hidden W2 + b2.

    x: (batch, n_in), or a single sample (n_in,), which counts as a batch of one: the results have two dimensions always.
    """
    raise NotImplementedError("your turn")


def gradients(x: np.ndarray, labels: np.ndarray, weights: Weights) -> Weights:
    """The gradient of loss(logits, labels), the mean over the batch, for each of the four arrays, under the same names.

    x: (batch, n_in) or a single sample (n_in,); labels: (batch,) int64, (1,) for a single sample.
    """
    raise NotImplementedError("your turn")


def train(
    x: np.ndarray, labels: np.ndarray, classes: int, n_hidden: int, epochs: int, learning_rate: float, batch: int, seed: int
) -> tuple[Weights, list[float]]:
    """Train by plain gradient descent, beginning with init(n_in, n_hidden, classes, seed): (weights, history).

    x: (n, n_in) float64; labels: (n,) int64. In each epoch all rows are used once, in a new random order that the seed decides, in batches of `batch`
    rows (the last one may be smaller). history has one number for each epoch: the loss of all of x with the weights after that epoch.
    """
    raise NotImplementedError("your turn")
