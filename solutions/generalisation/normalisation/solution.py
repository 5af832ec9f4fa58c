"""Four layers, one formula: subtract a mean, divide by a spread. They differ in which entries are pooled, and in whether they remember."""

import torch
from torch import Tensor, nn


class BatchNorm2d(nn.Module):
    """Normalises every channel over the batch and all pixels, and remembers running statistics for evaluation.

    State as in nn.BatchNorm2d, whose state_dict can be loaded: the parameters weight (ones) and bias (zeros) and the buffers running_mean (zeros)
    and running_var (ones), all (num_features,), and the buffer num_batches_tracked, an int64 0 without dimensions.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        """Make parameters and buffers."""
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x (batch, num_features, height, width), then multiply by weight and add bias, channel by channel.

        In training with the mean and the biased variance of x over batch, height and width; then running = (1 - momentum) * running + momentum *
        new for the mean and the *unbiased* variance, and num_batches_tracked grows by 1. A channel with only one value raises ValueError.
        In evaluation mode with the running statistics, and nothing is changed. Gradients flow through the statistics of x, and reach x, weight
        and bias; none hangs on the buffers.
        """
        if self.training:
            count = x.numel() // x.shape[1]
            if count < 2:
                raise ValueError("a channel needs more than one value in training: there is no variance of one")
            mean = x.mean(dim=(0, 2, 3))
            var = (x - _per_channel(mean, x)).square().mean(dim=(0, 2, 3))
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (var * count / (count - 1) - self.running_var)
                self.num_batches_tracked += 1
        else:
            mean, var = self.running_mean, self.running_var
        normalised = (x - _per_channel(mean, x)) * _per_channel((var + self.eps).rsqrt(), x)
        return normalised * _per_channel(self.weight, x) + _per_channel(self.bias, x)


class LayerNorm(nn.Module):
    """Normalises every sample over its last dimensions. Parameters as in nn.LayerNorm: weight (ones) and bias (zeros), both of that shape."""

    def __init__(self, normalized_shape: int | tuple[int, ...], eps: float = 1e-5) -> None:
        """normalized_shape: the sizes of the last dimensions; a number stands for one dimension."""
        super().__init__()
        self.shape = (normalized_shape,) if isinstance(normalized_shape, int) else normalized_shape
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(self.shape))
        self.bias = nn.Parameter(torch.zeros(self.shape))

    def forward(self, x: Tensor) -> Tensor:
        """Standardise x (*, *normalized_shape) with mean and biased variance over the last dimensions; then times weight, plus bias."""
        return _standardise(x, tuple(range(-len(self.shape), 0)), self.eps) * self.weight + self.bias


class GroupNorm(nn.Module):
    """Normalises every sample over groups of neighbouring channels. Parameters as in nn.GroupNorm: weight (ones), bias (zeros), (num_channels,)."""

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5) -> None:
        """Raises ValueError unless num_channels is a multiple of num_groups."""
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"{num_channels} channels cannot be cut into {num_groups} equal groups")
        self.num_groups, self.eps = num_groups, eps
        self.weight = nn.Parameter(torch.ones(num_channels))
        self.bias = nn.Parameter(torch.zeros(num_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Standardise each group of x (batch, num_channels, *) over its channels and all further dimensions; then weight and bias by channel.

        The first num_channels / num_groups channels are the first group, and so on. Biased variance.
        """
        groups = x.reshape(x.shape[0], self.num_groups, -1)
        normalised = _standardise(groups, (2,), self.eps).reshape(x.shape)
        return normalised * _per_channel(self.weight, x) + _per_channel(self.bias, x)


class RMSNorm(nn.Module):
    """Divides every sample by the root mean square of its last dimensions. One parameter, weight (ones), of that shape."""

    def __init__(self, normalized_shape: int | tuple[int, ...], eps: float = 1e-6) -> None:
        """normalized_shape: the sizes of the last dimensions; a number stands for one dimension."""
        super().__init__()
        self.shape = (normalized_shape,) if isinstance(normalized_shape, int) else normalized_shape
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(self.shape))

    def forward(self, x: Tensor) -> Tensor:
        """Divide x (*, *normalized_shape) by sqrt(mean of x^2 + eps), times weight; no mean is subtracted."""
        square = x.square().mean(dim=tuple(range(-len(self.shape), 0)), keepdim=True)
        return x * (square + self.eps).rsqrt() * self.weight


def _standardise(x: Tensor, dims: tuple[int, ...], eps: float) -> Tensor:
    centred = x - x.mean(dim=dims, keepdim=True)
    return centred * (centred.square().mean(dim=dims, keepdim=True) + eps).rsqrt()


def _per_channel(values: Tensor, x: Tensor) -> Tensor:
    return values.reshape(-1, *[1] * (x.dim() - 2))
