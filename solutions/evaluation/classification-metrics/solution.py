"""Everything is in the confusion matrix: what was right is on its diagonal, what was claimed in its columns, what was true in its rows."""

import numpy as np


def confusion_matrix(y_true: np.ndarray, y_pred: np.ndarray, n_classes: int) -> np.ndarray:
    """How often each class was taken for each other.

    y_true, y_pred: (n,) int64, the true and the predicted class of each sample, from 0 to n_classes - 1; n is at least 1. Returns int64
    (n_classes, n_classes): entry [i, j] counts the samples of class i that were predicted as j. Unequal lengths and labels outside the
    range raise ValueError, here and in all functions below. Inputs are left unchanged.
    """
    if y_true.shape != y_pred.shape:
        raise ValueError(f"{len(y_true)} labels and {len(y_pred)} predictions")
    labels = np.concatenate([y_true, y_pred])
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(f"labels must lie between 0 and {n_classes - 1}")
    return np.bincount(n_classes * y_true + y_pred, minlength=n_classes**2).reshape(n_classes, n_classes)


def accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """The share of samples whose prediction is right; there is no range of labels to check."""
    if y_true.shape != y_pred.shape:
        raise ValueError(f"{len(y_true)} labels and {len(y_pred)} predictions")
    return np.mean(y_true == y_pred)


def precision(
    y_true: np.ndarray, y_pred: np.ndarray, n_classes: int, *, average: str | None = "macro", zero_division: float = 0.0
) -> np.ndarray | float:
    """Of the samples predicted as a class, the share that are of this class.

    average: None gives the values of all classes, float64 (n_classes,); "macro" their plain mean, over all n_classes classes; "weighted" their
    mean with each class weighted by its number of true samples; "micro" the ratio of the sums over all classes of numerator and denominator.
    Any other raises ValueError. zero_division: the value of a class whose denominator is 0.
    """
    right, claimed, actual = _counts(y_true, y_pred, n_classes)
    return _averaged(right, claimed, actual, average, zero_division)


def recall(
    y_true: np.ndarray, y_pred: np.ndarray, n_classes: int, *, average: str | None = "macro", zero_division: float = 0.0
) -> np.ndarray | float:
    """Of the samples of a class, the share predicted as this class. average and zero_division: as in precision."""
    right, _, actual = _counts(y_true, y_pred, n_classes)
    return _averaged(right, actual, actual, average, zero_division)


def f1(y_true: np.ndarray, y_pred: np.ndarray, n_classes: int, *, average: str | None = "macro", zero_division: float = 0.0) -> np.ndarray | float:
    """The harmonic mean of a class's precision and recall: 2 TP / (2 TP + FP + FN).

    average and zero_division: as in precision, with this numerator and denominator; the denominator is 0 only for a class that is
    neither true nor predicted anywhere.
    """
    right, claimed, actual = _counts(y_true, y_pred, n_classes)
    return _averaged(2 * right, claimed + actual, actual, average, zero_division)


def _counts(y_true: np.ndarray, y_pred: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    matrix = confusion_matrix(y_true, y_pred, n_classes)
    return matrix.diagonal(), matrix.sum(axis=0), matrix.sum(axis=1)


def _averaged(above: np.ndarray, below: np.ndarray, actual: np.ndarray, average: str | None, zero_division: float) -> np.ndarray | float:
    if average not in (None, "macro", "weighted", "micro"):
        raise ValueError(f"average must be None, 'macro', 'weighted' or 'micro', not {average!r}")
    if average == "micro":
        return above.sum() / below.sum()
    values = np.divide(above, below, out=np.full(len(below), zero_division, dtype=np.float64), where=below > 0)
    if average is None:
        return values
    return np.average(values, weights=actual if average == "weighted" else None)
