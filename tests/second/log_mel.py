"""Another right answer: the Fourier transform as two matrices of cosines and sines, filters frequency by frequency, scales by cases."""

import math

import torch


def frames(x, size, hop):
    starts = range(0, x.shape[1] - size + 1, hop)
    return torch.stack([x[:, start : start + size] for start in starts], dim=1)


def power_spectrogram(x, size, hop):
    n = torch.arange(size, dtype=torch.float64, device=x.device)
    angles = 2 * math.pi * torch.outer(n, torch.arange(size // 2 + 1, dtype=torch.float64, device=x.device)) / size
    window = torch.sin(math.pi * n / size) ** 2
    pieces = frames(x, size, hop).double() * window
    return ((pieces @ angles.cos()) ** 2 + (pieces @ angles.sin()) ** 2).to(x.dtype)


def one_mel(hz, scale):
    if scale == "htk":
        return 2595 * math.log10(1 + hz / 700)
    if scale != "slaney":
        raise ValueError(scale)
    return hz / (200 / 3) if hz < 1000 else 15 + math.log(hz / 1000, 6.4) * 27


def one_hz(mel, scale):
    if scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    if scale != "slaney":
        raise ValueError(scale)
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def mapped(function, values, scale):
    results = [function(value, scale) for value in values.double().flatten().tolist()] or (function(0.0, scale) and [])
    return torch.tensor(results, dtype=values.dtype, device=values.device).reshape(values.shape)


def hz_to_mel(hz, scale="htk"):
    return mapped(one_mel, hz, scale)


def mel_to_hz(mel, scale="htk"):
    return mapped(one_hz, mel, scale)


def mel_filters(bins, rate, count, low, high, scale="htk", normalised=False):
    first, last = one_mel(low, scale), one_mel(high, scale)
    edges = [one_hz(first + (last - first) * k / (count + 1), scale) for k in range(count + 2)]
    filters = torch.zeros(count, bins, dtype=torch.float64)
    for m in range(count):
        left, middle, right = edges[m : m + 3]
        for k in range(bins):
            hz = k * rate / (2 * (bins - 1))
            if left < hz <= middle:
                filters[m, k] = (hz - left) / (middle - left)
            elif middle < hz < right:
                filters[m, k] = (right - hz) / (right - middle)
        if normalised:
            filters[m] /= (right - left) / 2
    return filters


def log_mel(x, rate, size, hop, count, floor=1e-10):
    filters = mel_filters(size // 2 + 1, rate, count, 0.0, rate / 2).to(x)
    bands = torch.einsum("btk,mk->btm", power_spectrogram(x, size, hop), filters)
    return torch.log(torch.maximum(bands, torch.full_like(bands, floor)))
