import math

import torch
from torch import Tensor


def frames(x: Tensor, size: int, hop: int) -> Tensor:
    """Overlapping pieces of a signal: (batch, count, size), where piece k is x[:, k * hop : k * hop + size].

    x: (batch, samples), at least size samples. Only whole pieces count: there is no padding, and samples that fill no piece are left over.
    """
    raise NotImplementedError("your turn")


def power_spectrogram(x: Tensor, size: int, hop: int) -> Tensor:
    """The squared magnitude of the discrete Fourier transform of each piece, after a Hann window.

    The window is periodic, 0.5 - 0.5 * cos(2 pi n / size) for n = 0, ..., size - 1. size is even. Returns (batch, count, size // 2 + 1) in the
    dtype of x: bin k stands for k periods in size samples, from 0 to size // 2. Gradients reach x.
    """
    raise NotImplementedError("your turn")


def hz_to_mel(hz: Tensor, scale: str = "htk") -> Tensor:
    """Frequencies (any shape, float, 0 or more) in mel, in the same dtype.

    "htk": 2595 * log10(1 + hz / 700). "slaney": hz * 3 / 200 up to 1000 Hz, which is 15 mel, and above it 15 + 27 * ln(hz / 1000) / ln(6.4).
    Another scale raises ValueError.
    """
    raise NotImplementedError("your turn")


def mel_to_hz(mel: Tensor, scale: str = "htk") -> Tensor:
    """The inverse of hz_to_mel, for mel of 0 or more. Another scale raises ValueError."""
    raise NotImplementedError("your turn")


def mel_filters(bins: int, rate: float, count: int, low: float, high: float, scale: str = "htk", normalised: bool = False) -> Tensor:
    """Triangular filters, float64 (count, bins) on the CPU.

    bins: the number of frequencies from 0 to rate / 2, both included, equally far apart. count + 2 edges lie between low and high, both included, at
    equal distances in mel. Filter m rises from 0 at edge m to 1 at edge m + 1 and falls to 0 at edge m + 2, along straight lines in Hz;
    outside it is 0. normalised: each filter is multiplied by 2 / (edge m + 2 - edge m) in Hz, so that its area is 1. 0 <= low < high <= rate / 2.
    """
    raise NotImplementedError("your turn")


def log_mel(x: Tensor, rate: float, size: int, hop: int, count: int, floor: float = 1e-10) -> Tensor:
    """The features of a speech recogniser: the natural logarithm of the mel bands' power, nothing below floor.

    x: (batch, samples). The power spectrogram with this size and hop goes through `count` mel filters (scale "htk", not normalised) from 0 Hz to
    rate / 2; then log(max(power, floor)). Returns (batch, frames, count) in the dtype of x and on its device. Gradients reach x.
    """
    raise NotImplementedError("your turn")
