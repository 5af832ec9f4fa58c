"""Sort the scores once, walk down from the highest, and take equal scores in one step: every curve is a count along the way."""

import numpy as np


def roc_curve(y_true: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rates of false and true positives at every threshold.

    y_true: (n,) int64, 1 for positive and 0 for negative samples. scores: (n,) float64, finite, higher means more positive; equal scores may
    occur. A sample counts as positive when its score is at least the threshold. Returns (fpr, tpr, thresholds), float64 arrays of equal length:
    thresholds are infinity, where nothing is positive, and then all distinct scores, falling; fpr[k] is the share of the negatives and
    tpr[k] that of the positives that count as positive at thresholds[k].
    If all samples are of one class: ValueError, here and in all functions below. Inputs are left unchanged.
    """
    tp, fp, thresholds = _counts(y_true, scores)
    return fp / fp[-1], tp / tp[-1], thresholds


def auc(y_true: np.ndarray, scores: np.ndarray) -> float:
    """The area under the ROC curve.

    It is the probability that a random positive scores higher than a random negative, where equal scores count as one half. O(n log n).
    """
    fpr, tpr, _ = roc_curve(y_true, scores)
    return float(np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1])) / 2)


def average_precision(y_true: np.ndarray, scores: np.ndarray) -> float:
    """The mean precision over the positives, as a sum of steps without interpolation.

    The sum over all distinct scores, falling, of (recall there - recall at the threshold before) * precision there; the first recall
    before is 0. O(n log n).
    """
    tp, fp, _ = _counts(y_true, scores)
    return float(np.sum(np.diff(tp) / tp[-1] * tp[1:] / (tp[1:] + fp[1:])))


def best_threshold(y_true: np.ndarray, scores: np.ndarray) -> float:
    """The threshold with the largest tpr - fpr (Youden's J) among those of roc_curve, infinity included; the highest of them if several are."""
    fpr, tpr, thresholds = roc_curve(y_true, scores)
    return float(thresholds[np.argmax(tpr - fpr)])


def _counts(y_true: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if y_true.min() == y_true.max():
        raise ValueError("samples of both classes are needed")
    order = np.argsort(-scores)
    y_true, scores = y_true[order], scores[order]
    last = np.flatnonzero(np.append(np.diff(scores) < 0, True))  # the last sample of each group of equal scores
    tp = np.cumsum(y_true)[last]
    fp = last + 1 - tp
    return np.append(0, tp), np.append(0, fp), np.append(np.inf, scores[last])
