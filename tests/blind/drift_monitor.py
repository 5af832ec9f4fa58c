# blind: passed at try 1
import math

import numpy as np


def psi(reference: np.ndarray, current: np.ndarray, *, bins: int = 10, floor: float = 1e-4) -> float:
    """Population stability index of the current sample against the reference."""
    edges = np.quantile(reference, np.arange(1, bins) / bins)
    r, c = (
        np.maximum(np.bincount(np.searchsorted(edges, values, side="right"), minlength=bins) / len(values), floor)
        for values in (reference, current)
    )
    return float(((c - r) * np.log(c / r)).sum())


def ks_statistic(a: np.ndarray, b: np.ndarray) -> float:
    """Two-sample Kolmogorov-Smirnov statistic."""
    places = np.union1d(a, b)  # both shares are constant in between
    below_a, below_b = (np.searchsorted(np.sort(values), places, side="right") for values in (a, b))
    n, m = len(a), len(b)
    return int(np.abs(below_a * m - below_b * n).max()) / (n * m)


def ks_p_value(statistic: float, n: int, m: int) -> float:
    """The odds of such a statistic or a larger one, by the limit for large samples."""
    z = float(statistic) * math.sqrt(n * m / (n + m))
    if z < 0.2:
        return 1.0
    total = 0.0
    for k in range(1, 50):
        term = math.exp(-2 * (k * z) ** 2)
        total += term if k % 2 == 1 else -term
    return 2 * total


def cusum(stream: np.ndarray, mean: float, *, slack: float, threshold: float) -> list[int]:
    """Places in the stream where a shift of the mean, up or down, is reported."""
    alarms = []
    upper = lower = 0.0
    for place, value in enumerate(stream.tolist()):
        upper = max(0.0, upper + value - mean - slack)
        lower = max(0.0, lower + mean - value - slack)
        if max(upper, lower) > threshold:
            alarms.append(place)
            upper = lower = 0.0
    return alarms
