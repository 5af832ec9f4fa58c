# blind: passed at try 1
import math

import torch
from torch import Tensor


def rotate(x: Tensor, positions: Tensor) -> Tensor:
    """RoPE: turn the pairs of features (2 i, 2 i + 1) of x (batch, heads, new, dim) by positions (batch, new) * 10000^(-2 i / dim)."""
    dim = x.shape[-1]
    frequencies = 10000.0 ** (-torch.arange(0, dim, 2, dtype=torch.float64, device=x.device) / dim)
    angles = positions[:, None, :, None] * frequencies
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


def repeat_kv(x: Tensor, groups: int) -> Tensor:
    """Give each query head its key or value head.

    x: (batch, kv_heads, length, dim). Returns (batch, kv_heads * groups, length, dim): query head h gets the head h // groups of x.
    """
    owner = torch.arange(x.shape[1] * groups, device=x.device) // groups
    return x[:, owner]


class KVCache:
    """Keys and values of the tokens so far, for batch rows that may have different lengths.

    k and v: (batch, kv_heads, capacity, dim); lengths: int64 (batch,). The first lengths[b] positions of row b are filled; what stands behind
    them is free.
    """

    def __init__(self, batch: int, kv_heads: int, capacity: int, dim: int, dtype: torch.dtype = torch.float32, device: str = "cpu") -> None:
        """Make an empty cache."""
        self.k = torch.zeros(batch, kv_heads, capacity, dim, dtype=dtype, device=device)
        self.v = torch.zeros_like(self.k)
        self.lengths = torch.zeros(batch, dtype=torch.int64, device=device)

    @torch.no_grad()
    def append(self, k: Tensor, v: Tensor, counts: Tensor) -> None:
        """Put the first counts[b] of the new tokens behind the lengths[b] tokens of each row b, and raise the lengths.

        k and v: (batch, kv_heads, new, dim). counts: int64 (batch,), each from 0 to new; the tokens behind them are padding and not stored.
        Raises ValueError, and leaves the cache as it is, when a row would become longer than the capacity.
        """
        grown = self.lengths + counts
        if (grown > self.k.shape[2]).any():
            raise ValueError("the cache is full")
        real = torch.arange(k.shape[2], device=counts.device) < counts[:, None]
        row, token = real.nonzero(as_tuple=True)
        slot = self.lengths[row] + token
        self.k[row, :, slot] = k[row, :, token]
        self.v[row, :, slot] = v[row, :, token]
        self.lengths = grown


@torch.no_grad()
def step(q: Tensor, k: Tensor, v: Tensor, cache: KVCache, counts: Tensor | None = None) -> Tensor:
    """Attention of new tokens to all tokens so far and to each other, causally; the new keys and values are added to the cache.

    q: (batch, heads, new, dim); k and v: (batch, kv_heads, new, dim), not rotated yet, all of the cache's dtype. heads is a multiple of
    kv_heads, otherwise ValueError, and the cache stays as it is. counts: how many of the new tokens of each row are real, the first ones;
    the others are padding. None: all of them. Token t of row b has the position lengths[b] + t, lengths as they were before: q and k are
    rotated by it, and it attends to the positions 0 to its own in its row, with softmax(q k^T / sqrt(dim)) v.
    Returns (batch, heads, new, dim), zeros for padding. The cache holds rotated keys afterwards. No gradient is needed.
    """
    batch, heads, new, dim = q.shape
    groups, rest = divmod(heads, k.shape[1])
    if rest:
        raise ValueError(f"{heads} query heads cannot share {k.shape[1]} heads of keys and values")
    if counts is None:
        counts = torch.full((batch,), new, dtype=torch.int64, device=q.device)
    offsets = torch.arange(new, device=q.device)
    positions = cache.lengths[:, None] + offsets
    cache.append(rotate(k, positions), v, counts)

    slots = torch.arange(cache.k.shape[2], device=q.device)
    filled = slots < cache.lengths[:, None]
    keys = repeat_kv(cache.k, groups)
    # What stands in the free slots may be anything, NaN included, and 0 * NaN would spoil the sum.
    values = repeat_kv(cache.v.masked_fill(~filled[:, None, :, None], 0.0), groups)
    visible = slots <= positions[..., None]
    scores = rotate(q, positions) @ keys.mT / math.sqrt(dim)
    out = scores.masked_fill(~visible[:, None], -torch.inf).softmax(-1) @ values
    real = offsets < counts[:, None]
    return out.masked_fill(~real[:, None, :, None], 0.0)
