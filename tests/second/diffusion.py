"""Another right answer: samples one by one, the DDPM mean from the guessed data, DDIM in the variables x / sqrt(alpha_bar)."""

import math

import torch


def linear_betas(steps, first=1e-4, last=0.02, *, device=None):
    return torch.tensor([first + (last - first) * t / (steps - 1) for t in range(steps)], dtype=torch.float64, device=device)


def cosine_betas(steps, offset=0.008, *, device=None):
    def f(t):
        return math.cos((t / steps + offset) / (1 + offset) * math.pi / 2) ** 2

    return torch.tensor([min(1 - f(t + 1) / f(t), 0.999) for t in range(steps)], dtype=torch.float64, device=device)


def alpha_bars(betas):
    return torch.log1p(-betas).cumsum(0).exp()


def q_sample(x0, t, noise, alpha_bar):
    return torch.stack([alpha_bar[s].sqrt() * x + (1 - alpha_bar[s]).sqrt() * n for x, s, n in zip(x0, t, noise, strict=True)])


def epsilon_loss(model, x0, t, noise, alpha_bar):
    error = model(q_sample(x0, t, noise, alpha_bar), t) - noise
    return (error * error).sum() / error.numel()


def guided_noise(model, x, t, condition, weight):
    return weight * model(x, t, condition) + (1 - weight) * model(x, t, None)


def ddpm_step(x, t, eps, betas, noise):
    bars = alpha_bars(betas)
    now, before, beta = bars[t], bars[t - 1] if t else torch.ones_like(bars[0]), betas[t]
    x0 = x / now.sqrt() - (1 / now - 1).sqrt() * eps
    mean = before.sqrt() * beta / (1 - now) * x0 + (1 - beta).sqrt() * (1 - before) / (1 - now) * x
    return mean if t == 0 else mean + beta.sqrt() * noise


def ddim_step(x, t, earlier, eps, alpha_bar, *, eta=0.0, noise=None):
    now = float(alpha_bar[t])
    before = 1.0 if earlier == -1 else float(alpha_bar[earlier])
    sigma = eta * math.sqrt((1 - before) / (1 - now)) * math.sqrt(1 - now / before)
    new = math.sqrt(before / now) * x + (math.sqrt(1 - before - sigma**2) - math.sqrt(before / now * (1 - now))) * eps
    if eta:
        new = new + sigma * noise
    return new


def ddpm_sample(model, x, betas, noise):
    t = len(betas)
    while t:
        t -= 1
        eps = model(x, torch.tensor([t] * len(x), device=x.device)).detach()
        x = ddpm_step(x, t, eps, betas, noise[t])
    return x.detach()


def ddim_sample(model, x, alpha_bar, times):
    route = [*times, -1]
    for i in range(len(times)):
        eps = model(x, torch.tensor([route[i]] * len(x), device=x.device)).detach()
        x = ddim_step(x, route[i], route[i + 1], eps, alpha_bar)
    return x.detach()
