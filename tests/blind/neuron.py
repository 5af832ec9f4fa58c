# blind: passed at try 1
import numpy as np

ACTIVATIONS = {
    "identity": lambda z: z,
    "sigmoid": lambda z: np.exp(-np.logaddexp(0, -z)),
    "tanh": np.tanh,
    "relu": lambda z: z.clip(min=0),
}


def layer(X: np.ndarray, W: np.ndarray, b: np.ndarray, activation: str) -> np.ndarray:
    """n_out neurons for a batch of samples: f(X W^T + b)."""
    if activation not in ACTIVATIONS:
        raise ValueError(f"unknown activation {activation!r}, use one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[activation](np.einsum("bi,oi->bo", X, W) + b)


def neuron(x: np.ndarray, w: np.ndarray, b: float, activation: str) -> float:
    """One neuron for one sample: a layer of one, with a batch of one."""
    bias = np.array([b], dtype=x.dtype)
    return layer(x[None, :], w[None, :], bias, activation).item()
