"""The reference counts true and false positives and negatives of each class in plain loops; it agrees with sklearn.metrics."""

import numpy as np
import pytest

from grader.compare import assert_raises, assert_same

NAMES = ["precision", "recall", "f1"]


def labels(draw, n, n_classes, *, absent=()):
    """True and predicted labels; classes are of different size, and 0 is more often taken for others than the reverse."""
    y_true = np.minimum(draw.numpy.integers(0, n_classes, n), draw.numpy.integers(0, n_classes, n))
    y_pred = np.where(draw.numpy.random(n) < 0.5, y_true, draw.numpy.integers(0, n_classes, n))
    for k in absent:
        y_true[y_true == k], y_pred[y_pred == k] = 0, 1
    pairs = [(0, 1), (0, 1), (0, 2), (1, 0), (2, 2), (0, 0)]
    return np.append(y_true, [t for t, _ in pairs]), np.append(y_pred, [p for _, p in pairs])


def counts(y_true, y_pred, k):
    """True positives, false positives and false negatives of class k."""
    pairs = list(zip(y_true.tolist(), y_pred.tolist(), strict=True))
    return sum(t == k == p for t, p in pairs), sum(t != k == p for t, p in pairs), sum(t == k != p for t, p in pairs)


def ratio(name, tp, fp, fn):
    return {"precision": (tp, tp + fp), "recall": (tp, tp + fn), "f1": (2 * tp, 2 * tp + fp + fn)}[name]


def reference(name, y_true, y_pred, n_classes, *, average="macro", zero_division=0.0):
    each = [counts(y_true, y_pred, k) for k in range(n_classes)]
    ratios = [ratio(name, *three) for three in each]
    if average == "micro":
        return sum(above for above, _ in ratios) / sum(below for _, below in ratios)
    values = [above / below if below else zero_division for above, below in ratios]
    if average is None:
        return np.array(values, dtype=np.float64)
    weights = [1 if average == "macro" else tp + fn for tp, _, fn in each]
    return float(sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights))


def compare(answer, name, y_true, y_pred, n_classes, **settings):
    said = "".join(f", {key}={value!r}" for key, value in settings.items())
    actual = getattr(answer, name)(y_true, y_pred, n_classes, **settings)
    assert_same(actual, reference(name, y_true, y_pred, n_classes, **settings), f"{name}(y_true, y_pred, {n_classes}{said})")


def test_confusion_matrix(answer, draw):
    """confusion_matrix: true classes in rows
    confusion_matrix：行是真实类别"""
    for n, n_classes in [(30, 3), (40, 5), (1, 3)]:
        y_true, y_pred = labels(draw, n, n_classes)
        y_true[:1], y_pred[:1] = n_classes - 1, n_classes - 1
        expected = np.zeros((n_classes, n_classes), dtype=np.int64)
        for t, p in zip(y_true, y_pred, strict=True):
            expected[t, p] += 1
        assert_same(answer.confusion_matrix(y_true, y_pred, n_classes), expected, f"confusion_matrix(y_true, y_pred, {n_classes})")


@pytest.mark.after("test_confusion_matrix")
def test_confusion_matrix_of_absent_classes(answer, draw):
    """confusion_matrix: classes that do not occur
    confusion_matrix：没有出现的类别"""
    for n_classes, absent in [(5, (4,)), (6, (3, 5))]:
        y_true, y_pred = labels(draw, 20, n_classes, absent=absent)
        expected = np.array([[((y_true == t) & (y_pred == p)).sum() for p in range(n_classes)] for t in range(n_classes)])
        assert_same(answer.confusion_matrix(y_true, y_pred, n_classes), expected, f"confusion_matrix(y_true, y_pred, {n_classes})")
    one = np.array([1])
    assert_same(answer.confusion_matrix(one, one, 3), np.diag([0, 1, 0]), "confusion_matrix([1], [1], 3)")


def test_accuracy(answer, draw):
    """accuracy: the share that is right
    accuracy：预测正确的比例"""
    for n in (1, 7, 50):
        y_true, y_pred = labels(draw, n, 4)
        expected = sum(t == p for t, p in zip(y_true.tolist(), y_pred.tolist(), strict=True)) / len(y_true)
        assert_same(answer.accuracy(y_true, y_pred), expected, "accuracy(y_true, y_pred)")


@pytest.mark.after("test_confusion_matrix")
@pytest.mark.parametrize("name", NAMES)
def test_each_class(answer, draw, name):
    """precision, recall, f1 of each class
    每个类别的精确率、召回率与 F1"""
    for n_classes in (3, 5):
        y_true, y_pred = labels(draw, 30, n_classes)
        every = np.arange(n_classes)  # no class is without samples or predictions
        compare(answer, name, np.append(y_true, every), np.append(y_pred, every), n_classes, average=None)


@pytest.mark.after("test_each_class")
@pytest.mark.parametrize("name", NAMES)
def test_macro(answer, draw, name):
    """Macro average, the default
    宏平均，也是默认值"""
    y_true, y_pred = labels(draw, 40, 4)
    y_true, y_pred = np.append(y_true, np.arange(4)), np.append(y_pred, np.arange(4))
    compare(answer, name, y_true, y_pred, 4, average="macro")
    compare(answer, name, y_true, y_pred, 4)


@pytest.mark.after("test_each_class")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("average", ["weighted", "micro"])
def test_weighted_and_micro(answer, draw, name, average):
    """Weighted and micro average
    加权平均与微平均"""
    compare(answer, name, *labels(draw, 40, 4), 4, average=average)


@pytest.mark.after("test_macro", "test_weighted_and_micro")
@pytest.mark.parametrize("name", NAMES)
def test_zero_division(answer, draw, name):
    """Classes without samples or without predictions
    没有样本或没有预测的类别"""
    y_true, y_pred = labels(draw, 40, 3)
    y_true, y_pred = np.append(y_true, [0, 4, 4, 5]), np.append(y_pred, [3, 0, 1, 5])  # 3 only predicted, 4 only true, 6 neither
    for settings in ({}, {"zero_division": 1}, {"zero_division": 0.5}):
        for average in (None, "macro", "weighted", "micro"):
            compare(answer, name, y_true, y_pred, 7, average=average, **settings)


@pytest.mark.after("test_macro")
def test_refusals(answer, draw):
    """Unequal lengths, labels out of range, unknown averages
    长度不等、标签越界、未知的平均方式"""
    y_true, y_pred = labels(draw, 10, 4)
    for other in (y_pred[:-1], y_pred[:1]):
        assert_raises(ValueError, answer.accuracy, y_true, other)
        assert_raises(ValueError, answer.confusion_matrix, y_true, other, 4)
    for t, p in [(0, 4), (1, -1), (0, -1), (4, 3), (-1, 3)]:  # the first two could be counted elsewhere in the matrix
        assert_raises(ValueError, answer.confusion_matrix, np.append(y_true, t), np.append(y_pred, p), 4)
    for name in NAMES:
        assert_raises(ValueError, getattr(answer, name), y_true, y_pred[:-1], 4)
        assert_raises(ValueError, getattr(answer, name), np.append(y_true, 0), np.append(y_pred, 4), 4)
        for average in ("binary", "Macro"):
            assert_raises(ValueError, getattr(answer, name), y_true, y_pred, 4, average=average)
