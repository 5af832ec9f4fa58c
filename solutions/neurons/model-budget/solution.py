"""Count before you train: parameters fill the memory, multiplications the time, and the receptive field bounds what can be seen."""

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

from torch import nn


def count_parameters(model: nn.Module, *, trainable: bool = False) -> int:
    """The number of numbers in all parameters of the model.

    A parameter that is used in several places counts once. Buffers, such as running means, do not count. trainable: only parameters with
    requires_grad. The model is left unchanged.
    """
    return sum(p.numel() for p in model.parameters() if p.requires_grad or not trainable)


def linear_macs(positions: int, n_in: int, n_out: int) -> int:
    """Multiply-accumulates of a linear layer that is applied at so many positions (samples, tokens). Biases do not count."""
    return positions * n_in * n_out


def conv_macs(
    size: tuple[int, int],
    in_channels: int,
    out_channels: int,
    kernel: int,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> int:
    """Multiply-accumulates of nn.Conv2d for one image of in_channels and size (height, width).

    kernel, stride, padding (on each side) and dilation are the same for both directions; the kernel fits into the padded image. Products
    with padding count like others, biases do not count.
    """
    reach = dilation * (kernel - 1) + 1
    positions = math.prod((side + 2 * padding - reach) // stride + 1 for side in size)
    return positions * out_channels * (in_channels // groups) * kernel**2


def attention_macs(queries: int, d_model: int, keys: int | None = None) -> int:
    """Multiply-accumulates of one multi-head attention layer of width d_model for one sample.

    queries: the number of positions that look; keys: of those looked at, None for self-attention. Counted are the projections of queries, keys,
    values and outputs (each d_model by d_model), the products of queries and keys, and the weighted sums of values. The number of heads does not
    matter: together they are d_model wide. Softmax, scaling and biases do not count.
    """
    keys = queries if keys is None else keys
    projections = 2 * (queries + keys) * d_model**2
    return projections + 2 * queries * keys * d_model


def receptive_field(layers: Sequence[tuple[int, int, int]]) -> int:
    """How wide a stretch of the input one output sees, along one direction, after a stack of convolutions or poolings.

    layers: (kernel, stride, dilation) of each, from the input on. Counted from the first position that matters to the last one, both included,
    holes between them too. No layers: 1.
    """
    field, jump = 1, 1
    for kernel, stride, dilation in layers:
        field = field + (kernel - 1) * dilation * jump
        jump = jump * stride
    return field


def choose_architecture(candidates: Sequence[Sequence[int]], budget: int, scores: Sequence[Sequence[float]]) -> int:
    """The index of the smallest network that fits the budget and is not clearly worse than the best one.

    candidates: the widths of fully connected networks with biases, (n_in, hidden ..., n_out). budget: the largest number of parameters
    allowed. scores: for each candidate the validation scores of two or more training runs, higher is better. Among the candidates that fit,
    the best is the one with the highest mean score (the first of them if several are equal); its standard error is the sample standard
    deviation (with n - 1) of its scores divided by the root of their number. Of all that fit with a mean of at least the best mean minus
    this standard error, the one with the fewest parameters is chosen; of several, the one with the higher mean, then the earlier one. If
    none fits: ValueError.
    """
    sizes = [sum((n_in + 1) * n_out for n_in, n_out in pairwise(widths)) for widths in candidates]
    fitting = [k for k, size in enumerate(sizes) if size <= budget]
    means = [statistics.fmean(runs) for runs in scores]
    best = max(fitting, key=lambda k: means[k])  # ValueError if nothing fits
    margin = statistics.stdev(scores[best]) / math.sqrt(len(scores[best]))
    good = [k for k in fitting if means[k] >= means[best] - margin]
    return min(good, key=lambda k: (sizes[k], -means[k]))
