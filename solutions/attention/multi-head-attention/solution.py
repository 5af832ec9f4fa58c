"""Several small attentions look at the same sequence side by side; a last linear map mixes what they found."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """(batch, length, num_heads * dim) to (batch, num_heads, length, dim): head h gets the features h * dim to (h + 1) * dim - 1."""
    return x.unflatten(-1, (num_heads, -1)).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """(batch, num_heads, length, dim) to (batch, length, num_heads * dim): the inverse of split_heads."""
    return x.transpose(1, 2).flatten(2)


class MultiHeadAttention(nn.Module):
    """Multi-head attention without dropout, batch first.

    Parameters, named and shaped as in nn.MultiheadAttention, so that its state_dict loads: in_proj_weight (3 * embed_dim, embed_dim) and
    in_proj_bias (3 * embed_dim,), whose rows are three blocks, for the queries, the keys and the values; out_proj.weight
    (embed_dim, embed_dim) and out_proj.bias (embed_dim,). Their initial values are free.
    """

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        """Make the parameters; each head works on embed_dim / num_heads features. Raises ValueError when that is no integer."""
        super().__init__()
        if embed_dim % num_heads != 0:
            raise ValueError(f"{embed_dim} features cannot be shared by {num_heads} heads")
        self.num_heads = num_heads
        self.in_proj_weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(3 * embed_dim, embed_dim)))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * embed_dim))
        self.out_proj = nn.Linear(embed_dim, embed_dim)

    def forward(self, x: Tensor, context: Tensor | None = None, key_padding_mask: Tensor | None = None) -> Tensor:
        """Let each position of x look at all positions of the context.

        x: (batch, queries, embed_dim), any memory layout; the batch may be empty. context: (batch, keys, embed_dim), where keys and values
        come from; None stands for x itself: self-attention. key_padding_mask: (batch, keys), boolean, True where the key is padding and gets
        no attention from any head; each sequence has at least one key that is not padding. None: no padding. The entries at padded
        positions are finite and have no influence on the other outputs.
        Returns (batch, queries, embed_dim) of x's dtype, float32, or float64 after module.double(). Inputs are left unchanged; gradients
        reach x, the context and the parameters.
        """
        if context is None:
            context = x
        weights, biases = self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3)
        q, k, v = (split_heads(F.linear(s, w, b), self.num_heads) for s, w, b in zip((x, context, context), weights, biases, strict=True))
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        if key_padding_mask is not None:
            scores = scores.masked_fill(key_padding_mask[:, None, None, :], -math.inf)
        return self.out_proj(merge_heads(scores.softmax(dim=-1) @ v))
