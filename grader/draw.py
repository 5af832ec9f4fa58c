"""Fresh inputs for a check: drawn from the run's seed, independent for each check and each of its cases."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

T = TypeVar("T")


class Draw:
    """Random inputs on the CPU, contiguous. The same seed and check give the same draws, whatever else runs."""

    def __init__(self, seed: int, check: str) -> None:
        digest = hashlib.sha256(f"{seed}:{check}".encode()).digest()
        self.generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
        self.numpy = np.random.default_rng(int.from_bytes(digest[8:24], "little"))

    def normal(self, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """Standard normal numbers."""
        return torch.randn(shape, generator=self.generator, dtype=torch.float64).to(dtype)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0, dtype: torch.dtype = torch.float32) -> Tensor:
        """Numbers spread evenly over [low, high)."""
        return (low + (high - low) * torch.rand(shape, generator=self.generator, dtype=torch.float64)).to(dtype)

    def integers(self, low: int, high: int, shape: Sequence[int] = ()) -> Tensor:
        """Integers in [low, high) as int64."""
        return torch.randint(low, high, tuple(shape), generator=self.generator)

    def boolean(self, *shape: int, p: float = 0.5) -> Tensor:
        """True with probability p."""
        return torch.rand(shape, generator=self.generator, dtype=torch.float64) < p

    def permutation(self, n: int) -> Tensor:
        """The numbers 0 … n-1 in random order as int64."""
        return torch.randperm(n, generator=self.generator)

    def choice(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[int(self.integers(0, len(options)))]
