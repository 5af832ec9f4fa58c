"""Normalising takes mean and scale away, so its backward pass takes the same two directions out of the gradient."""

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
    axes = [0, *range(2, x.dim())]
    column = (-1, *[1] * (x.dim() - 2))
    if running is None:
        centred, rstd = _centred_and_rstd(x, axes, eps)
    else:
        mean, variance = running
        centred, rstd = x - mean.reshape(column), torch.rsqrt(variance.reshape(column) + eps)
    x_hat = centred * rstd
    dx = dy * gamma.reshape(column)
    if running is None:
        dx = _without_mean_and_scale(dx, x_hat, axes)
    return dx * rstd, (dy * x_hat).sum(axes), dy.sum(axes)


def layernorm_gradients(dy: Tensor, x: Tensor, gamma: Tensor, eps: float = 1e-5) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients (dx, dgamma, dbeta) of layer norm over the last axis, y = gamma * (x - mean) / sqrt(variance + eps) + beta.

    x: (..., features), with any number of axes before the last one, also none. dy: the gradient of y, of the same shape. gamma: (features,).
    Mean and variance are those of each row of features; the variance divides by their number. dx has the shape of x, dgamma and dbeta are
    (features,). float32 or float64, which is kept; inputs are left unchanged. The same numerical demands as for batchnorm_gradients.
    """
    centred, rstd = _centred_and_rstd(x, [-1], eps)
    x_hat = centred * rstd
    dx = _without_mean_and_scale(dy * gamma, x_hat, [-1])
    rows = (-1, x.shape[-1])
    return dx * rstd, (dy * x_hat).reshape(rows).sum(0), dy.reshape(rows).sum(0)


def _centred_and_rstd(x: Tensor, axes: list[int], eps: float) -> tuple[Tensor, Tensor]:
    centred = x - x.mean(axes, keepdim=True)
    return centred, torch.rsqrt(centred.square().mean(axes, keepdim=True) + eps)


def _without_mean_and_scale(gradient: Tensor, x_hat: Tensor, axes: list[int]) -> Tensor:
    """The parts along 1 and along x_hat change nothing that survives the normalisation."""
    return gradient - gradient.mean(axes, keepdim=True) - x_hat * (gradient * x_hat).mean(axes, keepdim=True)
