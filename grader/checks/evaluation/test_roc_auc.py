"""The reference counts at every threshold, and compares every positive with every negative, in plain loops; it agrees with sklearn.metrics."""

import math

import numpy as np
import pytest

from grader.compare import assert_fast, assert_raises, assert_same

CASES = ["distinct", "ties", "two values", "all equal", "upside down", "perfect"]


def samples(draw, case, n=24):
    """Labels and scores; positives score higher on average, but not always. A third of them is positive."""
    y = (draw.numpy.permutation(n) < n // 3).astype(np.int64)
    scores = draw.numpy.normal(size=n) + y
    if case == "ties":
        scores = np.round(scores)
    elif case == "two values":
        scores = np.where(scores > 0.5, 0.75, -0.25)
        scores[:2] = 0.75, -0.25
    elif case == "all equal":
        scores = np.full(n, 0.3)
    elif case == "upside down":
        scores = np.round(scores - 3 * y, 1)
    elif case == "perfect":
        scores = scores + 100 * y
    return y, scores


def counts(y, scores, threshold):
    taken = [label for label, score in zip(y.tolist(), scores.tolist(), strict=True) if score >= threshold]
    return sum(taken), len(taken) - sum(taken)


def reference_roc(y, scores):
    thresholds = [math.inf, *sorted(set(scores.tolist()), reverse=True)]
    points = [counts(y, scores, t) for t in thresholds]
    positives = int(y.sum())
    fpr, tpr = [fp / (len(y) - positives) for _, fp in points], [tp / positives for tp, _ in points]
    return np.array(fpr), np.array(tpr), np.array(thresholds)


def reference_auc(y, scores):
    positives, negatives = scores[y == 1].tolist(), scores[y == 0].tolist()
    won = sum(1.0 if p > n else 0.5 if p == n else 0.0 for p in positives for n in negatives)
    return won / (len(positives) * len(negatives))


def reference_average_precision(y, scores):
    before, total = 0.0, 0.0
    for threshold in sorted(set(scores.tolist()), reverse=True):
        tp, fp = counts(y, scores, threshold)
        recall = tp / int(y.sum())
        total += (recall - before) * tp / (tp + fp)
        before = recall
    return total


@pytest.mark.parametrize("case", CASES)
def test_roc_curve(answer, draw, case):
    """roc_curve: a point for each distinct score
    roc_curve：每个不同的分数一个点"""
    y, scores = samples(draw, case)
    assert_same(tuple(answer.roc_curve(y, scores)), reference_roc(y, scores), f"roc_curve(y_true, scores), {case}")


@pytest.mark.after("test_roc_curve")
def test_small_and_large_scores(answer, draw):
    """roc_curve: scores of any size, two samples
    roc_curve：任意大小的分数，只有两个样本"""
    y, scores = samples(draw, "distinct")
    for factor in (1e-9, 1e9):
        assert_same(tuple(answer.roc_curve(y, factor * scores)), reference_roc(y, factor * scores), f"roc_curve(y_true, {factor:g} * scores)")
    pair = np.array([0, 1]), np.array([0.25, 0.125])
    assert_same(tuple(answer.roc_curve(*pair)), reference_roc(*pair), "roc_curve([0, 1], [0.25, 0.125])")


@pytest.mark.parametrize("case", CASES)
def test_auc(answer, draw, case):
    """auc: equal scores count one half
    auc：分数相同算一半"""
    y, scores = samples(draw, case)
    assert_same(answer.auc(y, scores), reference_auc(y, scores), f"auc(y_true, scores), {case}")


@pytest.mark.after("test_auc")
def test_auc_does_not_depend_on_the_order(answer, draw):
    """auc: samples in any order
    auc：与样本的次序无关"""
    scores = np.array([0.5] * 6 + [0.7] * 4)
    y = np.array([1, 1, 1, 0, 0, 0, 0, 1, 0, 1])
    for order in (np.arange(10), np.arange(10)[::-1], np.array([3, 4, 5, 0, 1, 2, 6, 8, 7, 9])):
        assert_same(answer.auc(y[order], scores[order]), reference_auc(y, scores), "auc(y_true[order], scores[order])")


@pytest.mark.parametrize("case", CASES)
def test_average_precision(answer, draw, case):
    """average_precision: a sum of steps
    average_precision：阶梯求和"""
    y, scores = samples(draw, case)
    assert_same(answer.average_precision(y, scores), reference_average_precision(y, scores), f"average_precision(y_true, scores), {case}")


def compare_threshold(answer, y, scores, what):
    fpr, tpr, thresholds = reference_roc(y, scores)
    assert_same(answer.best_threshold(y, scores), float(thresholds[int((tpr - fpr).argmax())]), f"best_threshold(y_true, scores), {what}")


@pytest.mark.parametrize("case", ["distinct", "ties", "two values", "perfect"])
def test_best_threshold(answer, draw, case):
    """best_threshold: the largest tpr - fpr
    best_threshold：tpr - fpr 最大"""
    for _ in range(2):
        y, scores = samples(draw, case, 48)  # 16 positives; of 32 negatives 16 stay, so that all rates are exact and ties are ties
        keep = np.sort(np.concatenate([np.flatnonzero(y == 1), np.flatnonzero(y == 0)[:16]]))
        compare_threshold(answer, y[keep], scores[keep], case)
    y, order = np.array([1, 1] + [0] * 6 + [1, 1] + [0] * 10), draw.numpy.permutation(20)
    compare_threshold(answer, y[order], (np.arange(20.0)[::-1] / 4)[order], "few positives")  # accuracy and F1 prefer another threshold


@pytest.mark.after("test_best_threshold")
def test_best_threshold_of_several(answer):
    """best_threshold: the highest of equals, and infinity
    best_threshold：并列时取最高的，也可能是无穷大"""
    compare_threshold(answer, np.array([1, 0, 1, 0, 1, 0, 1, 0]), np.arange(8.0)[::-1].copy(), "four equally good")
    compare_threshold(answer, np.array([0, 0, 1, 1]), np.array([0.9, 0.8, 0.2, 0.1]), "the wrong way round")
    compare_threshold(answer, np.array([1, 0]), np.array([0.5, 0.5]), "all equal")


def test_one_class_only(answer, draw):
    """Samples of one class only
    只有一个类别的样本"""
    scores = draw.numpy.normal(size=5)
    for y in (np.zeros(5, dtype=np.int64), np.ones(5, dtype=np.int64)):
        for name in ("roc_curve", "auc", "average_precision", "best_threshold"):
            assert_raises(ValueError, getattr(answer, name), y, scores)


@pytest.mark.after("test_auc_does_not_depend_on_the_order", "test_average_precision", "test_best_threshold", "test_small_and_large_scores")
def test_many_scores(answer, draw, worker):
    """300,000 scores
    300,000 个分数"""
    n = 300_000
    y = draw.numpy.integers(0, 2, n)
    grades = draw.numpy.integers(0, 100, n) + 20 * y
    positives, negatives = np.bincount(grades, weights=y, minlength=120)[::-1], np.bincount(grades, weights=1 - y, minlength=120)[::-1]
    below = negatives.sum() - negatives.cumsum()
    expected = float((positives * (below + negatives / 2)).sum() / (positives.sum() * negatives.sum()))
    precision = positives.cumsum() / (positives + negatives).cumsum()
    for name, value in (("auc", expected), ("average_precision", float((positives * precision).sum() / positives.sum()))):
        with worker.timed() as clock:
            actual = getattr(answer, name)(y, grades / 8)
        assert_same(actual, value, f"{name} of 300,000 scores")
        # some 0.05 s; the statement allows 2
        assert_fast(clock.seconds, 2.0, f"{name} of 300,000 scores")
