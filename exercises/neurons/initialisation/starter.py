import math
from collections.abc import Sequence

import torch
from torch import Generator, Tensor


def fan_in_out(shape: Sequence[int]) -> tuple[int, int]:
    """How many inputs one output of a layer sums up, and how many outputs one input reaches.

    shape: of the weight, (n_out, n_in) of a linear layer or (out_channels, in_channels, *kernel) of a convolution with any number of kernel
    dimensions; with groups, in_channels stands for the channels of one group, as in PyTorch, and the groups do not matter otherwise.
    Returns (fan_in, fan_out), integers; shapes of fewer than two dimensions raise ValueError.
    """
    raise NotImplementedError("your turn")


def xavier_uniform(shape: Sequence[int], *, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """A float32 weight, uniform around 0, with variance gain^2 * 2 / (fan_in + fan_out).

    The numbers are those of nn.init.xavier_uniform_: one call of rand or uniform_ for the whole tensor, r -> (2 r - 1) * bound. They come
    from generator, which leaves torch's global random numbers alone, or from the global ones when it is None.
    """
    raise NotImplementedError("your turn")


def kaiming_normal(shape: Sequence[int], *, slope: float = 0.0, mode: str = "fan_in", generator: Generator | None = None) -> Tensor:
    """A float32 weight, normal around 0, with variance 2 / ((1 + slope^2) * fan), for a leaky relu of that slope (0: relu).

    mode: which fan, "fan_in" or "fan_out"; any other raises ValueError. The numbers are those of nn.init.kaiming_normal_: one call of
    randn or normal_ for the whole tensor, from generator or the global random numbers as in xavier_uniform.
    """
    raise NotImplementedError("your turn")


def lsuv(weights: Sequence[Tensor], x: Tensor) -> list[Tensor]:
    """Scale the weights of a relu network without biases, layer by layer, until each layer's sums have variance 1 on the batch x.

    weights: (n_out, n_in) of each layer from input to output; x: (batch, n_in of the first layer), at least one sample; all of one dtype,
    float32 or float64. With h the input of a layer (x, and later the relu of the sums before, computed with the scaled weights), the sums
    are h @ W.T, and the variance is the mean square deviation of all batch * n_out sums from their mean. Returns the scaled weights, new
    tensors, each the given one times a positive number; a layer whose sums are all equal keeps its weight. Inputs are left unchanged.
    """
    raise NotImplementedError("your turn")
