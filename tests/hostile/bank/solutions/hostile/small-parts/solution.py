"""Small parts, honestly."""

import numpy as np
import torch
from torch import Tensor


def softmax(x: Tensor) -> Tensor:
    """exp(x) over its sum along the last dimension. Raises ValueError for a tensor without dimensions."""
    if x.dim() == 0:
        raise ValueError("softmax needs a dimension")
    e = (x - x.amax(-1, keepdim=True)).exp()
    return e / e.sum(-1, keepdim=True)


def softmax_(x: Tensor) -> None:
    """The same, in place."""
    x.copy_(softmax(x))


def positive(x: Tensor) -> Tensor:
    """Where x > 0, as booleans."""
    return x > 0


def running_sum(array: np.ndarray) -> np.ndarray:
    """Cumulative sum of a vector."""
    return np.cumsum(array)


def largest(score, n: int) -> int:
    """The number below n with the largest score."""
    return max(range(n), key=score)


def countdown(n: int):
    """n, n - 1, …, 1."""
    yield from range(n, 0, -1)


class Average:
    """A running mean."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def add(self, value: float) -> None:
        self.values.append(value)

    def mean(self) -> float:
        return sum(self.values) / len(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def state(self) -> dict[str, float]:
        return {"count": float(len(self.values)), "total": sum(self.values)}


right = softmax  # so that a cheat which redefines softmax can still return the right values
