import numpy as np

Layers = list[tuple[np.ndarray, np.ndarray]]


def collapse(layers: Layers) -> tuple[np.ndarray, np.ndarray]:
    """The one affine map (W, b) that does what the affine layers do one after another, without an activation.

    layers: at least one pair (W, b), the first to be applied first; W (n_out, n_in), b (n_out,), and a layer computes W x + b. n_in is the
    n_out of the layer before. All arrays are float64 or all are float32, and so is the result: W (last n_out, first n_in), b (last n_out,).
    The layers are left unchanged.
    """
    raise NotImplementedError("your turn")


def affine_piece(layers: Layers, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The affine map (W, b) that the network with relu between its layers is around x, so that W x + b is its output at x.

    layers: as in collapse; relu follows each of them except the last. x: (first n_in,), one sample of the same dtype. A unit whose sum is
    exactly 0 counts as off. Returns arrays like those of collapse; layers and x are left unchanged.
    """
    raise NotImplementedError("your turn")


def xor_weights() -> Layers:
    """A network 2-2-1 with relu after its first layer that computes XOR.

    Returns [(W1, b1), (W2, b2)], float64, of shapes (2, 2), (2,), (1, 2), (1,). For x in {(0, 0), (0, 1), (1, 0), (1, 1)},
    np.maximum(x @ W1.T + b1, 0) @ W2.T + b2 is 0, 1, 1, 0 exactly.
    """
    raise NotImplementedError("your turn")
