"""The references are slow loops over bins and steps, and the series of Kolmogorov (as in scipy.stats.kstwobign)."""

import math

import numpy as np
import pytest

from grader.compare import assert_same, assert_true


def shares_in_bins(sample, edges):
    counts = [0] * (len(edges) + 1)
    for x in sample:
        counts[sum(bool(edge <= x) for edge in edges)] += 1
    return [count / len(sample) for count in counts]


def reference_psi(reference, current, bins=10, floor=1e-4):
    edges = [float(np.quantile(reference, k / bins)) for k in range(1, bins)]
    pairs = zip(shares_in_bins(reference, edges), shares_in_bins(current, edges), strict=True)
    return sum((max(c, floor) - max(r, floor)) * math.log(max(c, floor) / max(r, floor)) for r, c in pairs)


def normal(draw, n, mean=0.0, scale=1.0):
    return mean + scale * draw.numpy.standard_normal(n)


def a_float(value, what):
    assert_true(isinstance(value, float) and not isinstance(value, np.generic), what, f"it is no float: {value!r}", f"它不是浮点数：{value!r}")


# 98, 58, 83: no quantile k / bins falls on a value, so that the rounding of k / bins cannot move one into another bin
@pytest.mark.parametrize(("n", "m", "settings"), [(98, 70, {}), (58, 131, {"bins": 4}), (83, 50, {"bins": 5, "floor": 0.01}), (98, 9, {"bins": 2})])
def test_psi(answer, draw, n, m, settings):
    """psi: a shifted and stretched sample
    psi：平移并拉伸的样本"""
    reference, current = normal(draw, n), normal(draw, m, 0.4, 1.3)
    value = answer.psi(reference, current, **settings)
    a_float(value, "psi(reference, current)")
    assert_same(value, reference_psi(reference, current, **settings), f"psi(reference, current, {settings})")


@pytest.mark.after("test_psi")
def test_psi_of_empty_bins(answer, draw):
    """psi: empty bins, and values beyond the reference
    psi：空箱，以及超出参照范围的值"""
    reference = normal(draw, 98)
    for current in (reference.max() + 1 + draw.numpy.random(20), reference.min() - 1 - draw.numpy.random(20), reference[:3] / 10):
        assert_same(answer.psi(reference, current), reference_psi(reference, current), "psi(reference, current) with empty bins")


@pytest.mark.after("test_psi")
def test_psi_of_ties(answer, draw):
    """psi: values on the edges
    psi：落在边界上的值"""
    reference, current = draw.numpy.integers(0, 4, 98), draw.numpy.integers(0, 5, 60)
    assert_same(answer.psi(reference, current, bins=4), reference_psi(reference, current, 4), "psi(reference, current, bins=4) of integers")


def reference_statistic(a, b):
    return max(abs(float(np.mean(a <= t)) - float(np.mean(b <= t))) for t in [*a, *b])


@pytest.mark.parametrize(("n", "m"), [(30, 30), (12, 50), (1, 7)])
def test_ks_statistic(answer, draw, n, m):
    """ks_statistic: shifts up and down
    ks_statistic：向上与向下的偏移"""
    for shift, scale in ((0.8, 1.0), (-0.8, 1.0), (0.0, 3.0)):
        a, b = normal(draw, n), normal(draw, m, shift, scale)
        value = answer.ks_statistic(a, b)
        a_float(value, "ks_statistic(a, b)")
        assert_same(value, reference_statistic(a, b), "ks_statistic(a, b)")


@pytest.mark.after("test_ks_statistic")
def test_ks_statistic_of_ties(answer, draw):
    """ks_statistic: ties within and between the samples
    ks_statistic：样本内部与样本之间的相同值"""
    same = draw.numpy.permutation(np.repeat(np.arange(4), [3, 1, 5, 2]))
    assert_same(answer.ks_statistic(same, same[::-1]), 0.0, "ks_statistic of equal samples")
    for a, b in ((draw.numpy.integers(0, 3, 25), draw.numpy.integers(0, 4, 40)), (np.array([1, 1, 2]), np.array([1, 2, 2]))):
        assert_same(answer.ks_statistic(a, b), reference_statistic(a, b), "ks_statistic of integers")


def series(z):
    return 1.0 if z < 0.2 else 2 * math.fsum((-1) ** (k - 1) * math.exp(-2 * (k * z) ** 2) for k in range(1, 100))


@pytest.mark.parametrize(("n", "m"), [(50, 80), (7, 1000), (400, 400)])
def test_ks_p_value(answer, n, m):
    """ks_p_value: the series, from small to large
    ks_p_value：级数，从小到大"""
    for statistic in (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.001, 0.0):
        value = answer.ks_p_value(statistic, n, m)
        a_float(value, "ks_p_value(statistic, n, m)")
        assert_same(value, series(statistic * math.sqrt(n * m / (n + m))), f"ks_p_value({statistic:g}, {n}, {m})", rtol=1e-7)


def reference_alarms(stream, mean, slack, threshold):
    alarms, start = [], 0
    for place in range(len(stream)):
        # The highest sum of a stretch that ends here and begins after the last alarm: the same as adding up from 0 with a floor at 0.
        ends = [stream[begin : place + 1] - mean for begin in range(start, place + 1)]
        if max(max(float(np.sum(sign * part - slack)) for part in ends) for sign in (1, -1)) > threshold:
            alarms.append(place)
            start = place + 1
    return alarms


@pytest.mark.parametrize("shift", [2.0, -2.0])
def test_cusum(answer, draw, shift):
    """cusum: a shift of the mean, up or down
    cusum：均值向上或向下偏移"""
    stream = 10 + np.concatenate([normal(draw, 30), normal(draw, 25, shift)])
    assert_same(list(answer.cusum(stream, 10.0, slack=0.5, threshold=4.0)), reference_alarms(stream, 10.0, 0.5, 4.0), "cusum(stream, 10.0, ...)")
    assert_same(list(answer.cusum(stream[:0], 10.0, slack=0.5, threshold=4.0)), [], "cusum of an empty stream")


@pytest.mark.after("test_cusum")
def test_cusum_step_by_step(answer):
    """cusum: floor, threshold and a new beginning
    cusum：下限、阈值与重新开始"""
    stream = np.array([-9.0, 3.0, 3.0, 1.0, 3.0, 3.0, 3.0, 0.0, -4.0, -4.0])
    # upper sums with slack 1: 0, 2, 4, 4, 6 -> alarm at 4, then 2, 4, 3, 0, 0; lower: 8 -> alarm at 0, ..., 3, 6 -> alarm at 9
    assert_same(list(answer.cusum(stream, 0.0, slack=1.0, threshold=4.0)), [0, 4, 9], "cusum, slack 1, threshold 4")
    assert_same(list(answer.cusum(stream[1:4], 0.0, slack=1.0, threshold=4.0)), [], "cusum, a sum of exactly the threshold")
    assert_same(list(answer.cusum(np.array([4.0, -4.0, 4.0, 4.0]), 0.0, slack=0.0, threshold=7.0)), [3], "cusum, up and down")
