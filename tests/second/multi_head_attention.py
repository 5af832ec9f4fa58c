"""Another right answer: one head after the other, each with its own rows of the weights and its own columns of the output map."""

import torch
from torch import nn


def split_heads(x, num_heads):
    return torch.stack(x.split(x.shape[-1] // num_heads, dim=-1), dim=1)


def merge_heads(x):
    return torch.cat(x.unbind(dim=1), dim=-1)


class MultiHeadAttention(nn.Module):
    def __init__(self, embed_dim, num_heads):
        super().__init__()
        self.dim, rest = divmod(embed_dim, num_heads)
        if rest:
            raise ValueError(num_heads)
        self.embed_dim = embed_dim
        self.in_proj_weight = nn.Parameter(torch.randn(3 * embed_dim, embed_dim) / 10)
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * embed_dim))
        self.out_proj = nn.Linear(embed_dim, embed_dim)

    def part(self, x, block, head):
        rows = slice(block * self.embed_dim + head * self.dim, block * self.embed_dim + (head + 1) * self.dim)
        return torch.einsum("nti,oi->nto", x, self.in_proj_weight[rows]) + self.in_proj_bias[rows]

    def forward(self, x, context=None, key_padding_mask=None):
        source = x if context is None else context
        total = self.out_proj.bias.expand(*x.shape)
        for head in range(self.embed_dim // self.dim):
            q, k, v = self.part(x, 0, head), self.part(source, 1, head), self.part(source, 2, head)
            scores = torch.einsum("nqd,nkd->nqk", q, k) * self.dim**-0.5
            if key_padding_mask is not None:
                scores = torch.where(key_padding_mask.unsqueeze(1), torch.finfo(x.dtype).min, scores)
            weights = torch.exp(scores - scores.amax(dim=2, keepdim=True))
            weights = weights / weights.sum(dim=2, keepdim=True)
            columns = self.out_proj.weight[:, head * self.dim : (head + 1) * self.dim]
            total = total + torch.einsum("nqk,nkd,od->nqo", weights, v, columns)
        return total
