# blind: passed at try 1
import torch
from torch import Tensor


def through_statistics(dx_hat: Tensor, x_hat: Tensor, scale: Tensor, dim: int) -> Tensor:
    """The gradient of x_hat = (x - mean) * scale: what mean and variance answer for is taken off."""
    level = dx_hat.mean(dim=dim, keepdim=True)
    tilt = (dx_hat * x_hat).mean(dim=dim, keepdim=True)
    return scale * (dx_hat - level - x_hat * tilt)


def normalised(x: Tensor, eps: float, dim: int) -> tuple[Tensor, Tensor]:
    """(x_hat, 1 / sqrt(variance + eps)); the variance is that of the centred values."""
    centred = x - x.mean(dim=dim, keepdim=True)
    scale = (centred.square().mean(dim=dim, keepdim=True) + eps).rsqrt()
    return centred * scale, scale


@torch.no_grad()
def batchnorm_gradients(
    dy: Tensor, x: Tensor, gamma: Tensor, eps: float = 1e-5, running: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients (dx, dgamma, dbeta) of batch norm."""
    moved = x.double().movedim(1, 0)  # channels first, so that a row is a set
    rows, dy_rows = (t.reshape(len(gamma), -1) for t in (moved, dy.double().movedim(1, 0)))
    dx_hat = dy_rows * gamma.double()[:, None]
    if running is None:
        x_hat, scale = normalised(rows, eps, dim=1)
        dx = through_statistics(dx_hat, x_hat, scale, dim=1)
    else:
        mean, variance = (s.double()[:, None] for s in running)
        scale = (variance + eps).rsqrt()
        x_hat = (rows - mean) * scale
        dx = dx_hat * scale
    dgamma, dbeta = (dy_rows * x_hat).sum(dim=1), dy_rows.sum(dim=1)
    return dx.reshape(moved.shape).movedim(0, 1).to(x.dtype), dgamma.to(x.dtype), dbeta.to(x.dtype)


@torch.no_grad()
def layernorm_gradients(dy: Tensor, x: Tensor, gamma: Tensor, eps: float = 1e-5) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients (dx, dgamma, dbeta) of layer norm over the last axis."""
    rows, dy_rows = (t.double().reshape(-1, len(gamma)) for t in (x, dy))
    x_hat, scale = normalised(rows, eps, dim=1)
    dx = through_statistics(dy_rows * gamma.double(), x_hat, scale, dim=1)
    dgamma, dbeta = (dy_rows * x_hat).sum(dim=0), dy_rows.sum(dim=0)
    return dx.reshape(x.shape).to(x.dtype), dgamma.to(x.dtype), dbeta.to(x.dtype)
