import numpy as np


def neuron(x: np.ndarray, w: np.ndarray, b: float, activation: str) -> float:
    """One neuron for one sample: f(w · x + b).

    x, w: (n_in,), both float64 or both float32. b: a Python float. activation: "identity", "sigmoid", "tanh" or "relu"; any other
    raises ValueError. Returns one number, not an array of several. Sums of ±1000 give neither nan nor an error. x and w are left unchanged.
    """
    raise NotImplementedError("your turn")


def layer(X: np.ndarray, W: np.ndarray, b: np.ndarray, activation: str) -> np.ndarray:
    """n_out neurons for a batch of samples, each sample on its own.

    X: (batch, n_in), one sample in each row; the batch may be empty. W: (n_out, n_in), the weights of one neuron in each row, as in
    nn.Linear. b: (n_out,), the bias of each neuron. All are float64 or all are float32, and so is the result, (batch, n_out).
    activation: as in neuron. Sums of ±1000 give neither nan nor an error. The arrays may be views; they are left unchanged.
    """
    raise NotImplementedError("your turn")
