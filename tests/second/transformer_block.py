"""Another right answer: attention written out, one class for both layers, the two placements of the norm spelled out."""

import math

import torch
from torch import nn


def residual(x, sublayer, norm, norm_first):
    y = x.clone()
    if norm_first:
        x = norm(x)
    y = y + sublayer(x)
    return y if norm_first else norm(y)


def attend(weights, x, source, causal):
    heads, width = weights.num_heads, x.shape[-1]
    dim = width // heads
    q, k, v = (
        nn.functional.linear(s, weights.in_proj_weight[b * width : (b + 1) * width], weights.in_proj_bias[b * width : (b + 1) * width])
        for b, s in enumerate((x, source, source))
    )
    outputs = []
    for h in range(heads):
        cut = slice(h * dim, (h + 1) * dim)
        scores = q[..., cut] @ k[..., cut].transpose(1, 2) / math.sqrt(dim)
        if causal:
            scores = scores + torch.full_like(scores, -math.inf).triu(1)
        outputs.append(scores.softmax(-1) @ v[..., cut])
    return weights.out_proj(torch.cat(outputs, dim=-1))


class _Layer(nn.Module):
    def __init__(self, d_model, num_heads, d_ff, norm_first=False):
        super().__init__()
        self.first = norm_first
        self.self_attn = nn.MultiheadAttention(d_model, num_heads)
        if self.crosses:
            self.multihead_attn = nn.MultiheadAttention(d_model, num_heads)
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        for number in range(1, 4 if self.crosses else 3):
            setattr(self, f"norm{number}", nn.LayerNorm(d_model))

    def run(self, x, memory):
        steps = [(self.norm1, lambda y: attend(self.self_attn, y, y, self.crosses))]
        if self.crosses:
            steps.append((self.norm2, lambda y: attend(self.multihead_attn, y, memory, False)))
        steps.append((self.norm3 if self.crosses else self.norm2, lambda y: self.linear2(torch.clamp(self.linear1(y), min=0))))
        for norm, sublayer in steps:
            x = residual(x, sublayer, norm, self.first)
        return x


class EncoderLayer(_Layer):
    crosses = False

    def forward(self, x):
        return self.run(x, None)


class DecoderLayer(_Layer):
    crosses = True

    def forward(self, x, memory):
        return self.run(x, memory)
