"""Another right answer: counts for each distinct score, ranks instead of areas, and whole numbers as long as possible."""

from fractions import Fraction

import numpy as np


def table(y_true, scores):
    if len(set(y_true.tolist())) < 2:
        raise ValueError("one class")
    values, inverse = np.unique(scores, return_inverse=True)
    positives = np.bincount(inverse, weights=y_true, minlength=len(values)).astype(int)
    everyone = np.bincount(inverse, minlength=len(values))
    return values[::-1], positives[::-1], (everyone - positives)[::-1]


def roc_curve(y_true, scores):
    values, positives, negatives = table(y_true, scores)
    fpr, tpr, thresholds, seen = [0.0], [0.0], [float("inf")], [0, 0]
    for value, p, n in zip(values.tolist(), positives.tolist(), negatives.tolist(), strict=True):
        seen[0] += p
        seen[1] += n
        tpr.append(seen[0] / positives.sum())
        fpr.append(seen[1] / negatives.sum())
        thresholds.append(value)
    return np.array(fpr), np.array(tpr), np.array(thresholds)


def auc(y_true, scores):
    _, positives, negatives = table(y_true, scores)
    below = negatives.sum() - np.cumsum(negatives)
    won = int((positives * below).sum()) * 2 + int((positives * negatives).sum())
    return float(Fraction(won, 2 * int(positives.sum()) * int(negatives.sum())))


def average_precision(y_true, scores):
    _, positives, negatives = table(y_true, scores)
    found, taken, total = 0, 0, 0.0
    for p, n in zip(positives.tolist(), negatives.tolist(), strict=True):
        found, taken = found + p, taken + p + n
        total += p * found / taken
    return total / found


def best_threshold(y_true, scores):
    values, positives, negatives = table(y_true, scores)
    best, where, tp, fp = 0, float("inf"), 0, 0
    for value, p, n in zip(values.tolist(), positives.tolist(), negatives.tolist(), strict=True):
        tp, fp = tp + p, fp + n
        if tp * int(negatives.sum()) - fp * int(positives.sum()) > best:
            best, where = tp * int(negatives.sum()) - fp * int(positives.sum()), value
    return where
