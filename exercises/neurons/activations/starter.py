import math

import numpy as np


def erf(x: np.ndarray) -> np.ndarray:
    """The error function of each entry, in x's dtype."""
    return np.vectorize(math.erf, otypes=[np.float64])(x).astype(x.dtype)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)).

    Here and in all functions below: x is a float64 or float32 array with at least one dimension, empty or not, with entries up to 10,000 in
    size; it is left unchanged. The result has its shape and dtype. NumPy finds nothing to complain of, with
    np.errstate(over="raise", invalid="raise", divide="raise").
    """
    raise NotImplementedError("your turn")


def sigmoid_grad(x: np.ndarray) -> np.ndarray:
    """The derivative of sigmoid at x."""
    raise NotImplementedError("your turn")


def tanh(x: np.ndarray) -> np.ndarray:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x))."""
    raise NotImplementedError("your turn")


def tanh_grad(x: np.ndarray) -> np.ndarray:
    """The derivative of tanh at x."""
    raise NotImplementedError("your turn")


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0)."""
    raise NotImplementedError("your turn")


def relu_grad(x: np.ndarray) -> np.ndarray:
    """The derivative of relu at x; 0 at x = 0."""
    raise NotImplementedError("your turn")


def leaky_relu(x: np.ndarray, slope: float = 0.01) -> np.ndarray:
    """As it is where x > 0, slope * x elsewhere; 0 <= slope <= 1."""
    raise NotImplementedError("your turn")


def leaky_relu_grad(x: np.ndarray, slope: float = 0.01) -> np.ndarray:
    """The derivative of leaky_relu at x; slope at x = 0."""
    raise NotImplementedError("your turn")


def softplus(x: np.ndarray) -> np.ndarray:
    """The smooth relu: log(1 + exp(x)).

    For float64 the relative error stays below 1e-9 down to x = -600: softplus(-40) is 4.2e-18, not 0.
    """
    raise NotImplementedError("your turn")


def softplus_grad(x: np.ndarray) -> np.ndarray:
    """The derivative of softplus at x."""
    raise NotImplementedError("your turn")


def gelu(x: np.ndarray) -> np.ndarray:
    """Exactly x * Phi(x), where Phi(x) = (1 + erf(x / sqrt(2))) / 2 is the distribution function of the standard normal distribution."""
    raise NotImplementedError("your turn")


def gelu_grad(x: np.ndarray) -> np.ndarray:
    """The derivative of gelu at x."""
    raise NotImplementedError("your turn")
