import math

import numpy as np


class EarlyStopping:
    """Watches one number per epoch, such as the validation loss, and keeps a copy of the weights of the best epoch.

    Attributes: best, the best value so far (before the first improvement inf in mode "min", -inf in mode "max"); best_epoch, its number, the
    first call of step being epoch 0 (None before the first improvement).
    """

    def __init__(self, patience: int = 5, min_delta: float = 0.0, mode: str = "min") -> None:
        """patience: at least 1. min_delta: at least 0. mode: "min" (smaller is better) or "max". Anything else raises ValueError."""
        raise NotImplementedError("your turn")

    def step(self, value: float, weights: dict[str, np.ndarray]) -> bool:
        """Take note of an epoch; True when training should stop.

        An epoch is an improvement when value is better than best by more than min_delta; nan never is. Then best, best_epoch and a copy of
        the weights are renewed, and waiting begins anew. It is time to stop when patience epochs in a row have brought no improvement.
        weights: names and arrays, which training will go on changing in place; they are left unchanged.
        """
        raise NotImplementedError("your turn")

    def restore(self, weights: dict[str, np.ndarray]) -> None:
        """Write the weights of the best epoch into the arrays given, in place; they have the same names, shapes and dtypes.

        May be called several times, and training may go on afterwards: what is kept does not change. RuntimeError before the first improvement.
        """
        raise NotImplementedError("your turn")
