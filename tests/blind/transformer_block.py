# blind: passed at try 1
from collections.abc import Callable

import torch
from torch import Tensor, nn


def residual(x: Tensor, sublayer: Callable[[Tensor], Tensor], norm: Callable[[Tensor], Tensor], norm_first: bool) -> Tensor:
    """One sublayer with its residual connection, and its normalisation before (pre-norm) or after (post-norm) the detour."""
    if norm_first:
        return x + sublayer(norm(x))
    return norm(x + sublayer(x))


def attend(attention: nn.MultiheadAttention, queries: Tensor, context: Tensor, hidden: Tensor | None = None) -> Tensor:
    """The attention's output alone; hidden (queries, keys) is True where a query must not look."""
    output, _ = attention(queries, context, context, attn_mask=hidden, need_weights=False)
    return output


class EncoderLayer(nn.Module):
    """Self-attention, then a feed-forward network, each with residual connection and layer norm; no dropout."""

    def __init__(self, d_model: int, num_heads: int, d_ff: int, norm_first: bool = False) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.self_attn = nn.MultiheadAttention(d_model, num_heads, batch_first=True)
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.norm1 = nn.LayerNorm(d_model)
        self.norm2 = nn.LayerNorm(d_model)

    def feed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.linear1(x).relu())

    def forward(self, x: Tensor) -> Tensor:
        """x: (batch, length, d_model), every position attends to its whole sequence."""
        x = residual(x, lambda y: attend(self.self_attn, y, y), self.norm1, self.norm_first)
        return residual(x, self.feed_forward, self.norm2, self.norm_first)


class DecoderLayer(EncoderLayer):
    """An encoder layer that sees no future, with cross-attention to a memory in its middle."""

    def __init__(self, d_model: int, num_heads: int, d_ff: int, norm_first: bool = False) -> None:
        super().__init__(d_model, num_heads, d_ff, norm_first)
        self.multihead_attn = nn.MultiheadAttention(d_model, num_heads, batch_first=True)
        self.norm3 = nn.LayerNorm(d_model)

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        """x: (batch, length, d_model), memory: (batch, memory_length, d_model)."""
        step = torch.arange(x.shape[1], device=x.device)
        future = step > step[:, None]
        sublayers = [
            (lambda y: attend(self.self_attn, y, y, future), self.norm1),
            (lambda y: attend(self.multihead_attn, y, memory), self.norm2),
            (self.feed_forward, self.norm3),
        ]
        for sublayer, norm in sublayers:
            x = residual(x, sublayer, norm, self.norm_first)
        return x
