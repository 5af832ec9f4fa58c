"""Another right answer: gradients are asked for by name and given to the optimiser, nothing is ever frozen; norms without .norm."""

import torch


def interpolate(real, fake):
    return torch.stack([torch.lerp(f, r, torch.rand((), dtype=r.dtype, device=r.device)) for r, f in zip(real, fake, strict=True)])


def slopes(discriminator, points):
    rows = []
    for point in points:
        leaf = point[None].clone().requires_grad_()
        rows.append(torch.autograd.grad(discriminator(leaf)[0].sum(), leaf, create_graph=True)[0].reshape(-1))
    return torch.stack(rows)


def r1_penalty(discriminator, real):
    return 0.5 * (slopes(discriminator, real) ** 2).sum() / len(real)


def gradient_penalty(critic, points):
    squares = (slopes(critic, points) ** 2).sum(dim=1)
    flat = squares == 0
    lengths = torch.where(flat, torch.ones_like(squares), squares).sqrt() * (~flat)
    return ((1 - lengths) ** 2).mean()


def move(network, optimiser, loss):
    for parameter, gradient in zip(network.parameters(), torch.autograd.grad(loss, list(network.parameters()), allow_unused=True), strict=True):
        parameter.grad = gradient
    optimiser.step()
    return loss.detach()


def discriminator_step(generator, discriminator, optimiser, real, z, *, kind="logistic", weight=0.0):
    with torch.no_grad():
        fake = generator(z)
    logits = discriminator(torch.cat([real, fake]))
    on_real, on_fake = logits[: len(real)], logits[len(real) :]
    if kind == "logistic":
        loss = torch.log1p(torch.exp(-on_real)).mean() + torch.log1p(torch.exp(on_fake)).mean()
        penalty = r1_penalty(discriminator, real) if weight else 0
    elif kind == "wasserstein":
        loss = on_fake.mean() - on_real.mean()
        penalty = gradient_penalty(discriminator, interpolate(real, fake)) if weight else 0
    else:
        raise ValueError(kind)
    return move(discriminator, optimiser, loss + weight * penalty)


def generator_step(generator, discriminator, optimiser, z, *, kind="logistic"):
    logits = discriminator(generator(z))
    losses = {"logistic": lambda: -torch.nn.functional.logsigmoid(logits).mean(), "wasserstein": lambda: -logits.mean()}
    if kind not in losses:
        raise ValueError(kind)
    return move(generator, optimiser, losses[kind]())


def train_step(generator, discriminator, g_optimiser, d_optimiser, reals, noise, *, kind="logistic", weight=0.0):
    losses = []
    for number, real in enumerate(reals):
        losses.append(discriminator_step(generator, discriminator, d_optimiser, real, noise[number], kind=kind, weight=weight))
    return losses, generator_step(generator, discriminator, g_optimiser, noise[len(reals)], kind=kind)
