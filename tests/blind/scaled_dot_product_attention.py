# blind: passed at try 1
import math

import torch
from torch import Tensor


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, is_causal: bool = False) -> Tensor:
    """Scaled dot-product attention: softmax(q k^T / sqrt(dim)) v, the softmax over the keys.

    The division by the softmax's denominator comes last, after the sum over the values, so that a query without any key
    (a denominator of 0) is told apart in one place.
    """
    scores = torch.einsum("...qd,...kd->...qk", q, k) / math.sqrt(q.shape[-1])
    queries, keys = scores.shape[-2:]

    if mask is not None:
        if mask.dtype == torch.bool:
            scores = scores.masked_fill(~mask, -math.inf)
        else:
            scores = scores + mask
    if is_causal:
        position = torch.arange(max(queries, keys), device=q.device)
        future = position[:keys] > position[:queries, None]
        scores = scores.masked_fill(future, -math.inf)

    if keys == 0:
        return scores @ v  # nobody to attend to: zeros
    peak = scores.detach().amax(dim=-1, keepdim=True)
    peak = peak.masked_fill(peak == -math.inf, 0.0)  # -inf minus -inf would be nan
    unnormalised = torch.exp(scores - peak)
    total = unnormalised.sum(dim=-1, keepdim=True)
    return unnormalised @ v / total.masked_fill(total == 0, 1.0)
