"""Noise is added in known proportions, so one network that names the noise can take it away again, step by step."""

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def linear_betas(steps: int, first: float = 1e-4, last: float = 0.02, *, device: str | torch.device | None = None) -> Tensor:
    """Variances of the noise added in each step: (steps,) of float64, evenly spaced from first to last, both included; steps at least 2."""
    return torch.linspace(first, last, steps, dtype=torch.float64, device=device)


def cosine_betas(steps: int, offset: float = 0.008, *, device: str | torch.device | None = None) -> Tensor:
    """The cosine schedule: (steps,) of float64.

    With f(u) = cos((u + offset) / (1 + offset) * pi / 2)^2, beta at step t is 1 - f((t + 1) / steps) / f(t / steps), but at most 0.999.
    """
    u = torch.linspace(0, 1, steps + 1, dtype=torch.float64, device=device)
    f = torch.cos((u + offset) / (1 + offset) * math.pi / 2).square()
    return (1 - f[1:] / f[:-1]).clamp(max=0.999)


def alpha_bars(betas: Tensor) -> Tensor:
    """(steps,): the share of the signal's variance that is left after step t, the product of 1 - beta over the steps 0 to t."""
    return (1 - betas).cumprod(dim=0)


def q_sample(x0: Tensor, t: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """What x0 has become after step t, in one jump: sqrt(alpha_bar_t) x0 + sqrt(1 - alpha_bar_t) noise.

    x0, noise: (batch, ...); t: (batch,) of int64, a step for each sample; alpha_bar: (steps,) of float64. Returns x0's shape and dtype.
    """
    kept = alpha_bar[t].reshape(-1, *[1] * (x0.dim() - 1))
    return kept.sqrt().to(x0.dtype) * x0 + (1 - kept).sqrt().to(x0.dtype) * noise


def epsilon_loss(model: Callable[[Tensor, Tensor], Tensor], x0: Tensor, t: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """Mean squared error, over all entries, of the noise that model(x_t, t) finds in x_t = q_sample(x0, t, noise); a 0-d tensor with a graph."""
    return F.mse_loss(model(q_sample(x0, t, noise, alpha_bar), t), noise)


def guided_noise(model: Callable[[Tensor, Tensor, Tensor | None], Tensor], x: Tensor, t: Tensor, condition: Tensor, weight: float) -> Tensor:
    """Classifier-free guidance: the noise without the condition, moved `weight` times the way to the noise with it.

    model(x, t, condition) and model(x, t, None) give the two. Weight 0 is unconditional, 1 conditional, more exaggerates.
    """
    free = model(x, t, None)
    return free + weight * (model(x, t, condition) - free)


def ddpm_step(x: Tensor, t: int, eps: Tensor, betas: Tensor, noise: Tensor) -> Tensor:
    """From x at step t back to step t - 1, as DDPM samples.

    (x - beta_t / sqrt(1 - alpha_bar_t) eps) / sqrt(1 - beta_t) + sqrt(beta_t) noise; at t = 0, where the result is data, no noise is added.
    x, eps, noise: (batch, ...), eps being the noise predicted in x; betas: (steps,) of float64. Returns x's shape and dtype.
    """
    beta, alpha_bar = betas[t], alpha_bars(betas)[t]
    mean = (x - beta / (1 - alpha_bar).sqrt() * eps) / (1 - beta).sqrt()
    return mean + beta.sqrt() * noise if t > 0 else mean


def ddim_step(x: Tensor, t: int, earlier: int, eps: Tensor, alpha_bar: Tensor, *, eta: float = 0.0, noise: Tensor | None = None) -> Tensor:
    """From x at step t to any earlier step, -1 being the clean data, where alpha_bar is 1.

    With a = alpha_bar_t and b = alpha_bar_earlier: the clean data are guessed as (x - sqrt(1 - a) eps) / sqrt(a); the result is
    sqrt(b) guess + sqrt(1 - b - sigma^2) eps + sigma noise, where sigma = eta sqrt((1 - b) / (1 - a)) sqrt(1 - a / b).
    noise is not looked at when eta is 0, and given otherwise. Shapes and dtypes as in ddpm_step.
    """
    a = alpha_bar[t]
    b = alpha_bar[earlier] if earlier >= 0 else torch.ones_like(a)
    sigma = eta * ((1 - b) / (1 - a) * (1 - a / b)).sqrt()
    guess = (x - (1 - a).sqrt() * eps) / a.sqrt()
    result = b.sqrt() * guess + (1 - b - sigma.square()).sqrt() * eps
    return result if noise is None else result + sigma * noise


def ddpm_sample(model: Callable[[Tensor, Tensor], Tensor], x: Tensor, betas: Tensor, noise: Tensor) -> Tensor:
    """All steps of DDPM, from the last one, where x is pure noise, down to 0.

    x: (batch, ...); noise: (steps, batch, ...), of which step t uses noise[t]. model(x, t) predicts the noise and gets t as (batch,) of int64.
    Returns the data, (batch, ...), without a graph.
    """
    with torch.no_grad():
        for t in reversed(range(len(betas))):
            eps = model(x, torch.full((len(x),), t, device=x.device))
            x = ddpm_step(x, t, eps, betas, noise[t])
    return x


def ddim_sample(model: Callable[[Tensor, Tensor], Tensor], x: Tensor, alpha_bar: Tensor, times: Sequence[int]) -> Tensor:
    """Deterministic DDIM (eta 0) through the given steps only, a falling sequence, and from the last of them to the clean data.

    x: (batch, ...), noise of the level of times[0]; model as in ddpm_sample. Returns (batch, ...), without a graph.
    """
    with torch.no_grad():
        for t, earlier in zip(times, [*times[1:], -1], strict=True):
            x = ddim_step(x, t, earlier, model(x, torch.full((len(x),), t, device=x.device)), alpha_bar)
    return x
