import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """(batch, length, num_heads * dim) to (batch, num_heads, length, dim): head h gets the features h * dim to (h + 1) * dim - 1."""
    raise NotImplementedError("your turn")


def merge_heads(x: Tensor) -> Tensor:
    """(batch, num_heads, length, dim) to (batch, length, num_heads * dim): the inverse of split_heads."""
    raise NotImplementedError("your turn")


class MultiHeadAttention(nn.Module):
    """Multi-head attention without dropout, batch first.

    Parameters, named and shaped as in nn.MultiheadAttention, so that its state_dict loads: in_proj_weight (3 * embed_dim, embed_dim) and
    in_proj_bias (3 * embed_dim,), whose rows are three blocks, for the queries, the keys and the values; out_proj.weight
    (embed_dim, embed_dim) and out_proj.bias (embed_dim,). Their initial values are free.
    """

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        """Make the parameters; each head works on embed_dim / num_heads features. Raises ValueError when that is no integer."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor, context: Tensor | None = None, key_padding_mask: Tensor | None = None) -> Tensor:
        """Let each position of x look at all positions of the context.

        x: (batch, queries, embed_dim), any memory layout; the batch may be empty. context: (batch, keys, embed_dim), where keys and values
        come from; None stands for x itself: self-attention. key_padding_mask: (batch, keys), boolean, True where the key is padding and gets
        no attention from any head; each sequence has at least one key that is not padding. None: no padding. The entries at padded
        positions are finite and have no influence on the other outputs.
        Returns (batch, queries, embed_dim) of x's dtype, float32, or float64 after module.double(). Inputs are left unchanged; gradients
        reach x, the context and the parameters.
        """
        raise NotImplementedError("your turn")
