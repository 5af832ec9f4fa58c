# blind: passed at try 1
import math

import numpy as np


def erf(x: np.ndarray) -> np.ndarray:
    """The error function of each entry, in x's dtype."""
    return np.vectorize(math.erf, otypes=[x.dtype])(x)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), with exp of negative numbers only."""
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, np.ones_like(small)) / (1 + small)


def sigmoid_grad(x: np.ndarray) -> np.ndarray:
    """The derivative of sigmoid at x."""
    return sigmoid(x) * sigmoid(-x)


def tanh(x: np.ndarray) -> np.ndarray:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x))."""
    return np.tanh(x)


def tanh_grad(x: np.ndarray) -> np.ndarray:
    """The derivative of tanh at x: since tanh(x) = 2 sigmoid(2x) - 1, four times the slope of sigmoid at 2x."""
    return 4 * sigmoid_grad(2 * x)


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0)."""
    return x.clip(min=0)


def relu_grad(x: np.ndarray) -> np.ndarray:
    """The derivative of relu at x; 0 at x = 0."""
    return (x > 0).astype(x.dtype)


def leaky_relu(x: np.ndarray, slope: float = 0.01) -> np.ndarray:
    """For slopes between 0 and 1 the larger one of the two lines."""
    return np.maximum(x, x * x.dtype.type(slope))


def leaky_relu_grad(x: np.ndarray, slope: float = 0.01) -> np.ndarray:
    """The derivative of leaky_relu at x; slope at x = 0."""
    slopes = np.full(x.shape, slope, dtype=x.dtype)
    slopes[x > 0] = 1
    return slopes


def softplus(x: np.ndarray) -> np.ndarray:
    """The smooth relu: log(exp(0) + exp(x))."""
    return np.logaddexp(x, np.zeros_like(x))


def softplus_grad(x: np.ndarray) -> np.ndarray:
    """The derivative of softplus at x."""
    return sigmoid(x)


def normal_cdf(x: np.ndarray) -> np.ndarray:
    return (1 + erf(x * x.dtype.type(math.sqrt(0.5)))) / 2


def gelu(x: np.ndarray) -> np.ndarray:
    """x * Phi(x)."""
    return x * normal_cdf(x)


def gelu_grad(x: np.ndarray) -> np.ndarray:
    """The derivative of gelu at x: Phi(x) + x * phi(x)."""
    density = np.exp(-x * x / 2) / x.dtype.type(math.sqrt(2 * math.pi))
    return normal_cdf(x) + x * density
