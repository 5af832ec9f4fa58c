"""Nothing that is measured on the data may come from rows that the model is judged on."""

from collections.abc import Iterator

import numpy as np


def standardise(train: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both arrays minus the mean and divided by the standard deviation of each feature, measured on train only.

    train (n, features) with n at least 1, other (m, features); both float32 or both float64, and so are the results. The standard deviation
    divides by n. A feature whose training values are all equal is only centred: it is divided by 1.
    """
    mean, spread = train.mean(axis=0), train.std(axis=0)
    spread[train.min(axis=0) == train.max(axis=0)] = 1
    return (train - mean) / spread, (other - mean) / spread


def min_max(train: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both arrays, each feature shifted and scaled so that its training values reach from 0 to 1.

    Shapes and dtypes as in standardise. Values of other may fall outside [0, 1]; they are not clipped. A feature whose training values are
    all equal is only shifted: to 0 in train.
    """
    low = train.min(axis=0)
    spread = train.max(axis=0) - low
    spread[spread == 0] = 1
    return (train - low) / spread, (other - low) / spread


def stratified_split(labels: np.ndarray, test_fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random row numbers (train, test) with about the share test_fraction of every class in the test set.

    labels: (n,) int64. Of a class with c rows the number of test rows differs from test_fraction * c by less than 1, and is at least 1 and at
    most c - 1. Every row is in exactly one of the two int64 arrays, in any order. The seed decides which rows; another seed chooses others.
    Raises ValueError if a class has a single row, and unless 0 < test_fraction < 1.
    """
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction must lie between 0 and 1, not {test_fraction}")
    rng = np.random.default_rng(seed)
    train, test = [], []
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        if len(rows) < 2:
            raise ValueError(f"class {label} has a single row: it cannot be in both parts")
        count = min(max(round(test_fraction * len(rows)), 1), len(rows) - 1)
        test.append(rows[:count])
        train.append(rows[count:])
    return np.concatenate(train), np.concatenate(test)


def k_fold(n: int, k: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut into k pairs (train, validation) of int64 row numbers for cross-validation of n rows, shuffled by the seed.

    Every row is in exactly one validation part; train is all the others, in any order. The sizes of the validation parts differ by at most 1.
    Another seed gives other parts. Raises ValueError unless 2 <= k <= n.
    """
    if not 2 <= k <= n:
        raise ValueError(f"k must lie between 2 and the number of rows, not {k}")
    parts = np.array_split(np.random.default_rng(seed).permutation(n), k)
    return [(np.concatenate(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(k)]


def batches(x: np.ndarray, y: np.ndarray, batch_size: int, seed: int, drop_last: bool = False) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The rows of x and y in random order, in pairs (x of the batch, y of the batch): one epoch. Any iterable will do.

    x (n, ...) and y (n, ...): row i of both belong together. All batches have batch_size rows except for the last one, which has what is left;
    with drop_last a last batch that is not full is left out. The seed decides the order; another seed gives another order.
    """
    order = np.random.default_rng(seed).permutation(len(x))
    end = len(x) - len(x) % batch_size if drop_last else len(x)
    for start in range(0, end, batch_size):
        chosen = order[start : start + batch_size]
        yield x[chosen], y[chosen]
