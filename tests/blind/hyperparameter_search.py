# blind: passed at try 1
import math
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

Config = dict[str, Any]


def grid(space: dict[str, Sequence[Any]]) -> list[Config]:
    """All combinations of the values, one per name; the last name changes fastest."""
    return [dict(zip(space, values)) for values in product(*space.values())]


def sample(space: dict[str, tuple[Any, ...]], rng: np.random.Generator) -> Config:
    """One configuration drawn at random from rng, each name independently of the others."""
    config = {}
    for name, (kind, *args) in space.items():
        match kind:
            case "uniform":
                value = float(rng.uniform(*args))
            case "log":
                low, high = args
                drawn = math.exp(rng.uniform(math.log(low), math.log(high)))
                value = min(max(drawn, low), high)  # exp(log(low)) may miss low by a rounding
            case "int":
                low, high = args
                value = int(rng.integers(low, high, endpoint=True))
            case "choice":
                (values,) = args
                value = values[int(rng.integers(len(values)))]
            case _:
                raise ValueError(f"unknown kind of range: {kind!r}")
        config[name] = value
    return config


def search(objective: Callable[[Config], dict[str, float]], configs: Sequence[Config], budget: int) -> tuple[Config | None, float, int]:
    """(best configuration, its score, calls of objective), going through configs in order with at most budget calls."""
    best, best_score = None, -math.inf
    seen: list[Config] = []  # values may be unhashable, so no set
    for config in configs:
        if len(seen) >= budget:
            break
        if config in seen:
            continue
        seen.append(config)
        score = objective(config)["valid"]
        if math.isnan(score):
            continue
        if best is None or score > best_score:
            best, best_score = config, score
    return best, best_score, len(seen)


def grid_search(objective: Callable[[Config], dict[str, float]], space: dict[str, Sequence[Any]], budget: int) -> tuple[Config | None, float, int]:
    """Run search over the grid, in its order."""
    return search(objective, grid(space), budget)


def random_search(
    objective: Callable[[Config], dict[str, float]], space: dict[str, tuple[Any, ...]], budget: int, rng: np.random.Generator
) -> tuple[Config | None, float, int]:
    """Run search over budget samples of the space."""
    return search(objective, [sample(space, rng) for _ in range(budget)], budget)


def successive_halving(
    objective: Callable[[Config, int], float], configs: Sequence[Config], budget: int, start: int = 1, factor: int = 3
) -> tuple[Config, float, int]:
    """(best configuration, its score in the last round, resource spent)."""
    left = list(range(len(configs)))
    resource, spent = start, 0
    if len(left) * resource > budget:
        raise ValueError("the budget does not cover the first round")
    winner, top = left[0], math.nan
    while spent + len(left) * resource <= budget:
        scores = {i: objective(configs[i], resource) for i in left}
        spent += len(left) * resource
        # nan last, then by score, then by place in configs
        ranking = sorted(left, key=lambda i: (True, 0.0, i) if math.isnan(scores[i]) else (False, -scores[i], i))
        winner, top = ranking[0], scores[ranking[0]]
        if len(left) == 1:
            break
        left = sorted(ranking[: max(1, len(left) // factor)])
        resource *= factor
    return configs[winner], top, spent
