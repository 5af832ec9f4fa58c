# blind: passed at try 2
import math

import torch
import torch.nn.functional as F
from torch import Tensor


def _kl_of_each(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mean, exp(log_var)) || N(0, 1)) of every entry; expm1 keeps its digits where the variance is close to 1."""
    return 0.5 * (mean**2 + torch.expm1(log_var) - log_var)


def reparameterise(mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
    """Turn standard normal noise into a sample of N(mean, exp(log_var)).

    mean, log_var, noise: (batch, latent). Returns (batch, latent). Gradients reach mean and log_var.
    """
    return mean + torch.exp(0.5 * log_var) * noise


def kl_to_standard_normal(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mean, exp(log_var)) || N(0, I)) of each sample, in nats.

    mean, log_var: (batch, latent), log_var anywhere in [-80, 80]. Returns (batch,). Differentiable.
    """
    return _kl_of_each(mean, log_var).sum(dim=1)


def kl_between(mean_q: Tensor, log_var_q: Tensor, mean_p: Tensor, log_var_p: Tensor) -> Tensor:
    """KL(q || p) of two diagonal Gaussians for each sample, in nats: the expectation is taken under q.

    All arguments: (batch, latent), the log-variances anywhere in [-80, 80]. Returns (batch,). Differentiable.
    """
    # In units of p: p becomes the standard normal, q moves and stretches with it.
    moved = (mean_q - mean_p) * torch.exp(-0.5 * log_var_p)
    return _kl_of_each(moved, log_var_q - log_var_p).sum(dim=1)


def elbo(
    x: Tensor,
    decoded: Tensor,
    mean: Tensor,
    log_var: Tensor,
    *,
    likelihood: str = "bernoulli",
    beta: float = 1.0,
    free_bits: float = 0.0,
) -> Tensor:
    """Evidence lower bound E[log p(x | z)] - beta * KL, averaged over the batch: a 0-d tensor to maximise, in nats.

    x: (batch, features), for "bernoulli" in [0, 1].
    decoded: (batch, features): logits (of any size) for "bernoulli"; means for "gaussian", which has unit
    variance and keeps its constant.
    mean, log_var: (batch, latent) of q(z | x); the prior is N(0, I).
    free_bits: the KL of each latent dimension, averaged over the batch, is charged at no less than this
    many nats; beta weighs the sum of what is charged. Raises ValueError for another likelihood.
    """
    if likelihood == "bernoulli":
        log_p = x * F.logsigmoid(decoded) + (1 - x) * F.logsigmoid(-decoded)
    elif likelihood == "gaussian":
        log_p = -0.5 * (x - decoded) ** 2 - 0.5 * math.log(2 * math.pi)
    else:
        raise ValueError(f"unknown likelihood: {likelihood!r}")
    charged = _kl_of_each(mean, log_var).mean(dim=0).clamp(min=free_bits)
    return log_p.sum(dim=1).mean() - beta * charged.sum()
