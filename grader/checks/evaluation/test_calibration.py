"""The references are plain loops over samples and bins, and a ternary search for the temperature with F.cross_entropy."""

import math

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_between, assert_same

FLOAT32 = {"rtol": 1e-5, "atol": 1e-6}


def samples(draw, n, classes, n_bins, dtype=torch.float64, sharpness=2.0):
    """Probabilities and labels of an overconfident model; no confidence is so near an edge that rounding could move it over."""
    logits = sharpness * draw.normal(4 * n + 20, classes, dtype=torch.float64)
    labels = torch.multinomial((logits / 2).softmax(dim=1), 1, generator=draw.generator).squeeze(1)
    places = logits.softmax(dim=1).amax(dim=1) * n_bins
    clear = ((places - places.round()).abs() > 1e-3).nonzero().squeeze(1)[:n]
    return logits[clear].softmax(dim=1).to(dtype), labels[clear]


def reference_bins(probabilities, labels, n_bins):
    inside = [[] for _ in range(n_bins)]
    for row, label in zip(probabilities.tolist(), labels.tolist(), strict=True):
        confidence = max(row)
        inside[math.ceil(confidence * n_bins) - 1].append((confidence, row.index(confidence) == label))
    confidence = [sum(c for c, _ in pairs) / len(pairs) if pairs else 0.0 for pairs in inside]
    accuracy = [sum(right for _, right in pairs) / len(pairs) if pairs else 0.0 for pairs in inside]
    columns = [torch.tensor(column, dtype=probabilities.dtype) for column in (confidence, accuracy)]
    return (*columns, torch.tensor([len(pairs) for pairs in inside]))


def reference_error(probabilities, labels, n_bins):
    confidence, accuracy, count = reference_bins(probabilities.double(), labels, n_bins)
    return sum(n * abs(a - c) for c, a, n in zip(confidence.tolist(), accuracy.tolist(), count.tolist(), strict=True)) / len(labels)


def best_temperature(logits, labels):
    low, high = math.log(0.02), math.log(50)
    for _ in range(60):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        losses = [F.cross_entropy(logits.double() / math.exp(t), labels).item() for t in (left, right)]
        low, high = (low, right) if losses[0] < losses[1] else (left, high)
    return math.exp(low)


@pytest.mark.parametrize(("classes", "n_bins"), [(3, 10), (2, 5), (10, 4)])
def test_bins(answer, draw, classes, n_bins):
    """reliability_bins: confidence, accuracy and count
    reliability_bins：置信度、准确率与个数"""
    probabilities, labels = samples(draw, 60, classes, n_bins)
    expected = reference_bins(probabilities, labels, n_bins)
    assert_same(tuple(answer.reliability_bins(probabilities, labels, n_bins)), expected, f"reliability_bins(probabilities, labels, {n_bins})")


@pytest.mark.after("test_bins")
def test_bin_edges(answer):
    """reliability_bins: confidences on an edge
    reliability_bins：恰在边界上的置信度"""
    rows = [[1.0, 0.0, 0.0, 0.0], [0.5, 0.25, 0.25, 0.0], [0.125, 0.75, 0.125, 0.0], [0.25, 0.25, 0.25, 0.25], [0.0, 0.0, 0.0, 1.0]]
    probabilities, labels = torch.tensor(rows, dtype=torch.float64), torch.tensor([0, 1, 1, 0, 2])
    for n_bins in (4, 2, 1):
        expected = reference_bins(probabilities, labels, n_bins)
        assert_same(tuple(answer.reliability_bins(probabilities, labels, n_bins)), expected, f"reliability_bins(probabilities, labels, {n_bins})")


@pytest.mark.after("test_bins")
def test_bins_float32(answer, draw):
    """reliability_bins: ten bins by default, float32, one sample
    reliability_bins：默认十个箱，float32，单个样本"""
    for n in (40, 1):
        probabilities, labels = samples(draw, n, 4, 10, torch.float32)
        expected = reference_bins(probabilities, labels, 10)
        assert_same(tuple(answer.reliability_bins(probabilities, labels)), expected, "reliability_bins(probabilities, labels)", **FLOAT32)


def test_error(answer, draw):
    """expected_calibration_error
    期望校准误差"""
    for n, classes, n_bins in [(60, 3, 10), (30, 2, 7), (1, 4, 10)]:
        probabilities, labels = samples(draw, n, classes, n_bins)
        what = f"expected_calibration_error(probabilities, labels, {n_bins})"
        assert_same(answer.expected_calibration_error(probabilities, labels, n_bins), reference_error(probabilities, labels, n_bins), what)


