# blind: passed at try 1
import numpy as np


def same_length(y_true: np.ndarray, y_pred: np.ndarray) -> None:
    if len(y_true) != len(y_pred):
        raise ValueError(f"{len(y_true)} true labels, {len(y_pred)} predictions")


def confusion_matrix(y_true: np.ndarray, y_pred: np.ndarray, n_classes: int) -> np.ndarray:
    """Entry [i, j] counts the samples of class i that were predicted as j."""
    same_length(y_true, y_pred)
    for labels in (y_true, y_pred):
        if ((labels < 0) | (labels >= n_classes)).any():
            raise ValueError(f"labels must lie in 0, ..., {n_classes - 1}")
    counts = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(counts, (y_true, y_pred), 1)
    return counts


def accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """The share of samples whose prediction is right."""
    same_length(y_true, y_pred)
    return float((y_true == y_pred).mean())


def divide(numerator: np.ndarray, denominator: np.ndarray, zero_division: float) -> np.ndarray:
    result = np.full(np.shape(numerator), zero_division, dtype=np.float64)
    return np.divide(numerator, denominator, out=result, where=denominator > 0)


def averaged(
    numerator: np.ndarray, denominator: np.ndarray, support: np.ndarray, average: str | None, zero_division: float
) -> np.ndarray | float:
    """The ratios of all classes, or one of their averages; support is the number of true samples of each class."""
    if average == "micro":
        return float(divide(numerator.sum(), denominator.sum(), zero_division))
    values = divide(numerator, denominator, zero_division)
    if average is None:
        return values
    if average == "macro":
        return float(values.mean())
    if average == "weighted":
        return float(values @ support / support.sum())
    raise ValueError(f"unknown average: {average!r}")


def precision(
    y_true: np.ndarray, y_pred: np.ndarray, n_classes: int, *, average: str | None = "macro", zero_division: float = 0.0
) -> np.ndarray | float:
    """Of the samples predicted as a class, the share that are of this class."""
    m = confusion_matrix(y_true, y_pred, n_classes)
    return averaged(m.diagonal(), m.sum(axis=0), m.sum(axis=1), average, zero_division)


def recall(
    y_true: np.ndarray, y_pred: np.ndarray, n_classes: int, *, average: str | None = "macro", zero_division: float = 0.0
) -> np.ndarray | float:
    """Of the samples of a class, the share predicted as this class."""
    m = confusion_matrix(y_true, y_pred, n_classes)
    return averaged(m.diagonal(), m.sum(axis=1), m.sum(axis=1), average, zero_division)


def f1(y_true: np.ndarray, y_pred: np.ndarray, n_classes: int, *, average: str | None = "macro", zero_division: float = 0.0) -> np.ndarray | float:
    """2 TP / (2 TP + FP + FN); the denominator is the number of true plus the number of predicted samples of the class."""
    m = confusion_matrix(y_true, y_pred, n_classes)
    return averaged(2 * m.diagonal(), m.sum(axis=0) + m.sum(axis=1), m.sum(axis=1), average, zero_division)
