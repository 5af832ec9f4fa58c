"""The references are generated curves whose cause is known, the six rules as a slow loop, and the exact decomposition of squared error."""

import statistics

import numpy as np
import pytest

from grader.compare import assert_same, assert_true

EPOCHS = 40


def medians(curve, window=5):
    return [statistics.median(curve[max(0, i - window + 1) : i + 1]) for i in range(len(curve))]


def expected(train, validation, chance):
    """The rules, word by word."""
    for epoch, pair in enumerate(zip(train, validation, strict=True)):
        if not all(np.isfinite(loss) for loss in pair):
            return "diverges", epoch
    first, second = medians(train.tolist()), medians(validation.tolist())
    if first[-1] > first[0]:
        return "diverges", first.index(min(first))
    if 2 * second[-1] < first[-1]:
        return "leak", None
    if 2 * first[-1] > chance:
        return "underfits", None
    return "overfits" if second[-1] > 1.1 * min(second) else "fits", second.index(min(second))


def noise(draw, size=0.02):
    return 1 + size * draw.uniform(EPOCHS, low=-1.0, high=1.0).double().numpy()


def falling(draw, end, pace=6.0):
    """From about 2.3 down to end."""
    return end + (2.3 - end) * np.exp(-np.arange(EPOCHS) / pace)


def compare(answer, train, validation, verdict, what, chance=2.3):
    right = expected(train, validation, chance)
    if right[0] != verdict:
        raise AssertionError(f"the curve was meant to be {verdict}, not {right}")
    assert_same(answer.diagnose(train, validation, chance), right, f"diagnose(train, validation, chance), {what}")


@pytest.mark.parametrize("window", [5, 1, 2, 7, 30])
def test_smooth(answer, draw, window):
    """smooth: the median of the last entries
    smooth：最近若干项的中位数"""
    curve = draw.normal(12).double().numpy()
    found = answer.smooth(curve) if window == 5 else answer.smooth(curve, window)
    assert_same(found, np.array(medians(curve.tolist(), window)), f"smooth(curve, window={window})")
    assert_same(answer.smooth(curve[:1], window), curve[:1], "smooth of a single entry")


@pytest.mark.after("test_smooth")
def test_fits(answer, draw):
    """diagnose: curves that fall together
    diagnose：一起下降的曲线"""
    train = falling(draw, 0.2) * noise(draw)
    compare(answer, train, (1.05 * falling(draw, 0.2) + 0.05) * noise(draw), "fits", "both fall")
    train, validation = falling(draw, 0.2, 3.0), falling(draw, 0.3, 3.0)
    train[-7:] *= 1.05
    validation[-7:] *= 1.05
    compare(answer, train, validation, "fits", "both end 5 % above their lowest")
    steady = falling(draw, 0.5, 3.0)
    compare(answer, falling(draw, 0.02) * noise(draw), steady * noise(draw), "fits", "a wide gap, but validation never rises")


@pytest.mark.after("test_smooth")
def test_overfits(answer, draw):
    """diagnose: validation turns upwards
    diagnose：验证损失掉头向上"""
    for turn in (8, 15, 25):
        rise = np.maximum(np.arange(EPOCHS) - turn, 0) * 0.05
        compare(answer, falling(draw, 0.05) * noise(draw), (falling(draw, 0.3, 4.0) + rise) * noise(draw), "overfits", f"turning after epoch {turn}")
    # a narrow gap at the end: training has risen with validation
    rise = np.maximum(np.arange(EPOCHS) - 10, 0) * 0.02
    compare(answer, (falling(draw, 0.3, 3.0) + rise) * noise(draw), (falling(draw, 0.35, 3.0) + rise) * noise(draw), "overfits", "no gap at the end")


@pytest.mark.after("test_smooth")
def test_underfits(answer, draw):
    """diagnose: training stays near chance
    diagnose：训练损失停在随机水平附近"""
    for end in (1.4, 2.0):
        compare(answer, falling(draw, end) * noise(draw), (falling(draw, end) + 0.1) * noise(draw), "underfits", f"training ends at {end}")
    rise = np.arange(EPOCHS) * 0.05
    compare(answer, falling(draw, 1.5) * noise(draw), (falling(draw, 1.5) + rise) * noise(draw), "underfits", "and validation rises")


