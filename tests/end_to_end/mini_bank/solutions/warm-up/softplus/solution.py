"""What is taken out of the logarithm cannot overflow."""

import torch
from torch import Tensor


def softplus(x: Tensor) -> Tensor:
    """log(1 + exp(x)) elementwise, finite for every finite x.

    x: any shape, floating point. Returns a tensor like x.
    """
    return x.clamp(min=0) + torch.log1p(torch.exp(-x.abs()))
