"""A Transformer layer is a stream with detours: each sublayer reads the stream, and what it finds is added back."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


def residual(x: Tensor, sublayer: Callable[[Tensor], Tensor], norm: Callable[[Tensor], Tensor], norm_first: bool) -> Tensor:
    """One sublayer with its residual connection and its normalisation; each of the two is called once.

    norm_first (pre-norm): what the sublayer makes of the normalised x is added to x itself, and the sum is not normalised.
    Otherwise (post-norm): what the sublayer makes of x is added to x, and the sum is normalised.
    """
    return x + sublayer(norm(x)) if norm_first else norm(x + sublayer(x))


class EncoderLayer(nn.Module):
    """Self-attention, then a feed-forward network (linear1, relu, linear2), each with residual connection and layer norm; no dropout.

    Parameters, named and shaped as in nn.TransformerEncoderLayer, so that its state_dict loads: self_attn (an nn.MultiheadAttention),
    linear1, linear2, and norm1 and norm2 (nn.LayerNorm, eps 1e-5) of the two sublayers. Their initial values are free.
    """

    def __init__(self, d_model: int, num_heads: int, d_ff: int, norm_first: bool = False) -> None:
        """d_model: the width of the stream; d_ff: of the feed-forward network's hidden layer."""
        super().__init__()
        self.norm_first = norm_first
        self.self_attn = nn.MultiheadAttention(d_model, num_heads, batch_first=True)
        self.linear1, self.linear2 = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)

    def forward(self, x: Tensor) -> Tensor:
        """x: (batch, length, d_model), without padding: each position attends to all of its sequence. Returns the same shape and dtype.

        Works in float32, and after layer.double() in float64, and does the same in training and in evaluation mode. x is left unchanged;
        gradients reach x and the parameters.
        """
        x = residual(x, lambda y: self.self_attn(y, y, y, need_weights=False)[0], self.norm1, self.norm_first)
        return residual(x, lambda y: self.linear2(self.linear1(y).relu()), self.norm2, self.norm_first)


class DecoderLayer(nn.Module):
    """Causal self-attention, cross-attention to a memory, a feed-forward network, each with residual connection and layer norm; no dropout.

    Parameters, named and shaped as in nn.TransformerDecoderLayer, so that its state_dict loads: self_attn and multihead_attn (the
    cross-attention), linear1, linear2, and norm1, norm2 and norm3 of the three sublayers in this order. Their initial values are free.
    """

    def __init__(self, d_model: int, num_heads: int, d_ff: int, norm_first: bool = False) -> None:
        """As EncoderLayer."""
        super().__init__()
        self.norm_first = norm_first
        self.self_attn = nn.MultiheadAttention(d_model, num_heads, batch_first=True)
        self.multihead_attn = nn.MultiheadAttention(d_model, num_heads, batch_first=True)
        self.linear1, self.linear2 = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(d_model), nn.LayerNorm(d_model), nn.LayerNorm(d_model)

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        """x: (batch, length, d_model). memory: (batch, memory_length, d_model), the encoder's output, used as it is. No padding in either.

        Position t of x attends to positions 0 to t of x, and to all of the memory. Returns the shape and dtype of x; otherwise as EncoderLayer,
        and gradients reach the memory too.
        """
        future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).triu(diagonal=1)
        x = residual(x, lambda y: self.self_attn(y, y, y, attn_mask=future, need_weights=False)[0], self.norm1, self.norm_first)
        x = residual(x, lambda y: self.multihead_attn(y, memory, memory, need_weights=False)[0], self.norm2, self.norm_first)
        return residual(x, lambda y: self.linear2(self.linear1(y).relu()), self.norm3, self.norm_first)
