# blind: passed at try 1
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """(batch, length, num_heads * dim) to (batch, num_heads, length, dim)."""
    return torch.stack(x.chunk(num_heads, dim=-1), dim=1)


def merge_heads(x: Tensor) -> Tensor:
    """(batch, num_heads, length, dim) to (batch, length, num_heads * dim): the inverse of split_heads."""
    return torch.cat(x.unbind(dim=1), dim=-1)


class MultiHeadAttention(nn.Module):
    """Multi-head attention without dropout, batch first, with the parameters of nn.MultiheadAttention."""

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        if embed_dim % num_heads != 0:
            raise ValueError(f"{embed_dim} features cannot be shared out among {num_heads} heads")
        self.num_heads = num_heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * embed_dim, embed_dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * embed_dim))
        self.out_proj = nn.Linear(embed_dim, embed_dim)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, x: Tensor, context: Tensor | None = None, key_padding_mask: Tensor | None = None) -> Tensor:
        """Let each position of x look at all positions of the context."""
        if context is None:
            context = x
        if key_padding_mask is not None:
            context = context.masked_fill(key_padding_mask[:, :, None], 0.0)

        weights, biases = self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3)
        queries, keys, values = (
            split_heads(F.linear(source, weight, bias), self.num_heads)
            for source, weight, bias in zip((x, context, context), weights, biases, strict=True)
        )
        scores = torch.einsum("bhqd,bhkd->bhqk", queries / math.sqrt(queries.shape[-1]), keys)
        if key_padding_mask is not None:
            scores = scores.masked_fill(key_padding_mask[:, None, None, :], -math.inf)
        heads = scores.softmax(dim=-1) @ values
        return self.out_proj(merge_heads(heads))
