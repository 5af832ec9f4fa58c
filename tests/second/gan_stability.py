"""Another right answer: loops over modes and samples, sigma by a dot product, the Frechet distance by singular values."""

import math

import torch
from torch import nn


def ring(k, radius):
    return torch.tensor([[radius * math.cos(2 * math.pi * i / k), radius * math.sin(2 * math.pi * i / k)] for i in range(k)], dtype=torch.float64)


def mode_coverage(samples, modes, *, radius, at_least=1):
    counts = [0] * len(modes)
    for sample in samples:
        distances = [float(((sample - mode) ** 2).sum()) ** 0.5 for mode in modes]
        best = min(range(len(modes)), key=distances.__getitem__)
        if distances[best] <= radius:
            counts[best] += 1
    return sum(count >= at_least for count in counts), sum(counts) / len(samples)


class SpectralNorm(nn.Module):
    def __init__(self, shape):
        super().__init__()
        columns = 1
        for size in shape[1:]:
            columns *= size
        for name, size in (("u", shape[0]), ("v", columns)):
            start = torch.randn(size)
            self.register_buffer(name, start / start.norm())

    def forward(self, weight):
        W = weight.reshape(weight.shape[0], -1)
        if self.training:
            u = torch.mv(W.detach(), self.v)
            self.u.copy_(u / u.norm())
            v = torch.mv(W.detach().t(), self.u)
            self.v.copy_(v / v.norm())
        sigma = (W * torch.outer(self.u, self.v)).sum()
        return weight / sigma


def minibatch_features(x, T):
    M = torch.tensordot(x, T, dims=1)
    rows = []
    for i in range(len(x)):
        others = torch.cat([M[:i], M[i + 1 :]])
        rows.append(torch.exp(-(others - M[i]).abs().sum(dim=2)).sum(dim=0))
    return torch.stack(rows)


def moments(features):
    return features.mean(dim=0), torch.cov(features.T).reshape(features.shape[1], features.shape[1])


def square_root(matrix):
    left, values, _ = torch.linalg.svd(matrix)
    return left @ torch.diag(values.sqrt()) @ left.T


def frechet_distance(mean_1, cov_1, mean_2, cov_2):
    overlap = torch.linalg.svdvals(square_root(cov_1) @ square_root(cov_2)).sum()
    return ((mean_1 - mean_2) ** 2).sum() + torch.trace(cov_1) + torch.trace(cov_2) - 2 * overlap
