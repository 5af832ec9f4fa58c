"""Spoil the input and ask for the clean image back: copying no longer helps, so the network has to learn what images look like."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def gaussian(x: Tensor, normal: Tensor, sigma: float) -> Tensor:
    """Add sigma times the standard normal draws to x, clipped to [0, 1].

    x: images in [0, 1], any shape; normal: draws of the same shape and dtype. sigma >= 0 is a standard deviation.
    Returns a new tensor of the shape and dtype of x; gradients reach x.
    """
    return (x + sigma * normal).clamp(0.0, 1.0)


def masking(x: Tensor, uniform: Tensor, rate: float) -> Tensor:
    """Pixels become 0 where uniform < rate; all others stay exactly as they are.

    x: images in [0, 1], any shape; uniform: draws from [0, 1) of the same shape and dtype. rate in [0, 1].
    Returns a new tensor of the shape and dtype of x; gradients reach x.
    """
    return x.masked_fill(uniform < rate, 0.0)


def salt_and_pepper(x: Tensor, uniform: Tensor, rate: float) -> Tensor:
    """Pixels become 0 where uniform < rate / 2, and 1 where rate / 2 <= uniform < rate; all others stay as they are.

    x: images in [0, 1], any shape; uniform: draws from [0, 1) of the same shape and dtype. rate in [0, 1].
    Returns a new tensor of the shape and dtype of x; gradients reach x.
    """
    return x.masked_fill(uniform < rate, 1.0).masked_fill(uniform < rate / 2, 0.0)


def psnr(image: Tensor, clean: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB of each image, for values with the peak 1.

    image, clean: (batch, ...) of equal shape, with one further axis or more; the batch may be empty. Returns (batch,) in the dtype of
    the inputs: -10 log10 of the image's mean squared error; inf where image and clean are equal. Where they differ,
    gradients reach both.
    """
    error = (image - clean).square().flatten(1).mean(dim=1)
    return -10 * error.log10()


def denoising_loss(model: nn.Module, clean: Tensor, corrupt: Callable[[Tensor], Tensor]) -> Tensor:
    """Mean squared error of model(corrupt(clean)) against clean, over all entries: a scalar that carries gradients.

    clean: (batch, ...); the model's output has the same shape and is not clipped. corrupt is called once, with clean.
    """
    return F.mse_loss(model(corrupt(clean)), clean)


@torch.no_grad()
def psnr_gain(model: nn.Module, clean: Tensor, corrupt: Callable[[Tensor], Tensor]) -> float:
    """How many dB the model wins: the mean over the images of psnr(restored, clean) - psnr(noisy, clean), as a float.

    noisy is corrupt(clean), called once, with clean; restored is model(noisy) clipped to [0, 1]. clean: (batch, ...), one image or more.
    The model runs in eval mode and builds no graph; afterwards model.training is what it was before.
    """
    was_training = model.training
    model.eval()
    noisy = corrupt(clean)
    restored = model(noisy).clamp(0.0, 1.0)
    model.train(was_training)
    return (psnr(restored, clean) - psnr(noisy, clean)).mean().item()


def fit(x: Tensor, corrupt: Callable[[Tensor], Tensor]) -> nn.Module:
    """Train a denoiser on the clean images x, (n, 64) in [0, 1], float32, n >= 1.

    Every image is given to corrupt at least ten times, so that it is seen with ever new noise. Returns a module on the device of x, in
    eval mode, that maps (batch, 64) to (batch, 64).
    """
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64)).to(x.device)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(20):
        for rows in torch.randperm(len(x), device=x.device).split(64):
            loss = denoising_loss(model, x[rows], corrupt)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return model.eval()
