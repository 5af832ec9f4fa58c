"""Another right answer: the factors by einsum and by hand, sums instead of means, the spatial summary written into a buffer."""

import torch
from torch import nn


def squash(z):
    return torch.special.expit(z)


def two_layers(channels, reduction, bias):
    hidden = channels // reduction
    hidden = max(hidden, 1)
    return nn.Linear(channels, hidden, bias=bias), nn.Linear(hidden, channels, bias=bias)


class SqueezeExcite(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.fc1, self.fc2 = two_layers(channels, reduction, True)

    def forward(self, x):
        squeezed = x.flatten(2).sum(2) / (x.shape[2] * x.shape[3])
        gate = squash(self.fc2(self.fc1(squeezed).clamp(min=0)))
        return torch.einsum("nchw,nc->nchw", x, gate)


class ChannelAttention(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.fc1, self.fc2 = two_layers(channels, reduction, False)

    def forward(self, x):
        flat = x.flatten(2)
        both = torch.stack([flat.mean(2), flat.max(2).values])
        gate = squash(self.fc2(self.fc1(both).clamp(min=0)).sum(0))
        return torch.einsum("nchw,nc->nchw", x, gate)


class SpatialAttention(nn.Module):
    def __init__(self, kernel=7):
        super().__init__()
        self.conv = nn.Conv2d(2, 1, (kernel, kernel), padding="same", bias=False)

    def forward(self, x):
        mean, best = x.sum(1, keepdim=True) / x.shape[1], x.max(1, keepdim=True).values
        return x * squash(self.conv(torch.cat((mean, best), 1)))


class CBAM(nn.Module):
    def __init__(self, channels, reduction=16, kernel=7):
        super().__init__()
        self.channel, self.spatial = ChannelAttention(channels, reduction), SpatialAttention(kernel)

    def forward(self, x):
        y = self.channel(x)
        return self.spatial(y)
