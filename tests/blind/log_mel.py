# blind: passed at try 1
import math

import torch
from torch import Tensor


def frames(x: Tensor, size: int, hop: int) -> Tensor:
    """Overlapping pieces of a signal: (batch, count, size)."""
    count = 1 + (x.shape[1] - size) // hop
    starts = hop * torch.arange(count, device=x.device)
    return x[:, starts[:, None] + torch.arange(size, device=x.device)]


def power_spectrogram(x: Tensor, size: int, hop: int) -> Tensor:
    """The squared magnitude of the discrete Fourier transform of each piece, after a Hann window."""
    phase = 2 * math.pi / size * torch.arange(size, dtype=torch.float64, device=x.device)
    window = (0.5 - 0.5 * phase.cos()).to(x.dtype)
    spectrum = torch.fft.rfft(frames(x, size, hop) * window)
    return spectrum.real.square() + spectrum.imag.square()


def check(scale: str) -> None:
    if scale not in ("htk", "slaney"):
        raise ValueError(f"unknown mel scale: {scale!r}")


def hz_to_mel(hz: Tensor, scale: str = "htk") -> Tensor:
    """Frequencies (any shape, float, 0 or more) in mel, in the same dtype."""
    check(scale)
    if scale == "htk":
        return 2595 * torch.log10(1 + hz / 700)
    high = 15 + 27 / math.log(6.4) * torch.log(hz.clamp(min=1000.0) / 1000)
    return torch.where(hz > 1000, high, 3 * hz / 200)


def mel_to_hz(mel: Tensor, scale: str = "htk") -> Tensor:
    """The inverse of hz_to_mel, for mel of 0 or more."""
    check(scale)
    if scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    high = 1000 * torch.exp((mel.clamp(min=15.0) - 15) * (math.log(6.4) / 27))
    return torch.where(mel > 15, high, 200 * mel / 3)


def mel_filters(bins: int, rate: float, count: int, low: float, high: float, scale: str = "htk", normalised: bool = False) -> Tensor:
    """Triangular filters, float64 (count, bins) on the CPU."""
    first, last = hz_to_mel(torch.tensor([low, high], dtype=torch.float64), scale).tolist()
    edges = mel_to_hz(torch.linspace(first, last, count + 2, dtype=torch.float64), scale)
    left, centre, right = (edges[k : k + count, None] for k in range(3))
    hz = torch.linspace(0, rate / 2, bins, dtype=torch.float64)
    rising, falling = (hz - left) / (centre - left), (right - hz) / (right - centre)
    triangles = torch.minimum(rising, falling).clamp(min=0)
    return triangles * 2 / (right - left) if normalised else triangles


def log_mel(x: Tensor, rate: float, size: int, hop: int, count: int, floor: float = 1e-10) -> Tensor:
    """The natural logarithm of the mel bands' power, nothing below floor."""
    filters = mel_filters(size // 2 + 1, rate, count, 0.0, rate / 2).to(x)
    bands = power_spectrogram(x, size, hop) @ filters.T
    return bands.clamp(min=floor).log()
