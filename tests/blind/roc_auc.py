# blind: passed at try 1
import numpy as np


def counts(y_true: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(false positives, true positives, thresholds) from infinity down; the last counts are those of all negatives and all positives."""
    distinct, place = np.unique(scores, return_inverse=True)
    by_class = [np.bincount(place[y_true == label], minlength=len(distinct)) for label in (0, 1)]
    if not all(c.any() for c in by_class):
        raise ValueError("both classes are needed")
    fp, tp = (np.concatenate(([0], np.cumsum(c[::-1]))) for c in by_class)
    return fp, tp, np.concatenate(([np.inf], distinct[::-1]))


def roc_curve(y_true: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rates of false and true positives at every threshold.

    y_true: (n,) int64, 1 for positive and 0 for negative samples. scores: (n,) float64, finite, higher means more positive; equal scores may
    occur. A sample counts as positive when its score is at least the threshold. Returns (fpr, tpr, thresholds), float64 arrays of equal length:
    thresholds are infinity, where nothing is positive, and then all distinct scores, falling; fpr[k] is the share of the negatives and
    tpr[k] that of the positives that count as positive at thresholds[k].
    If all samples are of one class: ValueError, here and in all functions below. Inputs are left unchanged.
    """
    fp, tp, thresholds = counts(y_true, scores)
    return fp / fp[-1], tp / tp[-1], thresholds


def auc(y_true: np.ndarray, scores: np.ndarray) -> float:
    """The area under the ROC curve.

    It is the probability that a random positive scores higher than a random negative, where equal scores count as one half. O(n log n).
    """
    fpr, tpr, _ = roc_curve(y_true, scores)
    heights = (tpr[1:] + tpr[:-1]) / 2
    return float(np.diff(fpr) @ heights)


def average_precision(y_true: np.ndarray, scores: np.ndarray) -> float:
    """The mean precision over the positives, as a sum of steps without interpolation.

    The sum over all distinct scores, falling, of (recall there - recall at the threshold before) * precision there; the first recall
    before is 0. O(n log n).
    """
    fp, tp, _ = counts(y_true, scores)
    precision = tp[1:] / (tp[1:] + fp[1:])
    return float(np.diff(tp) @ precision / tp[-1])


def best_threshold(y_true: np.ndarray, scores: np.ndarray) -> float:
    """The threshold with the largest tpr - fpr (Youden's J) among those of roc_curve, infinity included; the highest of them if several are."""
    fp, tp, thresholds = counts(y_true, scores)
    # tp / P - fp / N, times P N: integers, so that equal ones are equal
    return float(thresholds[np.argmax(tp * fp[-1] - fp * tp[-1])])
