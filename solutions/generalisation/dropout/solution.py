"""Noise that silences units in training and is gone at prediction; kept on, it tells how sure the network is."""

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """Silences single entries while training, and does nothing in evaluation mode."""

    def __init__(self, p: float = 0.5) -> None:
        """Set p, the probability that an entry is dropped. Raises ValueError unless 0 <= p <= 1."""
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"p must lie between 0 and 1, not {p}")
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """In training: every entry of x becomes 0 with probability p, independently of all others, and is divided by 1 - p otherwise.

        x: any shape and floating dtype, both are kept, and x is not changed. Each call draws anew from torch's global generator. With p = 0 all
        of x comes back, with p = 1 zeros. In evaluation mode x comes back as it is. The gradient goes through the same mask.
        """
        return _drop(x, x.shape, self.p) if self.training else x


class Dropout2d(nn.Module):
    """Silences whole channels while training, and does nothing in evaluation mode."""

    def __init__(self, p: float = 0.5) -> None:
        """Set p, the probability that a channel is dropped. Raises ValueError unless 0 <= p <= 1."""
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"p must lie between 0 and 1, not {p}")
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Like Dropout, but for x (batch, channels, height, width): one draw for each channel of each sample, for all its pixels."""
        return _drop(x, (*x.shape[:2], 1, 1), self.p) if self.training else x


def mc_predict(model: nn.Module, x: Tensor, samples: int) -> tuple[Tensor, Tensor]:
    """Mean and variance of `samples` calls of model(x) with dropout on (Monte-Carlo dropout).

    During the calls every Dropout and Dropout2d of this module is in training mode, and every other module in evaluation mode.
    Afterwards each module's `training` is what it was before. Returns (mean, variance), each of the output's shape; the variance divides by
    `samples` (at least 1). Neither has a gradient.
    """
    flags = [(module, module.training) for module in model.modules()]
    for module, _ in flags:
        module.training = isinstance(module, (Dropout, Dropout2d))
    with torch.no_grad():
        outputs = torch.stack([model(x) for _ in range(samples)])
    for module, flag in flags:
        module.training = flag
    return outputs.mean(dim=0), outputs.var(dim=0, unbiased=False)


def _drop(x: Tensor, shape: tuple[int, ...], p: float) -> Tensor:
    mask = x.new_full(shape, 1 - p).bernoulli()
    if p < 1:
        mask = mask / (1 - p)
    return x * mask
