"""Another right answer: row by row, query by query, over just the filled part of the cache."""

import torch


def rotate(x, positions):
    dim = x.shape[-1]
    result = torch.empty_like(x)
    for i in range(dim // 2):
        angle = positions.double()[:, None, :] * 10_000.0 ** (-2 * i / dim)
        c, s = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
        result[..., 2 * i] = x[..., 2 * i] * c - x[..., 2 * i + 1] * s
        result[..., 2 * i + 1] = x[..., 2 * i] * s + x[..., 2 * i + 1] * c
    return result


def repeat_kv(x, groups):
    return x[:, torch.arange(x.shape[1] * groups, device=x.device) // groups]


class KVCache:
    def __init__(self, batch, kv_heads, capacity, dim, dtype=torch.float32, device="cpu"):
        self.k = torch.full((batch, kv_heads, capacity, dim), 7.0, dtype=dtype, device=device)
        self.v = self.k.clone()
        self.lengths = torch.zeros(batch, dtype=torch.int64, device=device)

    def append(self, k, v, counts):
        if int((self.lengths + counts).max()) > self.k.shape[2]:
            raise ValueError(counts)
        for t in range(k.shape[2]):
            rows = (counts > t).nonzero().flatten()
            self.k[rows, :, self.lengths[rows] + t] = k[rows, :, t]
            self.v[rows, :, self.lengths[rows] + t] = v[rows, :, t]
        self.lengths = self.lengths + counts


def step(q, k, v, cache, counts=None):
    batch, heads, new, dim = q.shape
    if heads % k.shape[1]:
        raise ValueError(heads)
    if counts is None:
        counts = torch.tensor([new] * batch, device=q.device)
    start = cache.lengths.clone()
    positions = torch.stack([start + t for t in range(new)], dim=1)
    cache.append(rotate(k, positions), v, counts)
    q = rotate(q, positions)
    output = torch.zeros_like(q)
    for b in range(batch):
        for t in range(int(counts[b])):
            seen = int(start[b]) + t + 1
            for h in range(heads):
                j = h * k.shape[1] // heads
                weights = torch.softmax(cache.k[b, j, :seen] @ q[b, h, t] / dim**0.5, dim=0)
                output[b, h, t] = weights @ cache.v[b, j, :seen]
    return output
