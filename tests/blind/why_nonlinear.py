# blind: passed at try 1
import numpy as np

Layers = list[tuple[np.ndarray, np.ndarray]]


def collapse(layers: Layers) -> tuple[np.ndarray, np.ndarray]:
    """The one affine map (W, b) that does what the affine layers do one after another, without an activation."""
    first, _ = layers[0]
    inputs = first.shape[1]
    # [W | b] in one table: the columns are the images of the unit vectors, and of the origin
    table = np.eye(inputs, inputs + 1, dtype=first.dtype)
    for W, b in layers:
        table = W @ table
        table[:, -1] += b
    return table[:, :-1].copy(), table[:, -1].copy()


def affine_piece(layers: Layers, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The affine map (W, b) that the network with relu between its layers is around x."""
    *hidden, output = layers
    switched = []
    for W, b in hidden:
        sums = W @ x + b
        on = sums > 0
        switched.append((W * on[:, None], b * on))
        x = np.where(on, sums, 0)
    return collapse([*switched, output])


def xor_weights() -> Layers:
    """|x1 - x2| as relu(x1 - x2) + relu(x2 - x1)."""
    difference = np.array([[1.0, -1.0], [-1.0, 1.0]])
    return [(difference, np.zeros(2)), (np.ones((1, 2)), np.zeros(1))]