@pytest.mark.after("test_smooth")
def test_diverges(answer, draw):
    """diagnose: training ends above its start
    diagnose：训练损失终点高于起点"""
    rise = np.maximum(np.arange(EPOCHS) - 20, 0) ** 2 * 0.02
    compare(answer, (falling(draw, 0.4) + rise) * noise(draw), (falling(draw, 0.4) + rise) * noise(draw), "diverges", "training rises")
    compare(answer, (falling(draw, 0.4) + rise) * noise(draw), (falling(draw, 0.4) + 0.1) * noise(draw), "diverges", "only training rises")


@pytest.mark.after("test_smooth")
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite(answer, draw, bad):
    """diagnose: nan and infinity
    diagnose：nan 与无穷"""
    for curve in range(2):
        curves = [falling(draw, 0.2) * noise(draw), falling(draw, 0.3) * noise(draw)]
        epoch = int(draw.integers(3, 30))
        curves[curve][epoch] = bad
        curves[1 - curve][epoch + 4] = bad
        compare(answer, *curves, "diverges", f"{bad} in {('train', 'validation')[curve]}")


@pytest.mark.after("test_fits")
def test_spikes(answer, draw):
    """diagnose: one spike is noise
    diagnose：单个尖峰只是噪声"""
    for places in ([39], [20, 38], [38, 39]):
        train, validation = falling(draw, 0.2) * noise(draw), (falling(draw, 0.2) + 0.05) * noise(draw)
        train[places], validation[places] = 50.0, 90.0
        compare(answer, train, validation, "fits", f"spikes at the epochs {places}")
    train, validation = falling(draw, 0.2) * noise(draw), (falling(draw, 0.2) + 0.1) * noise(draw)
    validation[[12, 39]] = 0.001
    compare(answer, train, validation, "fits", "two epochs of luck")


@pytest.mark.after("test_smooth")
def test_leak(answer, draw):
    """diagnose: validation far below training
    diagnose：验证损失远低于训练损失"""
    compare(answer, falling(draw, 0.5) * noise(draw), 0.45 * falling(draw, 0.5) * noise(draw), "leak", "validation far lower")
    compare(answer, falling(draw, 1.8) * noise(draw), 0.3 * falling(draw, 1.8) * noise(draw), "leak", "validation far lower, training high")
    compare(answer, falling(draw, 0.5) * noise(draw), 0.8 * falling(draw, 0.5) * noise(draw), "fits", "validation a little lower, as with dropout")
    rise = np.maximum(np.arange(EPOCHS) - 10, 0) * 0.003
    compare(answer, falling(draw, 1.0) * noise(draw), (0.1 * falling(draw, 0.3) + rise) * noise(draw), "leak", "far lower, and rising")


@pytest.mark.after("test_fits", "test_overfits", "test_underfits", "test_diverges", "test_leak")
def test_on_the_edge(answer):
    """diagnose: just at the thresholds
    diagnose：恰好在阈值上"""
    one = np.ones(6)
    compare(answer, one, one / 2, "fits", "validation just half of training", 2.0)
    compare(answer, one, one, "fits", "training just half of chance, all curves constant", 2.0)
    compare(answer, one, np.array([1.0, 1.1, 1.1, 1.1, 1.1, 1.1]), "fits", "validation just 1.1 times the lowest", 2.0)
    compare(answer, np.array([0.5]), np.array([0.6]), "fits", "a single epoch", 2.0)


@pytest.mark.parametrize("shape", [(6, 9), (4, 4), (1, 5), (7, 1)], ids=str)
def test_bias_variance(answer, draw, shape):
    """bias_variance: the exact decomposition
    bias_variance：精确的分解"""
    truth = draw.normal(shape[1]).double().numpy()
    predictions = truth + 0.7 + draw.normal(shape[1]).double().numpy() + 2 * draw.normal(*shape).double().numpy()
    models, samples = shape
    bias = sum((sum(predictions[:, j]) / models - truth[j]) ** 2 for j in range(samples)) / samples
    variance = sum(statistics.pvariance(predictions[:, j].tolist()) for j in range(samples)) / samples
    error = sum((predictions[i, j] - truth[j]) ** 2 for i in range(models) for j in range(samples)) / (models * samples)
    found = answer.bias_variance(predictions, truth)
    for part in found:
        assert_true(isinstance(part, float), "bias_variance(predictions, truth)", "a part is not a float", "有一部分不是 float")
    assert_same(tuple(found), (float(bias), float(variance), float(error)), f"bias_variance of {models} models on {samples} samples")
