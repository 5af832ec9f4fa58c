from collections.abc import Callable

import torch
from torch import Tensor, nn


def residual(x: Tensor, sublayer: Callable[[Tensor], Tensor], norm: Callable[[Tensor], Tensor], norm_first: bool) -> Tensor:
    """One sublayer with its residual connection and its normalisation; each of the two is called once.

    norm_first (pre-norm): what the sublayer makes of the normalised x is added to x itself, and the sum is not normalised.
    Otherwise (post-norm): what the sublayer makes of x is added to x, and the sum is normalised.
    """
    raise NotImplementedError("your turn")


class EncoderLayer(nn.Module):
    """Self-attention, then a feed-forward network (linear1, relu, linear2), each with residual connection and layer norm; no dropout.

    Parameters, named and shaped as in nn.TransformerEncoderLayer, so that its state_dict loads: self_attn (an nn.MultiheadAttention),
    linear1, linear2, and norm1 and norm2 (nn.LayerNorm, eps 1e-5) of the two sublayers. Their initial values are free.
    """

    def __init__(self, d_model: int, num_heads: int, d_ff: int, norm_first: bool = False) -> None:
        """d_model: the width of the stream; d_ff: of the feed-forward network's hidden layer."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """x: (batch, length, d_model), without padding: each position attends to all of its sequence. Returns the same shape and dtype.

        Works in float32, and after layer.double() in float64, and does the same in training and in evaluation mode. x is left unchanged;
        gradients reach x and the parameters.
        """
        raise NotImplementedError("your turn")


class DecoderLayer(nn.Module):
    """Causal self-attention, cross-attention to a memory, a feed-forward network, each with residual connection and layer norm; no dropout.

    Parameters, named and shaped as in nn.TransformerDecoderLayer, so that its state_dict loads: self_attn and multihead_attn (the
    cross-attention), linear1, linear2, and norm1, norm2 and norm3 of the three sublayers in this order. Their initial values are free.
    """

    def __init__(self, d_model: int, num_heads: int, d_ff: int, norm_first: bool = False) -> None:
        """As EncoderLayer."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        """x: (batch, length, d_model). memory: (batch, memory_length, d_model), the encoder's output, used as it is. No padding in either.

        Position t of x attends to positions 0 to t of x, and to all of the memory. Returns the shape and dtype of x; otherwise as EncoderLayer,
        and gradients reach the memory too.
        """
        raise NotImplementedError("your turn")
