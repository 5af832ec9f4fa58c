# blind: passed at try 1
from collections.abc import Iterator

import numpy as np


def rescale(train: np.ndarray, other: np.ndarray, origin: np.ndarray, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(both - origin) / unit for each feature, in the dtype of train; features that are constant in train are only shifted."""
    constant = (train == train[0]).all(axis=0)
    unit = np.where(constant, 1.0, unit)
    return ((train - origin) / unit).astype(train.dtype), ((other - origin) / unit).astype(train.dtype)


def standardise(train: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both arrays minus the mean and divided by the standard deviation of each feature, measured on train only."""
    return rescale(train, other, train.mean(axis=0, dtype=np.float64), train.std(axis=0, dtype=np.float64))


def min_max(train: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both arrays, each feature shifted and scaled so that its training values reach from 0 to 1."""
    return rescale(train, other, train.min(axis=0), np.ptp(train, axis=0))


def stratified_split(labels: np.ndarray, test_fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random row numbers (train, test) with about the share test_fraction of every class in the test set."""
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction must lie between 0 and 1, not {test_fraction}")
    rng = np.random.default_rng(seed)
    in_test = np.zeros(len(labels), dtype=bool)
    for name, count in zip(*np.unique(labels, return_counts=True), strict=True):
        if count == 1:
            raise ValueError(f"class {name} has a single row, it cannot be in both parts")
        chosen = min(max(round(test_fraction * count), 1), count - 1)
        in_test[rng.choice(np.flatnonzero(labels == name), chosen, replace=False)] = True
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)


def k_fold(n: int, k: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut into k pairs (train, validation): each row draws the number of the fold that validates it."""
    if not 2 <= k <= n:
        raise ValueError(f"cannot cut {n} rows into {k} folds")
    fold = np.random.default_rng(seed).permutation(n) % k
    return [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(k)]


def batches(x: np.ndarray, y: np.ndarray, batch_size: int, seed: int, drop_last: bool = False) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The rows of x and y in random order, in pairs (x of the batch, y of the batch): one epoch."""
    order = np.random.default_rng(seed).permutation(len(x))
    end = len(x) - len(x) % batch_size if drop_last else len(x)
    for start in range(0, end, batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]
