"""Keep the weights of the best epoch, and stop when hoping for a better one has lasted too long."""

import math

import numpy as np


class EarlyStopping:
    """Watches one number per epoch, such as the validation loss, and keeps a copy of the weights of the best epoch.

    Attributes: best, the best value so far (before the first improvement inf in mode "min", -inf in mode "max"); best_epoch, its number, the
    first call of step being epoch 0 (None before the first improvement).
    """

    def __init__(self, patience: int = 5, min_delta: float = 0.0, mode: str = "min") -> None:
        """patience: at least 1. min_delta: at least 0. mode: "min" (smaller is better) or "max". Anything else raises ValueError."""
        if patience < 1 or min_delta < 0 or mode not in ("min", "max"):
            raise ValueError(f"no such early stopping: {patience=}, {min_delta=}, {mode=}")
        self.patience, self.min_delta, self.mode = patience, min_delta, mode
        self.best = math.inf if mode == "min" else -math.inf
        self.best_epoch: int | None = None
        self._epoch = -1
        self._waited = 0
        self._weights: dict[str, np.ndarray] = {}

    def step(self, value: float, weights: dict[str, np.ndarray]) -> bool:
        """Take note of an epoch; True when training should stop.

        An epoch is an improvement when value is better than best by more than min_delta; nan never is. Then best, best_epoch and a copy of
        the weights are renewed, and waiting begins anew. It is time to stop when patience epochs in a row have brought no improvement.
        weights: names and arrays, which training will go on changing in place; they are left unchanged.
        """
        self._epoch += 1
        gain = self.best - value if self.mode == "min" else value - self.best
        if gain > self.min_delta:
            self.best, self.best_epoch, self._waited = value, self._epoch, 0
            self._weights = {name: array.copy() for name, array in weights.items()}
        else:
            self._waited += 1
        return self._waited >= self.patience

    def restore(self, weights: dict[str, np.ndarray]) -> None:
        """Write the weights of the best epoch into the arrays given, in place; they have the same names, shapes and dtypes.

        May be called several times, and training may go on afterwards: what is kept does not change. RuntimeError before the first improvement.
        """
        if self.best_epoch is None:
            raise RuntimeError("no epoch was an improvement yet")
        for name, array in self._weights.items():
            weights[name][...] = array
