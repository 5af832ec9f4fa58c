# blind: passed at try 1
import math

import numpy as np


class EarlyStopping:
    """Watches one number per epoch and keeps a copy of the weights of the best epoch."""

    def __init__(self, patience: int = 5, min_delta: float = 0.0, mode: str = "min") -> None:
        if not patience >= 1:
            raise ValueError(f"patience must be at least 1, not {patience}")
        if not min_delta >= 0:
            raise ValueError(f"min_delta must be at least 0, not {min_delta}")
        if mode not in ("min", "max"):
            raise ValueError(f'mode must be "min" or "max", not {mode!r}')
        self.patience = patience
        self.min_delta = min_delta
        self.mode = mode
        self.best = math.inf if mode == "min" else -math.inf
        self.best_epoch: int | None = None
        self._epochs = 0
        self._waited = 0
        self._kept: dict[str, np.ndarray] | None = None

    def step(self, value: float, weights: dict[str, np.ndarray]) -> bool:
        epoch = self._epochs
        self._epochs += 1
        gain = self.best - value if self.mode == "min" else value - self.best
        if gain > self.min_delta:  # False for nan
            self.best, self.best_epoch, self._waited = float(value), epoch, 0
            self._kept = {name: array.copy() for name, array in weights.items()}
        else:
            self._waited += 1
        return self._waited >= self.patience

    def restore(self, weights: dict[str, np.ndarray]) -> None:
        if self._kept is None:
            raise RuntimeError("no epoch has brought an improvement yet")
        for name, array in self._kept.items():
            np.copyto(weights[name], array)
