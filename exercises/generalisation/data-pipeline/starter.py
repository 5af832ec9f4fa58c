from collections.abc import Iterator

import numpy as np


def standardise(train: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both arrays minus the mean and divided by the standard deviation of each feature, measured on train only.

    train (n, features) with n at least 1, other (m, features); both float32 or both float64, and so are the results. The standard deviation
    divides by n. A feature whose training values are all equal is only centred: it is divided by 1.
    """
    raise NotImplementedError("your turn")


def min_max(train: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both arrays, each feature shifted and scaled so that its training values reach from 0 to 1.

    Shapes and dtypes as in standardise. Values of other may fall outside [0, 1]; they are not clipped. A feature whose training values are
    all equal is only shifted: to 0 in train.
    """
    raise NotImplementedError("your turn")


def stratified_split(labels: np.ndarray, test_fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random row numbers (train, test) with about the share test_fraction of every class in the test set.

    labels: (n,) int64. Of a class with c rows the number of test rows differs from test_fraction * c by less than 1, and is at least 1 and at
    most c - 1. Every row is in exactly one of the two int64 arrays, in any order. The seed decides which rows; another seed chooses others.
    Raises ValueError if a class has a single row, and unless 0 < test_fraction < 1.
    """
    raise NotImplementedError("your turn")


def k_fold(n: int, k: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut into k pairs (train, validation) of int64 row numbers for cross-validation of n rows, shuffled by the seed.

    Every row is in exactly one validation part; train is all the others, in any order. The sizes of the validation parts differ by at most 1.
    Another seed gives other parts. Raises ValueError unless 2 <= k <= n.
    """
    raise NotImplementedError("your turn")


def batches(x: np.ndarray, y: np.ndarray, batch_size: int, seed: int, drop_last: bool = False) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The rows of x and y in random order, in pairs (x of the batch, y of the batch): one epoch. Any iterable will do.

    x (n, ...) and y (n, ...): row i of both belong together. All batches have batch_size rows except for the last one, which has what is left;
    with drop_last a last batch that is not full is left out. The seed decides the order; another seed gives another order.
    """
    raise NotImplementedError("your turn")
