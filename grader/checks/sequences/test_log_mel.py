"""The references are torch.stft and the formulas of the mel scales, number by number in Python's floats."""

import math

import pytest
import torch

from grader.compare import assert_raises, assert_same, assert_same_gradient

FLOAT64 = {"dtype": torch.float64}
FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}  # a Fourier transform in float32


def test_frames(answer, draw):
    """frames: which samples, how many
    frames：哪些样本、多少段"""
    for samples, size, hop in ((11, 4, 3), (10, 4, 3), (8, 8, 5), (9, 2, 1), (13, 3, 5)):
        x = draw.normal(2, samples, **FLOAT64)
        expected = torch.stack([x[:, start : start + size] for start in range(0, samples - size + 1, hop)], dim=1)
        assert_same(answer.frames(x, size, hop), expected, f"frames(x, {size}, {hop}), {samples} samples")


def stft_power(x, size, hop):
    window = torch.hann_window(size, periodic=True, dtype=x.dtype)
    return torch.stft(x, size, hop, window=window, center=False, return_complex=True).abs().square().transpose(1, 2)


@pytest.mark.after("test_frames")
@pytest.mark.parametrize(("samples", "size", "hop"), [(50, 16, 5), (40, 8, 8), (12, 12, 3), (30, 2, 4)])
def test_power_spectrogram(answer, draw, samples, size, hop):
    """power_spectrogram: values
    power_spectrogram：数值"""
    x = draw.normal(3, samples, **FLOAT64)
    assert_same(answer.power_spectrogram(x, size, hop), stft_power(x, size, hop), f"power_spectrogram(x, {size}, {hop})")
    single = x.float()
    expected = stft_power(single.double(), size, hop).float()
    assert_same(answer.power_spectrogram(single, size, hop), expected, f"power_spectrogram(x, {size}, {hop}) in float32", **FLOAT32)


def mel(hz, scale):
    if scale == "htk":
        return 2595 * math.log10(1 + hz / 700)
    return hz * 3 / 200 if hz <= 1000 else 15 + 27 * math.log(hz / 1000) / math.log(6.4)


def hertz(value, scale):
    if scale == "htk":
        return 700 * (10 ** (value / 2595) - 1)
    return value * 200 / 3 if value <= 15 else 1000 * math.exp((value - 15) * math.log(6.4) / 27)


@pytest.mark.parametrize("scale", ["htk", "slaney"])
def test_scales(answer, draw, scale):
    """hz_to_mel and mel_to_hz
    hz_to_mel 与 mel_to_hz"""
    hz = torch.cat([torch.tensor([0.0, 1000.0, 999.0, 1001.0, 20000.0]), draw.uniform(7, high=8000.0)]).double().view(3, 4)
    expected = torch.tensor([mel(value, scale) for value in hz.flatten().tolist()], **FLOAT64).view(3, 4)
    assert_same(answer.hz_to_mel(hz, scale), expected, f'hz_to_mel(hz, "{scale}")')
    assert_same(answer.mel_to_hz(expected, scale), hz, f'mel_to_hz(mel, "{scale}")')
    single = expected.float()
    back = torch.tensor([hertz(value, scale) for value in single.flatten().tolist()]).view(3, 4)
    assert_same(answer.mel_to_hz(single, scale), back, f'mel_to_hz(mel, "{scale}") in float32', **FLOAT32)
    if scale == "htk":
        assert_same(answer.hz_to_mel(hz[0]), expected[0], "hz_to_mel(hz), htk by default")
        assert_same(answer.mel_to_hz(expected[0]), hz[0], "mel_to_hz(mel), htk by default")


def test_unknown_scale(answer):
    """Another scale raises ValueError
    其他刻度抛出 ValueError"""
    for scale in ("HTK", "bark", ""):
        assert_raises(ValueError, answer.hz_to_mel, torch.ones(2), scale)
        assert_raises(ValueError, answer.mel_to_hz, torch.ones(2), scale)


