import numpy as np


def roc_curve(y_true: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rates of false and true positives at every threshold.

    y_true: (n,) int64, 1 for positive and 0 for negative samples. scores: (n,) float64, finite, higher means more positive; equal scores may
    occur. A sample counts as positive when its score is at least the threshold. Returns (fpr, tpr, thresholds), float64 arrays of equal length:
    thresholds are infinity, where nothing is positive, and then all distinct scores, falling; fpr[k] is the share of the negatives and
    tpr[k] that of the positives that count as positive at thresholds[k].
    If all samples are of one class: ValueError, here and in all functions below. Inputs are left unchanged.
    """
    raise NotImplementedError("your turn")


def auc(y_true: np.ndarray, scores: np.ndarray) -> float:
    """The area under the ROC curve.

    It is the probability that a random positive scores higher than a random negative, where equal scores count as one half. O(n log n).
    """
    raise NotImplementedError("your turn")


def average_precision(y_true: np.ndarray, scores: np.ndarray) -> float:
    """The mean precision over the positives, as a sum of steps without interpolation.

    The sum over all distinct scores, falling, of (recall there - recall at the threshold before) * precision there; the first recall
    before is 0. O(n log n).
    """
    raise NotImplementedError("your turn")


def best_threshold(y_true: np.ndarray, scores: np.ndarray) -> float:
    """The threshold with the largest tpr - fpr (Youden's J) among those of roc_curve, infinity included; the highest of them if several are."""
    raise NotImplementedError("your turn")
