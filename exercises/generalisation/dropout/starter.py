import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """Silences single entries while training, and does nothing in evaluation mode."""

    def __init__(self, p: float = 0.5) -> None:
        """Set p, the probability that an entry is dropped. Raises ValueError unless 0 <= p <= 1."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """In training: every entry of x becomes 0 with probability p, independently of all others, and is divided by 1 - p otherwise.

        x: any shape and floating dtype, both are kept, and x is not changed. Each call draws anew from torch's global generator. With p = 0 all
        of x comes back, with p = 1 zeros. In evaluation mode x comes back as it is. The gradient goes through the same mask.
        """
        raise NotImplementedError("your turn")


class Dropout2d(nn.Module):
    """Silences whole channels while training, and does nothing in evaluation mode."""

    def __init__(self, p: float = 0.5) -> None:
        """Set p, the probability that a channel is dropped. Raises ValueError unless 0 <= p <= 1."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """Like Dropout, but for x (batch, channels, height, width): one draw for each channel of each sample, for all its pixels."""
        raise NotImplementedError("your turn")


def mc_predict(model: nn.Module, x: Tensor, samples: int) -> tuple[Tensor, Tensor]:
    """Mean and variance of `samples` calls of model(x) with dropout on (Monte-Carlo dropout).

    During the calls every Dropout and Dropout2d of this module is in training mode, and every other module in evaluation mode.
    Afterwards each module's `training` is what it was before. Returns (mean, variance), each of the output's shape; the variance divides by
    `samples` (at least 1). Neither has a gradient.
    """
    raise NotImplementedError("your turn")
