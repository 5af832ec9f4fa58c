"""Six bends and their slopes, written so that exp is never given a large positive number."""

import math

import numpy as np


def erf(x: np.ndarray) -> np.ndarray:
    """The error function of each entry, in x's dtype."""
    # given
    return np.vectorize(math.erf, otypes=[np.float64])(x).astype(x.dtype)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)).

    Here and in all functions below: x is a float64 or float32 array with at least one dimension, empty or not, with entries up to 10,000 in
    size; it is left unchanged. The result has its shape and dtype. NumPy finds nothing to complain of, with
    np.errstate(over="raise", invalid="raise", divide="raise").
    """
    return 0.5 * (1 + np.tanh(0.5 * x))


def sigmoid_grad(x: np.ndarray) -> np.ndarray:
    """The derivative of sigmoid at x."""
    y = sigmoid(x)
    return y * (1 - y)


def tanh(x: np.ndarray) -> np.ndarray:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x))."""
    return np.tanh(x)


def tanh_grad(x: np.ndarray) -> np.ndarray:
    """The derivative of tanh at x."""
    return 1 - np.tanh(x) ** 2


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0)."""
    return np.maximum(x, 0)


def relu_grad(x: np.ndarray) -> np.ndarray:
    """The derivative of relu at x; 0 at x = 0."""
    return (x > 0).astype(x.dtype)


def leaky_relu(x: np.ndarray, slope: float = 0.01) -> np.ndarray:
    """As it is where x > 0, slope * x elsewhere; 0 <= slope <= 1."""
    return np.maximum(x, slope * x)


def leaky_relu_grad(x: np.ndarray, slope: float = 0.01) -> np.ndarray:
    """The derivative of leaky_relu at x; slope at x = 0."""
    return np.where(x > 0, 1, slope).astype(x.dtype)


def softplus(x: np.ndarray) -> np.ndarray:
    """The smooth relu: log(1 + exp(x)).

    For float64 the relative error stays below 1e-9 down to x = -600: softplus(-40) is 4.2e-18, not 0.
    """
    return np.logaddexp(0, x)


def softplus_grad(x: np.ndarray) -> np.ndarray:
    """The derivative of softplus at x."""
    return sigmoid(x)


def gelu(x: np.ndarray) -> np.ndarray:
    """Exactly x * Phi(x), where Phi(x) = (1 + erf(x / sqrt(2))) / 2 is the distribution function of the standard normal distribution."""
    return x * _phi(x)


def gelu_grad(x: np.ndarray) -> np.ndarray:
    """The derivative of gelu at x."""
    return _phi(x) + x * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def _phi(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + erf(x / math.sqrt(2)))