@pytest.mark.after("test_error")
def test_error_of_extremes(answer, draw):
    """expected_calibration_error: sure and right, sure and wrong
    expected_calibration_error：很有把握且全对、全错"""
    probabilities = torch.eye(3, dtype=torch.float64)[draw.integers(0, 3, (12,))]
    labels = probabilities.argmax(dim=1)
    wrong = (labels + draw.integers(1, 3, (12,))) % 3
    assert_same(answer.expected_calibration_error(probabilities, labels), 0.0, "expected_calibration_error, sure and right")
    assert_same(answer.expected_calibration_error(probabilities, wrong), 1.0, "expected_calibration_error, sure and wrong")
    half = torch.where(torch.arange(12) < 6, labels, wrong)
    assert_same(answer.expected_calibration_error(probabilities, half), 0.5, "expected_calibration_error, sure and right in half of the cases")


@pytest.mark.after("test_error")
def test_error_float32(answer, draw):
    """expected_calibration_error: ten bins by default, float32
    expected_calibration_error：默认十个箱，float32"""
    probabilities, labels = samples(draw, 40, 5, 10, torch.float32)
    expected = reference_error(probabilities, labels, 10)
    assert_same(answer.expected_calibration_error(probabilities, labels), expected, "expected_calibration_error(probabilities, labels)", **FLOAT32)


def test_brier(answer, draw):
    """brier: all classes of all samples
    brier：所有样本的所有类别"""
    for n, classes in [(30, 3), (8, 2), (1, 6)]:
        probabilities, labels = samples(draw, n, classes, 10)
        terms = [(p - (c == label)) ** 2 for row, label in zip(probabilities.tolist(), labels.tolist(), strict=True) for c, p in enumerate(row)]
        assert_same(answer.brier(probabilities, labels), sum(terms) / n, "brier(probabilities, labels)")
        assert_same(answer.brier(probabilities.float(), labels), sum(terms) / n, "brier of float32", **FLOAT32)


def noisy(draw, n, classes, temperature, dtype=torch.float64):
    """Logits whose labels were drawn at about this temperature, and about as many of every class."""
    logits = 2 * draw.normal(n, classes, dtype=torch.float64)
    labels = torch.multinomial(logits.softmax(dim=1), 1, generator=draw.generator).squeeze(1)
    labels[:3] = logits[:3].argmin(dim=1)  # never separable: the best temperature is finite
    labels[3:30] = logits[3:30].argmax(dim=1)  # and never worse than guessing
    return (temperature * logits).to(dtype), labels


@pytest.mark.parametrize("temperature", [1.0, 4.0, 0.2, 0.06, 17.0])
def test_temperature(answer, draw, temperature):
    """fit_temperature: the least cross-entropy
    fit_temperature：交叉熵最小"""
    logits, labels = noisy(draw, 100, 4, 1.0)
    logits = temperature / best_temperature(logits, labels) * logits  # the best temperature grows with the logits
    # 1e-3 is what the statement allows
    assert_same(answer.fit_temperature(logits, labels), temperature, f"fit_temperature where {temperature:g} is best", rtol=1e-3)


@pytest.mark.after("test_temperature")
def test_temperature_of_large_logits(answer, draw):
    """fit_temperature: large logits, float32, another offset
    fit_temperature：大的 logits、float32、整体平移"""
    logits, labels = noisy(draw, 100, 3, 8.0, torch.float32)
    expected = best_temperature(logits, labels)
    shifted = logits + torch.linspace(-900.0, 900.0, 100)[:, None]
    # 1e-3 is what the statement allows
    assert_same(answer.fit_temperature(logits, labels), expected, "fit_temperature in float32", rtol=1e-3)
    assert_same(answer.fit_temperature(shifted, labels), best_temperature(shifted, labels), "fit_temperature, each row shifted", rtol=1e-3)


@pytest.mark.after("test_temperature", "test_error")
def test_report(answer, draw):
    """calibration_report: fitted here, measured there
    calibration_report：在留出集上拟合，在测试集上度量"""
    held_out, test = noisy(draw, 90, 3, 3.0), noisy(draw, 50, 3, 1.5)
    before, after, temperature = answer.calibration_report(*held_out, *test, 8)
    # 1e-3 is what the statement allows
    assert_same(temperature, best_temperature(*held_out), "calibration_report: T", rtol=1e-3)
    assert_same(before, reference_error(test[0].softmax(dim=1), test[1], 8), "calibration_report: before")
    assert_between(temperature, 0.05, 20.0, "calibration_report: T")
    assert_same(after, reference_error((test[0] / temperature).softmax(dim=1), test[1], 8), "calibration_report: after, with your T")
    before, _, _ = answer.calibration_report(*held_out, *test)
    assert_same(before, reference_error(test[0].softmax(dim=1), test[1], 10), "calibration_report: before, ten bins by default")
