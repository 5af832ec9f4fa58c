"""A VAE is an autoencoder that pays rent for every nat of information its code holds."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def reparameterise(mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
    """Turn standard normal noise into a sample of N(mean, exp(log_var)).

    mean, log_var, noise: (batch, latent). Returns (batch, latent). Gradients reach mean and log_var.
    """
    return mean + noise * torch.exp(0.5 * log_var)


def kl_to_standard_normal(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mean, exp(log_var)) || N(0, I)) of each sample, in nats.

    mean, log_var: (batch, latent), log_var anywhere in [-80, 80]. Returns (batch,). Differentiable.
    """
    return 0.5 * (log_var.exp() + mean.square() - 1 - log_var).sum(dim=1)


def kl_between(mean_q: Tensor, log_var_q: Tensor, mean_p: Tensor, log_var_p: Tensor) -> Tensor:
    """KL(q || p) of two diagonal Gaussians for each sample, in nats: the expectation is taken under q.

    All arguments: (batch, latent), the log-variances anywhere in [-80, 80], those of q and p at most 80 apart. Returns (batch,).
    Differentiable.
    """
    variance_ratio = (log_var_q - log_var_p).exp()
    distance = (mean_q - mean_p).square() * (-log_var_p).exp()
    return 0.5 * (variance_ratio + distance - 1 - log_var_q + log_var_p).sum(dim=1)


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

    x: (batch, features), for "bernoulli" in [0, 1]; at least one sample.
    decoded: (batch, features): logits (of any size) for "bernoulli"; means for "gaussian", which has unit
    variance and keeps its constant.
    mean, log_var: (batch, latent) of q(z | x); the prior is N(0, I).
    free_bits: the KL of each latent dimension, averaged over the batch, is charged at no less than this
    many nats; beta weighs the sum of what is charged. Raises ValueError for another likelihood.
    """
    if likelihood == "bernoulli":
        log_likelihood = -F.binary_cross_entropy_with_logits(decoded, x, reduction="none").sum(dim=1)
    elif likelihood == "gaussian":
        log_likelihood = -0.5 * ((x - decoded).square() + math.log(2 * math.pi)).sum(dim=1)
    else:
        raise ValueError(f"likelihood must be 'bernoulli' or 'gaussian', not {likelihood!r}")
    kl_per_dimension = 0.5 * (log_var.exp() + mean.square() - 1 - log_var).mean(dim=0)
    return log_likelihood.mean() - beta * kl_per_dimension.clamp(min=free_bits).sum()
