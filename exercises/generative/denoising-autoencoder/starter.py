from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def gaussian(x: Tensor, normal: Tensor, sigma: float) -> Tensor:
    """Add sigma times the standard normal draws to x, clipped to [0, 1].

    x: images in [0, 1], any shape; normal: draws of the same shape and dtype. sigma >= 0 is a standard deviation.
    Returns a new tensor of the shape and dtype of x; gradients reach x.
    """
    raise NotImplementedError("your turn")


def masking(x: Tensor, uniform: Tensor, rate: float) -> Tensor:
    """Pixels become 0 where uniform < rate; all others stay exactly as they are.

    x: images in [0, 1], any shape; uniform: draws from [0, 1) of the same shape and dtype. rate in [0, 1].
    Returns a new tensor of the shape and dtype of x; gradients reach x.
    """
    raise NotImplementedError("your turn")


def salt_and_pepper(x: Tensor, uniform: Tensor, rate: float) -> Tensor:
    """Pixels become 0 where uniform < rate / 2, and 1 where rate / 2 <= uniform < rate; all others stay as they are.

    x: images in [0, 1], any shape; uniform: draws from [0, 1) of the same shape and dtype. rate in [0, 1].
    Returns a new tensor of the shape and dtype of x; gradients reach x.
    """
    raise NotImplementedError("your turn")


def psnr(image: Tensor, clean: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB of each image, for values with the peak 1.

    image, clean: (batch, ...) of equal shape, with one further axis or more; the batch may be empty. Returns (batch,) in the dtype of
    the inputs: -10 log10 of the image's mean squared error; inf where image and clean are equal. Where they differ,
    gradients reach both.
    """
    raise NotImplementedError("your turn")


def denoising_loss(model: nn.Module, clean: Tensor, corrupt: Callable[[Tensor], Tensor]) -> Tensor:
    """Mean squared error of model(corrupt(clean)) against clean, over all entries: a scalar that carries gradients.

    clean: (batch, ...); the model's output has the same shape and is not clipped. corrupt is called once, with clean.
    """
    raise NotImplementedError("your turn")


@torch.no_grad()
def psnr_gain(model: nn.Module, clean: Tensor, corrupt: Callable[[Tensor], Tensor]) -> float:
    """How many dB the model wins: the mean over the images of psnr(restored, clean) - psnr(noisy, clean), as a float.

    noisy is corrupt(clean), called once, with clean; restored is model(noisy) clipped to [0, 1]. clean: (batch, ...), one image or more.
    The model runs in eval mode and builds no graph; afterwards model.training is what it was before.
    """
    raise NotImplementedError("your turn")


def fit(x: Tensor, corrupt: Callable[[Tensor], Tensor]) -> nn.Module:
    """Train a denoiser on the clean images x, (n, 64) in [0, 1], float32, n >= 1.

    Every image is given to corrupt at least ten times, so that it is seen with ever new noise. Returns a module on the device of x, in
    eval mode, that maps (batch, 64) to (batch, 64).
    """
    raise NotImplementedError("your turn")
