import torch
from torch import Tensor, nn


class BatchNorm2d(nn.Module):
    """Normalises every channel over the batch and all pixels, and remembers running statistics for evaluation.

    State as in nn.BatchNorm2d, whose state_dict can be loaded: the parameters weight (ones) and bias (zeros) and the buffers running_mean (zeros)
    and running_var (ones), all (num_features,), and the buffer num_batches_tracked, an int64 0 without dimensions.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        """Make parameters and buffers."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x (batch, num_features, height, width), then multiply by weight and add bias, channel by channel.

        In training with the mean and the biased variance of x over batch, height and width; then running = (1 - momentum) * running + momentum *
        new for the mean and the *unbiased* variance, and num_batches_tracked grows by 1. A channel with only one value raises ValueError.
        In evaluation mode with the running statistics, and nothing is changed. Gradients flow through the statistics of x, and reach x, weight
        and bias; none hangs on the buffers.
        """
        raise NotImplementedError("your turn")


class LayerNorm(nn.Module):
    """Normalises every sample over its last dimensions. Parameters as in nn.LayerNorm: weight (ones) and bias (zeros), both of that shape."""

    def __init__(self, normalized_shape: int | tuple[int, ...], eps: float = 1e-5) -> None:
        """normalized_shape: the sizes of the last dimensions; a number stands for one dimension."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """Standardise x (*, *normalized_shape) with mean and biased variance over the last dimensions; then times weight, plus bias."""
        raise NotImplementedError("your turn")


class GroupNorm(nn.Module):
    """Normalises every sample over groups of neighbouring channels. Parameters as in nn.GroupNorm: weight (ones), bias (zeros), (num_channels,)."""

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5) -> None:
        """Raises ValueError unless num_channels is a multiple of num_groups."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """Standardise each group of x (batch, num_channels, *) over its channels and all further dimensions; then weight and bias by channel.

        The first num_channels / num_groups channels are the first group, and so on. Biased variance.
        """
        raise NotImplementedError("your turn")


class RMSNorm(nn.Module):
    """Divides every sample by the root mean square of its last dimensions. One parameter, weight (ones), of that shape."""

    def __init__(self, normalized_shape: int | tuple[int, ...], eps: float = 1e-6) -> None:
        """normalized_shape: the sizes of the last dimensions; a number stands for one dimension."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """Divide x (*, *normalized_shape) by sqrt(mean of x^2 + eps), times weight; no mean is subtracted."""
        raise NotImplementedError("your turn")
