"""Another right answer: channel by channel, sorting for quantiles, float64 for the matrix product, an autograd function for the gradient."""

import math

import torch


def quantile(values, q):
    place = q * (len(values) - 1)
    below = min(math.floor(place), len(values) - 1)
    above = min(below + 1, len(values) - 1)
    return torch.lerp(values[below], values[above], place - below)


def calibrate(x, *, share=1.0, axis=None):
    if axis is None:
        ordered = x.flatten().sort().values
        return quantile(ordered, (1 - share) / 2), quantile(ordered, (1 + share) / 2)
    pairs = [calibrate(part, share=share) for part in x.unbind(axis)]
    return torch.stack([low for low, _ in pairs]), torch.stack([high for _, high in pairs])


def grid(low, high, *, symmetric=False):
    if low.dim():
        pairs = [grid(l, h, symmetric=symmetric) for l, h in zip(low.reshape(-1), high.reshape(-1), strict=True)]  # noqa: E741
        return tuple(torch.stack([pair[i] for pair in pairs]).reshape(low.shape) for i in (0, 1))
    zero = low * 0
    if symmetric:
        size = torch.maximum(low.abs(), high.abs())
        return (size / 127 if size > 0 else zero + 1), zero.to(torch.int32)
    low, high = torch.minimum(low, zero), torch.maximum(high, zero)
    if low == high:
        return zero + 1, zero.to(torch.int32)
    scale = (high - low) / 255
    return scale, torch.round(-128 - low / scale).to(torch.int32)


def by_channel(function, x, scale, zero_point, axis):
    if axis is None:
        return function(x, scale, zero_point)
    parts = zip(x.unbind(axis), scale, zero_point, strict=True)
    return torch.stack([function(*part) for part in parts], dim=axis)


def quantise(x, scale, zero_point, *, axis=None):
    def one(x, scale, zero_point):
        return torch.clip(torch.round(x / scale) + zero_point, -128, 127).to(torch.int8)

    return by_channel(one, x, scale, zero_point, axis)


def dequantise(q, scale, zero_point, *, axis=None):
    return by_channel(lambda q, scale, zero_point: scale * (q.int() - zero_point), q, scale, zero_point, axis)


def integer_matmul(a, zero_a, b, zero_b):
    a, b, k = a.double(), b.double(), a.shape[1]
    total = a @ b - zero_a * b.sum(0) - a.sum(1, keepdim=True) * zero_b + k * zero_a.double() * zero_b
    return total.round().to(torch.int32)


class StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale, zero_point, axis):
        def clamped(x, scale, zero_point):
            level = torch.round(x / scale) + zero_point
            return (level < -128) | (level > 127)

        ctx.save_for_backward(by_channel(clamped, x, scale, zero_point, axis))
        return dequantise(quantise(x, scale, zero_point, axis=axis), scale, zero_point, axis=axis)

    @staticmethod
    def backward(ctx, gradient):
        (clamped,) = ctx.saved_tensors
        return gradient.masked_fill(clamped, 0), None, None, None


def fake_quantise(x, scale, zero_point, *, axis=None):
    return StraightThrough.apply(x, scale, zero_point, axis)
