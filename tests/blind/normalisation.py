# blind: passed at try 1
import torch
from torch import Tensor, nn


def standardise(x: Tensor, dims: tuple[int, ...], eps: float) -> Tensor:
    """x minus its mean, divided by its standard deviation, both over dims."""
    centred = x - x.mean(dim=dims, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(dim=dims, keepdim=True) + eps)


def by_channel(values: Tensor, x: Tensor) -> Tensor:
    """Values of the channels, shaped to broadcast with x (batch, channels, *)."""
    return values.reshape(-1, *[1] * (x.dim() - 2))


def last_dims(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The numbers of as many last dimensions, counted from the end."""
    return tuple(range(-len(shape), 0))


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
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x (batch, num_features, height, width), then multiply by weight and add bias, channel by channel.

        In training with the mean and the biased variance of x over batch, height and width; then running = (1 - momentum) * running + momentum *
        new for the mean and the *unbiased* variance, and num_batches_tracked grows by 1. A channel with only one value raises ValueError.
        In evaluation mode with the running statistics, and nothing is changed. Gradients flow through the statistics of x, and reach x, weight
        and bias; none hangs on the buffers.
        """
        if self.training:
            self.remember(x)
            normal = standardise(x, (0, 2, 3), self.eps)
        else:
            spread = torch.sqrt(self.running_var + self.eps)
            normal = (x - by_channel(self.running_mean, x)) / by_channel(spread, x)
        return normal * by_channel(self.weight, x) + by_channel(self.bias, x)

    @torch.no_grad()
    def remember(self, x: Tensor) -> None:
        """Move the running statistics towards those of x."""
        if x.numel() <= x.shape[1]:
            raise ValueError("batch norm needs more than one value for each channel")
        var, mean = torch.var_mean(x, dim=(0, 2, 3), correction=1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(var, self.momentum)
        self.num_batches_tracked += 1


class LayerNorm(nn.Module):
    """Normalises every sample over its last dimensions. Parameters as in nn.LayerNorm: weight (ones) and bias (zeros), both of that shape."""

    def __init__(self, normalized_shape: int | tuple[int, ...], eps: float = 1e-5) -> None:
        """normalized_shape: the sizes of the last dimensions; a number stands for one dimension."""
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.dims, self.eps = last_dims(shape), eps
        self.weight = nn.Parameter(torch.ones(shape))
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        """Standardise x (*, *normalized_shape) with mean and biased variance over the last dimensions; then times weight, plus bias."""
        return standardise(x, self.dims, self.eps) * self.weight + self.bias


class GroupNorm(nn.Module):
    """Normalises every sample over groups of neighbouring channels. Parameters as in nn.GroupNorm: weight (ones), bias (zeros), (num_channels,)."""

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5) -> None:
        """Raises ValueError unless num_channels is a multiple of num_groups."""
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"{num_channels} channels do not form {num_groups} groups")
        self.num_groups, self.eps = num_groups, eps
        self.weight = nn.Parameter(torch.ones(num_channels))
        self.bias = nn.Parameter(torch.zeros(num_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Standardise each group of x (batch, num_channels, *) over its channels and all further dimensions; then weight and bias by channel.

        The first num_channels / num_groups channels are the first group, and so on. Biased variance.
        """
        grouped = x.unflatten(1, (self.num_groups, -1))
        normal = standardise(grouped, tuple(range(2, grouped.dim())), self.eps).flatten(1, 2)
        return normal * by_channel(self.weight, x) + by_channel(self.bias, x)


class RMSNorm(nn.Module):
    """Divides every sample by the root mean square of its last dimensions. One parameter, weight (ones), of that shape."""

    def __init__(self, normalized_shape: int | tuple[int, ...], eps: float = 1e-6) -> None:
        """normalized_shape: the sizes of the last dimensions; a number stands for one dimension."""
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.dims, self.eps = last_dims(shape), eps
        self.weight = nn.Parameter(torch.ones(shape))

    def forward(self, x: Tensor) -> Tensor:
        """Divide x (*, *normalized_shape) by sqrt(mean of x^2 + eps), times weight; no mean is subtracted."""
        power = x.square().mean(dim=self.dims, keepdim=True)
        return x / torch.sqrt(power + self.eps) * self.weight
