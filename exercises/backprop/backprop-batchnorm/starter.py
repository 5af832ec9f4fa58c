import torch
from torch import Tensor


def batchnorm_gradients(
    dy: Tensor, x: Tensor, gamma: Tensor, eps: float = 1e-5, running: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients (dx, dgamma, dbeta) of batch norm, y = gamma * (x - mean) / sqrt(variance + eps) + beta.

    x: (batch, channels) or (batch, channels, ...) with any number of further axes. dy: the gradient of y, of the same shape. gamma: (channels,).
    Mean and variance are those of each channel over the batch and all further axes, at least two values; the variance divides by their number.
    They depend on x, and the gradient goes through them. With running = (mean, variance), each (channels,), these constants are used instead, as
    in evaluation. dx has the shape of x, dgamma and dbeta are (channels,). float32 or float64, which is kept; inputs are left unchanged.
    A mean 10,000 times the standard deviation (in float64; 1,000 times in float32) does no harm; neither does a channel with variance 0.
    """
    raise NotImplementedError("your turn")


def layernorm_gradients(dy: Tensor, x: Tensor, gamma: Tensor, eps: float = 1e-5) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients (dx, dgamma, dbeta) of layer norm over the last axis, y = gamma * (x - mean) / sqrt(variance + eps) + beta.

    x: (..., features), with any number of axes before the last one, also none. dy: the gradient of y, of the same shape. gamma: (features,).
    Mean and variance are those of each row of features; the variance divides by their number. dx has the shape of x, dgamma and dbeta are
    (features,). float32 or float64, which is kept; inputs are left unchanged. The same numerical demands as for batchnorm_gradients.
    """
    raise NotImplementedError("your turn")
