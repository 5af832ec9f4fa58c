# blind: passed at try 1
from collections.abc import Callable

import torch
from torch import Tensor, nn

Corrupt = Callable[[Tensor], Tensor]


def gaussian(x: Tensor, normal: Tensor, sigma: float) -> Tensor:
    return torch.clamp(x + sigma * normal, 0, 1)


def masking(x: Tensor, uniform: Tensor, rate: float) -> Tensor:
    return x * (uniform >= rate).to(x.dtype)


def salt_and_pepper(x: Tensor, uniform: Tensor, rate: float) -> Tensor:
    salted = torch.where(uniform < rate, torch.ones_like(x), x)
    return torch.where(uniform < rate / 2, torch.zeros_like(x), salted)


def psnr(image: Tensor, clean: Tensor) -> Tensor:
    error = (image - clean).flatten(1).pow(2).mean(dim=1)
    return -10 * torch.log10(error)


def denoising_loss(model: nn.Module, clean: Tensor, corrupt: Corrupt) -> Tensor:
    return (model(corrupt(clean)) - clean).pow(2).mean()


def psnr_gain(model: nn.Module, clean: Tensor, corrupt: Corrupt) -> float:
    mode = model.training
    model.eval()
    with torch.no_grad():
        noisy = corrupt(clean)
        restored = model(noisy).clamp(0, 1)
        gain = (psnr(restored, clean) - psnr(noisy, clean)).mean().item()
    model.train(mode)
    return gain


def fit(x: Tensor, corrupt: Corrupt) -> nn.Module:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64)).to(x.device)
    parameters = list(model.parameters())
    first = [torch.zeros_like(p) for p in parameters]
    second = [torch.zeros_like(p) for p in parameters]
    step, epochs, size = 0, 30, 64
    for epoch in range(epochs):
        rate = 3e-3 * (1 - epoch / epochs)
        for rows in torch.randperm(len(x)).to(x.device).split(size):
            step += 1
            loss = denoising_loss(model, x[rows], corrupt)
            gradients = torch.autograd.grad(loss, parameters)
            with torch.no_grad():
                for p, g, m, v in zip(parameters, gradients, first, second, strict=True):
                    m.lerp_(g, 0.1)
                    v.lerp_(g * g, 0.001)
                    p -= rate * (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)
    return model.eval()
