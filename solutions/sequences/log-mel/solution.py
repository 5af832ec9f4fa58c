"""Sound becomes a picture: short windows, the energy of each frequency in them, summed up in bands as wide as the ear hears them, in logs."""

import math

import torch
from torch import Tensor


def frames(x: Tensor, size: int, hop: int) -> Tensor:
    """Overlapping pieces of a signal: (batch, count, size), where piece k is x[:, k * hop : k * hop + size].

    x: (batch, samples), at least size samples. Only whole pieces count: there is no padding, and samples that fill no piece are left over.
    """
    return x.unfold(1, size, hop)


def power_spectrogram(x: Tensor, size: int, hop: int) -> Tensor:
    """The squared magnitude of the discrete Fourier transform of each piece, after a Hann window.

    The window is periodic, 0.5 - 0.5 * cos(2 pi n / size) for n = 0, ..., size - 1. size is even. Returns (batch, count, size // 2 + 1) in the
    dtype of x: bin k stands for k periods in size samples, from 0 to size // 2. Gradients reach x.
    """
    n = torch.arange(size, dtype=torch.float64, device=x.device)
    window = (0.5 - 0.5 * torch.cos(2 * math.pi * n / size)).to(x.dtype)
    spectrum = torch.fft.rfft(frames(x, size, hop) * window)
    return spectrum.real.square() + spectrum.imag.square()


def hz_to_mel(hz: Tensor, scale: str = "htk") -> Tensor:
    """Frequencies (any shape, float, 0 or more) in mel, in the same dtype.

    "htk": 2595 * log10(1 + hz / 700). "slaney": hz * 3 / 200 up to 1000 Hz, which is 15 mel, and above it 15 + 27 * ln(hz / 1000) / ln(6.4).
    Another scale raises ValueError.
    """
    _check(scale)
    if scale == "htk":
        return 2595 * torch.log10(1 + hz / 700)
    return torch.where(hz <= 1000, hz * 3 / 200, 15 + 27 * torch.log(hz.clamp(min=1000) / 1000) / math.log(6.4))


def mel_to_hz(mel: Tensor, scale: str = "htk") -> Tensor:
    """The inverse of hz_to_mel, for mel of 0 or more. Another scale raises ValueError."""
    _check(scale)
    if scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    return torch.where(mel <= 15, mel * 200 / 3, 1000 * torch.exp((mel.clamp(min=15) - 15) * math.log(6.4) / 27))


def mel_filters(bins: int, rate: float, count: int, low: float, high: float, scale: str = "htk", normalised: bool = False) -> Tensor:
    """Triangular filters, float64 (count, bins) on the CPU.

    bins: the number of frequencies from 0 to rate / 2, both included, equally far apart. count + 2 edges lie between low and high, both included, at
    equal distances in mel. Filter m rises from 0 at edge m to 1 at edge m + 1 and falls to 0 at edge m + 2, along straight lines in Hz;
    outside it is 0. normalised: each filter is multiplied by 2 / (edge m + 2 - edge m) in Hz, so that its area is 1. 0 <= low < high <= rate / 2.
    """
    limits = hz_to_mel(torch.tensor([low, high], dtype=torch.float64), scale)
    steps = torch.arange(count + 2, dtype=torch.float64) / (count + 1)
    edges = mel_to_hz(limits[0] + (limits[1] - limits[0]) * steps, scale)
    hz = torch.arange(bins, dtype=torch.float64) * (rate / 2 / (bins - 1))
    left, middle, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    filters = torch.minimum((hz - left) / (middle - left), (right - hz) / (right - middle)).clamp(min=0)
    return filters * (2 / (right - left)) if normalised else filters


def log_mel(x: Tensor, rate: float, size: int, hop: int, count: int, floor: float = 1e-10) -> Tensor:
    """The features of a speech recogniser: the natural logarithm of the mel bands' power, nothing below floor.

    x: (batch, samples). The power spectrogram with this size and hop goes through `count` mel filters (scale "htk", not normalised) from 0 Hz to
    rate / 2; then log(max(power, floor)). Returns (batch, frames, count) in the dtype of x and on its device. Gradients reach x.
    """
    power = power_spectrogram(x, size, hop)
    filters = mel_filters(size // 2 + 1, rate, count, 0.0, rate / 2)
    return (power @ filters.T.to(power)).clamp(min=floor).log()


def _check(scale: str) -> None:
    if scale not in ("htk", "slaney"):
        raise ValueError(f"scale must be 'htk' or 'slaney', not {scale!r}")
