import math

import torch
from torch import Tensor


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, is_causal: bool = False) -> Tensor:
    """Scaled dot-product attention: softmax(q k^T / sqrt(dim)) v, the softmax over the keys.

    q: (..., queries, dim). k: (..., keys, dim). v: (..., keys, value_dim). The leading dimensions are the same for all three: any number
    of them, also none, and a batch may be empty; all other sizes are at least 1. One dtype, float32 or float64, any memory layout. All
    entries are finite, those of forbidden keys and values too.
    Returns (..., queries, value_dim) of that dtype. Gradients reach q, k, v and a floating mask. Scores up to 1e30 in size do not overflow.

    mask: None, or a tensor that broadcasts to (..., queries, keys). Boolean: True where the query may attend to the key. Floating (q's
    dtype): added to the scaled scores before the softmax; -inf forbids, all other entries are finite.
    is_causal: query i attends to keys 0 to i only, counted from the first query and the first key, also when there are more keys than
    queries or fewer. Given together with a mask, both rules hold.
    A query that may attend to no key gets an output of zeros. It contributes nothing to any gradient, and its own gradient is zero.
    """
    raise NotImplementedError("your turn")