def reference_filters(bins, rate, count, low, high, scale="htk", normalised=False):
    """One weight at a time."""
    first, last = mel(low, scale), mel(high, scale)
    edges = [hertz(first + (last - first) * k / (count + 1), scale) for k in range(count + 2)]
    rows = []
    for left, middle, right in zip(edges, edges[1:], edges[2:], strict=False):
        row = []
        for k in range(bins):
            hz = rate / 2 * k / (bins - 1)
            rising, falling = (hz - left) / (middle - left), (right - hz) / (right - middle)
            row.append(max(0.0, min(rising, falling)) * (2 / (right - left) if normalised else 1.0))
        rows.append(row)
    return torch.tensor(rows, **FLOAT64)


@pytest.mark.after("test_scales")
@pytest.mark.parametrize(
    ("bins", "rate", "count", "low", "high"),
    [(33, 16000, 6, 0.0, 8000.0), (17, 8000, 4, 300.0, 3400.0), (65, 22050, 10, 50.0, 11025.0), (10, 4000, 1, 0.0, 2000.0)],
)
def test_filters(answer, bins, rate, count, low, high):
    """mel_filters: both scales, normalised or not
    mel_filters：两种刻度，归一或不归一"""
    for scale in ("htk", "slaney"):
        for normalised in (False, True):
            expected = reference_filters(bins, rate, count, low, high, scale, normalised)
            found = answer.mel_filters(bins, rate, count, low, high, scale, normalised)
            assert_same(found, expected, f'mel_filters({bins}, {rate}, {count}, {low:g}, {high:g}, "{scale}", {normalised})')
    assert_same(answer.mel_filters(bins, rate, count, low, high), reference_filters(bins, rate, count, low, high), "mel_filters, by default")


def reference_log_mel(x, rate, size, hop, count, floor=1e-10):
    filters = reference_filters(size // 2 + 1, rate, count, 0.0, rate / 2).to(x.dtype)
    return torch.log(torch.clamp(stft_power(x, size, hop) @ filters.T, min=floor))


@pytest.mark.after("test_power_spectrogram", "test_filters")
def test_log_mel(answer, draw):
    """log_mel: values, silence, float32
    log_mel：数值、静音与 float32"""
    x = draw.normal(2, 100, **FLOAT64)
    assert_same(answer.log_mel(x, 8000, 32, 12, 5), reference_log_mel(x, 8000, 32, 12, 5), "log_mel(x, 8000, 32, 12, 5)")
    x[0, 40:] = 0
    x[1] *= 1e-3
    for floor in (1e-10, 1e-4, 10.0):
        assert_same(answer.log_mel(x, 16000, 16, 16, 3, floor), reference_log_mel(x, 16000, 16, 16, 3, floor), f"log_mel(…, floor={floor})")
    assert_same(answer.log_mel(x, 16000, 16, 16, 3), reference_log_mel(x, 16000, 16, 16, 3), "log_mel(…), floor by default")
    single = 3 + x.float()
    expected = reference_log_mel(single.double(), 8000, 20, 10, 4).float()
    # 1e-3: in float32 rounding errors of the strong lowest band, about 1e-7 of it, show in the weak ones
    assert_same(answer.log_mel(single, 8000, 20, 10, 4, 1e-2), expected.clamp(min=math.log(1e-2)), "log_mel in float32", rtol=1e-3, atol=1e-2)


@pytest.mark.after("test_log_mel")
def test_gradient(answer, draw, worker):
    """log_mel: gradient of the signal
    log_mel：信号的梯度"""
    x = draw.normal(2, 40, **FLOAT64)
    assert_same_gradient(answer.power_spectrogram, stft_power, (x, 16, 7), 0, "power_spectrogram(x, 16, 7): gradient of x", worker=worker)
    assert_same_gradient(answer.log_mel, reference_log_mel, (x, 8000, 16, 7, 3), 0, "log_mel(x, 8000, 16, 7, 3): gradient of x", worker=worker)
