import numpy as np


def confusion_matrix(y_true: np.ndarray, y_pred: np.ndarray, n_classes: int) -> np.ndarray:
    """How often each class was taken for each other.

    y_true, y_pred: (n,) int64, the true and the predicted class of each sample, from 0 to n_classes - 1; n is at least 1. Returns int64
    (n_classes, n_classes): entry [i, j] counts the samples of class i that were predicted as j. Unequal lengths and labels outside the
    range raise ValueError, here and in all functions below. Inputs are left unchanged.
    """
    raise NotImplementedError("your turn")


def accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """The share of samples whose prediction is right; there is no range of labels to check."""
    raise NotImplementedError("your turn")


def precision(
    y_true: np.ndarray, y_pred: np.ndarray, n_classes: int, *, average: str | None = "macro", zero_division: float = 0.0
) -> np.ndarray | float:
    """Of the samples predicted as a class, the share that are of this class.

    average: None gives the values of all classes, float64 (n_classes,); "macro" their plain mean, over all n_classes classes; "weighted" their
    mean with each class weighted by its number of true samples; "micro" the ratio of the sums over all classes of numerator and denominator.
    Any other raises ValueError. zero_division: the value of a class whose denominator is 0.
    """
    raise NotImplementedError("your turn")


def recall(
    y_true: np.ndarray, y_pred: np.ndarray, n_classes: int, *, average: str | None = "macro", zero_division: float = 0.0
) -> np.ndarray | float:
    """Of the samples of a class, the share predicted as this class. average and zero_division: as in precision."""
    raise NotImplementedError("your turn")


def f1(y_true: np.ndarray, y_pred: np.ndarray, n_classes: int, *, average: str | None = "macro", zero_division: float = 0.0) -> np.ndarray | float:
    """The harmonic mean of a class's precision and recall: 2 TP / (2 TP + FP + FN).

    average and zero_division: as in precision, with this numerator and denominator; the denominator is 0 only for a class that is
    neither true nor predicted anywhere.
    """
    raise NotImplementedError("your turn")
