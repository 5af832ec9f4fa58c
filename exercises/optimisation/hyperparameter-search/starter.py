import math
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

Config = dict[str, Any]


def grid(space: dict[str, Sequence[Any]]) -> list[Config]:
    """All combinations of the values, one per name; the last name changes fastest. Without names there is one: {}."""
    raise NotImplementedError("your turn")


def sample(space: dict[str, tuple[Any, ...]], rng: np.random.Generator) -> Config:
    """One configuration drawn at random from rng, each name independently of the others.

    A value of space is one of ("uniform", low, high): a float, evenly from low to high; ("log", low, high): a float whose logarithm is evenly
    distributed, 0 < low < high; ("int", low, high): an int, all from low to high equally likely, high included; ("choice", values): one of
    the values, all equally likely. Floats and ints are Python's own.
    """
    raise NotImplementedError("your turn")


def search(objective: Callable[[Config], dict[str, float]], configs: Sequence[Config], budget: int) -> tuple[Config | None, float, int]:
    """(best configuration, its score, calls of objective), going through configs in order with at most budget calls.

    objective(config) returns {"train": ..., "valid": ...}, scores of which larger is better; "valid" decides, the first one wins among equals,
    nan never does. A configuration equal to one before is not evaluated again and costs nothing. If nothing wins, the result is (None, -inf, calls).
    """
    raise NotImplementedError("your turn")


def grid_search(objective: Callable[[Config], dict[str, float]], space: dict[str, Sequence[Any]], budget: int) -> tuple[Config | None, float, int]:
    """Run search over the grid, in its order."""
    raise NotImplementedError("your turn")


def random_search(
    objective: Callable[[Config], dict[str, float]], space: dict[str, tuple[Any, ...]], budget: int, rng: np.random.Generator
) -> tuple[Config | None, float, int]:
    """Run search over budget samples of the space; when samples repeat, fewer calls are made."""
    raise NotImplementedError("your turn")


def successive_halving(
    objective: Callable[[Config, int], float], configs: Sequence[Config], budget: int, start: int = 1, factor: int = 3
) -> tuple[Config, float, int]:
    """(best configuration, its score in the last round, resource spent).

    A round evaluates all configurations that are left, objective(config, resource), each anew; larger is better. The first round has resource
    start. After a round with n > 1 configurations the best max(1, n // factor) go on, with factor times the resource; a round with one is the
    last. A round costs its number of configurations times its resource; one that would bring the sum above budget does not take place, and the
    best of the round before is returned. ValueError if not even the first fits. Among equal scores the earlier in configs is better; nan is
    worse than any number. configs: at least one, all different.
    """
    raise NotImplementedError("your turn")
