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
    raise NotImplementedError("your turn")


def linear_macs(positions: int, n_in: int, n_out: int) -> int:
    """Multiply-accumulates of a linear layer that is applied at so many positions (samples, tokens). Biases do not count."""
    raise NotImplementedError("your turn")


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
    raise NotImplementedError("your turn")


def attention_macs(queries: int, d_model: int, keys: int | None = None) -> int:
    """Multiply-accumulates of one multi-head attention layer of width d_model for one sample.

    queries: the number of positions that look; keys: of those looked at, None for self-attention. Counted are the projections of queries, keys,
    values and outputs (each d_model by d_model), the products of queries and keys, and the weighted sums of values. The number of heads does not
    matter: together they are d_model wide. Softmax, scaling and biases do not count.
    """
    raise NotImplementedError("your turn")


def receptive_field(layers: Sequence[tuple[int, int, int]]) -> int:
    """How wide a stretch of the input one output sees, along one direction, after a stack of convolutions or poolings.

    layers: (kernel, stride, dilation) of each, from the input on. Counted from the first position that matters to the last one, both included,
    holes between them too. No layers: 1.
    """
    raise NotImplementedError("your turn")


def choose_architecture(candidates: Sequence[Sequence[int]], budget: int, scores: Sequence[Sequence[float]]) -> int:
    """The index of the smallest network that fits the budget and is not clearly worse than the best one.

    candidates: the widths of fully connected networks with biases, (n_in, hidden ..., n_out). budget: the largest number of parameters
    allowed. scores: for each candidate the validation scores of two or more training runs, higher is better. Among the candidates that fit,
    the best is the one with the highest mean score (the first of them if several are equal); its standard error is the sample standard
    deviation (with n - 1) of its scores divided by the root of their number. Of all that fit with a mean of at least the best mean minus
    this standard error, the one with the fewest parameters is chosen; of several, the one with the higher mean, then the earlier one. If
    none fits: ValueError.
    """
    raise NotImplementedError("your turn")
