"""The same by other means: densities under the integral worked out one by one, softplus for the Bernoulli, sums divided by hand."""

import torch
from torch import Tensor


def reparameterise(mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
    return torch.addcmul(mean, torch.sqrt(torch.exp(log_var)), noise)


def kl_to_standard_normal(mean: Tensor, log_var: Tensor) -> Tensor:
    return kl_between(mean, log_var, torch.zeros_like(mean), torch.zeros_like(log_var))


def kl_between(mean_q: Tensor, log_var_q: Tensor, mean_p: Tensor, log_var_p: Tensor) -> Tensor:
    # cross entropy of q and p minus the entropy of q; both share log(2 pi)/2, which cancels
    total = torch.zeros(mean_q.shape[0], dtype=mean_q.dtype, device=mean_q.device)
    for d in range(mean_q.shape[1]):
        variance_p = log_var_p[:, d].exp()
        second_moment = log_var_q[:, d].exp() + (mean_q[:, d] - mean_p[:, d]) ** 2
        total = total + (log_var_p[:, d] / 2 + second_moment / (2 * variance_p)) - (log_var_q[:, d] / 2 + 0.5)
    return total


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
    batch, features = x.shape
    if likelihood == "bernoulli":
        # log p = x log s(d) + (1 - x) log s(-d) = x d - softplus(d), with softplus(d) = logaddexp(0, d)
        log_p = (x * decoded - torch.logaddexp(decoded, torch.zeros_like(decoded))).sum() / batch
    elif likelihood == "gaussian":
        log_p = -((x - decoded) ** 2).sum() / (2 * batch) - features * 0.91893853320467274178
    else:
        raise ValueError(likelihood)
    charge = torch.zeros((), dtype=mean.dtype, device=mean.device)
    for d in range(mean.shape[1]):
        kl = kl_to_standard_normal(mean[:, d : d + 1], log_var[:, d : d + 1]).sum() / batch
        charge = charge + (kl if kl.item() > free_bits else free_bits)
    return log_p - beta * charge
