# blind: passed at try 1
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def interpolate(real: Tensor, fake: Tensor) -> Tensor:
    """Random points on the lines between real and generated samples."""
    t = torch.rand(len(real), *[1] * (real.dim() - 1), dtype=real.dtype, device=real.device)
    return t * real + (1 - t) * fake


def slopes(discriminator: nn.Module, points: Tensor) -> Tensor:
    """(batch, n): row i is the gradient of logit i with respect to sample i, flattened; with a graph."""
    leaf = points.detach().clone().requires_grad_()
    # each logit hangs on its own sample only, so the gradient of the sum has the single gradients in its rows
    total = discriminator(leaf).sum()
    (gradient,) = torch.autograd.grad(total, leaf, create_graph=True)
    return gradient.flatten(start_dim=1)


def r1_penalty(discriminator: nn.Module, real: Tensor) -> Tensor:
    """Half the squared norm of the slope at the real samples, mean over the batch."""
    return slopes(discriminator, real).square().sum(dim=1).mean() / 2


def gradient_penalty(critic: nn.Module, points: Tensor) -> Tensor:
    """(norm of the slope - 1) squared at the given points, mean over the batch."""
    squares = slopes(critic, points).square().sum(dim=1)
    flat = squares == 0
    # the root has an infinite derivative at 0, so the zeros go round it
    norms = squares.masked_fill(flat, 1.0).sqrt().masked_fill(flat, 0.0)
    return (norms - 1).square().mean()


def check(kind: str) -> None:
    if kind not in ("logistic", "wasserstein"):
        raise ValueError(f"unknown kind of loss: {kind!r}")


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
    """One step of the discriminator's optimiser on real samples and on the fakes generator(z)."""
    check(kind)
    with torch.no_grad():
        fake = generator(z)
    on_real, on_fake = discriminator(real), discriminator(fake)
    if kind == "logistic":
        loss = F.softplus(-on_real).mean() + F.softplus(on_fake).mean()
    else:
        loss = on_fake.mean() - on_real.mean()
    if weight:
        penalty = r1_penalty(discriminator, real) if kind == "logistic" else gradient_penalty(discriminator, interpolate(real, fake))
        loss = loss + weight * penalty
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.detach()


def generator_step(generator: nn.Module, discriminator: nn.Module, optimiser: torch.optim.Optimizer, z: Tensor, *, kind: str = "logistic") -> Tensor:
    """One step of the generator's optimiser, through a discriminator that is frozen meanwhile."""
    check(kind)
    trained = [p for p in discriminator.parameters() if p.requires_grad]
    for p in trained:
        p.requires_grad_(False)
    try:
        logits = discriminator(generator(z))
        loss = F.softplus(-logits).mean() if kind == "logistic" else -logits.mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    finally:
        for p in trained:
            p.requires_grad_(True)
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
    """One round: k steps of the discriminator, then one of the generator."""
    d_losses = [
        discriminator_step(generator, discriminator, d_optimiser, real, z, kind=kind, weight=weight)
        for real, z in zip(reals, noise[:-1], strict=True)
    ]
    return d_losses, generator_step(generator, discriminator, g_optimiser, noise[-1], kind=kind)
