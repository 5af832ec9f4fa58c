"""Two optimisers pull at one graph: each step must move one player and leave no trace in the other."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def interpolate(real: Tensor, fake: Tensor) -> Tensor:
    """Random points on the lines between real and generated samples.

    real, fake: (batch, ...), the same shape and dtype. Sample i of the result is t_i * real[i] + (1 - t_i) * fake[i], where t_i is
    uniform in [0, 1): one fresh number for each sample, the same for all of its entries.
    """
    t = torch.rand_like(real.flatten(1)[:, 0]).reshape(-1, *[1] * (real.dim() - 1))
    return t * real + (1 - t) * fake


def slopes(discriminator: nn.Module, points: Tensor) -> Tensor:
    """How the logit of each sample changes with the sample itself.

    points: (batch, ...), every sample with n entries; it is left as it is (it does not begin to require gradients).
    discriminator: gives (batch, 1) logits, each from its own sample alone.
    Returns (batch, n): row i is the gradient of logit i with respect to sample i, flattened. It carries a graph, so that a penalty made
    of it can be differentiated with respect to the discriminator's parameters; their .grad is not touched by this call.
    """
    points = points.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(discriminator(points).sum(), points, create_graph=True)
    return gradient.flatten(1)


def r1_penalty(discriminator: nn.Module, real: Tensor) -> Tensor:
    """R1: half the squared norm of the slope at the real samples, mean over the batch; a 0-d tensor with a graph."""
    return slopes(discriminator, real).square().sum(dim=1).mean() / 2


def gradient_penalty(critic: nn.Module, points: Tensor) -> Tensor:
    """WGAN-GP: (norm of the slope - 1) squared at the given points, mean over the batch; a 0-d tensor with a graph.

    Where a slope is exactly 0 its sample counts 1, and every gradient of the result is finite.
    """
    return (slopes(critic, points).norm(dim=1) - 1).square().mean()


def discriminator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimiser: torch.optim.Optimizer,
    real: Tensor,
    z: Tensor,
    *,
    kind: str = "logistic",
    weight: float = 0.0,
) -> Tensor:
    """One step of the discriminator's optimiser on real samples and on the fakes generator(z).

    Minimised for "logistic": mean of softplus(-logit) over the reals + mean of softplus(logit) over the fakes + weight * R1 at the reals;
    for "wasserstein": mean logit of the fakes - mean logit of the reals + weight * gradient penalty at interpolate(real, fakes).
    real: (batch, ...); z: (batch, latent), of the same batch size. Gradients left over from earlier play no part.
    The generator's parameters and their .grad stay as they are. Returns the loss before the step, a 0-d tensor without a graph.
    Raises ValueError for another kind.
    """
    fake = generator(z).detach()
    real_logits, fake_logits = discriminator(real), discriminator(fake)
    if kind == "logistic":
        loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean() + weight * r1_penalty(discriminator, real)
    elif kind == "wasserstein":
        loss = fake_logits.mean() - real_logits.mean() + weight * gradient_penalty(discriminator, interpolate(real, fake))
    else:
        raise ValueError(f"unknown kind of GAN: {kind!r}")
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.detach()


def generator_step(generator: nn.Module, discriminator: nn.Module, optimiser: torch.optim.Optimizer, z: Tensor, *, kind: str = "logistic") -> Tensor:
    """One step of the generator's optimiser, through a discriminator that is frozen meanwhile.

    Minimised for "logistic": mean of softplus(-logit) over the fakes generator(z) (non-saturating); for "wasserstein": minus their mean logit.
    Gradients left over from earlier play no part. Afterwards the discriminator's parameters, their .grad and their requires_grad (which may
    have been False for some) are what they were. Returns the loss before the step, a 0-d tensor without a graph.
    Raises ValueError for another kind.
    """
    if kind not in ("logistic", "wasserstein"):
        raise ValueError(f"unknown kind of GAN: {kind!r}")
    trained = [parameter for parameter in discriminator.parameters() if parameter.requires_grad]
    for parameter in trained:
        parameter.requires_grad_(False)
    logits = discriminator(generator(z))
    loss = F.softplus(-logits).mean() if kind == "logistic" else -logits.mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    for parameter in trained:
        parameter.requires_grad_()
    return loss.detach()


def train_step(
    generator: nn.Module,
    discriminator: nn.Module,
    g_optimiser: torch.optim.Optimizer,
    d_optimiser: torch.optim.Optimizer,
    reals: Sequence[Tensor],
    noise: Sequence[Tensor],
    *,
    kind: str = "logistic",
    weight: float = 0.0,
) -> tuple[list[Tensor], Tensor]:
    """One round: k steps of the discriminator, then one of the generator.

    reals: k batches of real samples, k at least 1; noise: k + 1 batches of latent vectors, the last one for the generator.
    Returns (the k losses of the discriminator in a list, the loss of the generator), each from before its step.
    """
    d_losses = [
        discriminator_step(generator, discriminator, d_optimiser, real, z, kind=kind, weight=weight)
        for real, z in zip(reals, noise[:-1], strict=True)
    ]
    return d_losses, generator_step(generator, discriminator, g_optimiser, noise[-1], kind=kind)
