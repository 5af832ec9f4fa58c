import math

import torch
import torch.nn.functional as F
from torch import Tensor


def reparameterise(mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
    """Turn standard normal noise into a sample of N(mean, exp(log_var)).

    mean, log_var, noise: (batch, latent). Returns (batch, latent). Gradients reach mean and log_var.
    """
    raise NotImplementedError("your turn")


def kl_to_standard_normal(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mean, exp(log_var)) || N(0, I)) of each sample, in nats.

    mean, log_var: (batch, latent), log_var anywhere in [-80, 80]. Returns (batch,). Differentiable.
    """
    raise NotImplementedError("your turn")


def kl_between(mean_q: Tensor, log_var_q: Tensor, mean_p: Tensor, log_var_p: Tensor) -> Tensor:
    """KL(q || p) of two diagonal Gaussians for each sample, in nats: the expectation is taken under q.

    All arguments: (batch, latent), the log-variances anywhere in [-80, 80], those of q and p at most 80 apart. Returns (batch,).
    Differentiable.
    """
    raise NotImplementedError("your turn")


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
    raise NotImplementedError("your turn")
