"""A search spends a budget: try everything, try at random, or try much a little and the promising few thoroughly."""

import math
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

Config = dict[str, Any]  # given


def grid(space: dict[str, Sequence[Any]]) -> list[Config]:
    """All combinations of the values, one per name; the last name changes fastest. Without names there is one: {}."""
    return [dict(zip(space, values, strict=True)) for values in product(*space.values())]


def sample(space: dict[str, tuple[Any, ...]], rng: np.random.Generator) -> Config:
    """One configuration drawn at random from rng, each name independently of the others.

    A value of space is one of ("uniform", low, high): a float, evenly from low to high; ("log", low, high): a float whose logarithm is evenly
    distributed, 0 < low < high; ("int", low, high): an int, all from low to high equally likely, high included; ("choice", values): one of
    the values, all equally likely. Floats and ints are Python's own.
    """
    config: Config = {}
    for name, (kind, *limits) in space.items():
        if kind == "uniform":
            config[name] = rng.uniform(*limits)
        elif kind == "log":
            config[name] = math.exp(rng.uniform(math.log(limits[0]), math.log(limits[1])))
        elif kind == "int":
            config[name] = int(rng.integers(limits[0], limits[1], endpoint=True))
        else:
            config[name] = limits[0][rng.integers(len(limits[0]))]
    return config


def search(objective: Callable[[Config], dict[str, float]], configs: Sequence[Config], budget: int) -> tuple[Config | None, float, int]:
    """(best configuration, its score, calls of objective), going through configs in order with at most budget calls.

    objective(config) returns {"train": ..., "valid": ...}, scores of which larger is better; "valid" decides, the first one wins among equals,
    nan never does. A configuration equal to one before is not evaluated again and costs nothing. If nothing wins, the result is (None, -inf, calls).
    """
    best, best_score, tried = None, -math.inf, []
    for config in configs:
        if config in tried:
            continue
        if len(tried) == budget:
            break
        tried.append(config)
        score = objective(config)["valid"]
        if score > best_score:
            best, best_score = config, score
    return best, best_score, len(tried)


def grid_search(objective: Callable[[Config], dict[str, float]], space: dict[str, Sequence[Any]], budget: int) -> tuple[Config | None, float, int]:
    """Run search over the grid, in its order."""
    return search(objective, grid(space), budget)


def random_search(
    objective: Callable[[Config], dict[str, float]], space: dict[str, tuple[Any, ...]], budget: int, rng: np.random.Generator
) -> tuple[Config | None, float, int]:
    """Run search over budget samples of the space; when samples repeat, fewer calls are made."""
    return search(objective, [sample(space, rng) for _ in range(budget)], budget)


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
    alive, resource, spent = configs, start, 0
    if len(alive) * resource > budget:
        raise ValueError(f"{len(alive)} configurations with resource {resource} do not fit into {budget}")
    while spent + len(alive) * resource <= budget:
        scores = [objective(config, resource) for config in alive]
        spent += len(alive) * resource
        ranks = sorted(range(len(alive)), key=lambda i: (not math.isnan(scores[i]), scores[i]), reverse=True)
        best, best_score = alive[ranks[0]], scores[ranks[0]]
        if len(alive) == 1:
            break
        alive = [alive[i] for i in sorted(ranks[: max(1, len(alive) // factor)])]
        resource *= factor
    return best, best_score, spent
