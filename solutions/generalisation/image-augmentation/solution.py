"""Change what the label does not depend on, differently for every image: the network learns not to look at it."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def crop(x: Tensor, top: Tensor, left: Tensor, padding: int) -> Tensor:
    """Pad all four sides with `padding` zeros, then cut out of each image the window of the old size whose corner is at row top[i], column left[i].

    x: (batch, channels, height, width). top, left: (batch,) int64 from 0 to 2 * padding, counted in the padded image; padding is their middle and
    gives x back. Returns a new tensor of x's shape.
    """
    height, width = x.shape[2:]
    padded = F.pad(x, (padding, padding, padding, padding))
    corners = zip(padded, top.tolist(), left.tolist(), strict=True)
    return torch.stack([image[:, row : row + height, column : column + width] for image, row, column in corners])


def flip(x: Tensor, horizontal: Tensor, vertical: Tensor) -> Tensor:
    """Swap left and right of the images where horizontal is True, top and bottom where vertical is True (both: (batch,) bool)."""
    x = torch.where(horizontal[:, None, None, None], x.flip(3), x)
    return torch.where(vertical[:, None, None, None], x.flip(2), x)


def rotate(x: Tensor, degrees: Tensor) -> Tensor:
    """Rotate image i about its centre by degrees[i], counter-clockwise as one sees it (row 0 on top).

    x: (batch, channels, height, width), not necessarily square; degrees: (batch,), floating, on x's device. The value of a pixel is
    interpolated bilinearly between the four pixels around the place it comes from; what lies outside the image counts as 0. The centre is at row
    (height - 1) / 2, column (width - 1) / 2. Shape and dtype are kept, and gradients reach x.
    """
    height, width = x.shape[2:]
    angle = (degrees * math.pi / 180)[:, None, None]
    down = torch.arange(height, dtype=x.dtype, device=x.device)[:, None] - (height - 1) / 2
    right = torch.arange(width, dtype=x.dtype, device=x.device) - (width - 1) / 2
    from_right = angle.cos() * right - angle.sin() * down
    from_down = angle.sin() * right + angle.cos() * down
    grid = torch.stack([2 * from_right / width, 2 * from_down / height], dim=3)
    return F.grid_sample(x, grid, align_corners=False)


def jitter(x: Tensor, brightness: Tensor, contrast: Tensor, saturation: Tensor) -> Tensor:
    """Change brightness, then contrast, then saturation of image i by the factors brightness[i], contrast[i], saturation[i].

    x: (batch, 3, height, width), red, green and blue in [0, 1]. The factors: (batch,), 1 changes nothing. The grey of a pixel is 0.299 red +
    0.587 green + 0.114 blue. Brightness multiplies x. Contrast moves x away from the mean grey of the image: factor * x + (1 - factor) * mean.
    Saturation moves each pixel away from its own grey: factor * x + (1 - factor) * grey. After each of the three steps the values are clamped
    to [0, 1]; the next step starts from the result.
    """
    x = (_each(brightness) * x).clamp(0, 1)
    mean = _grey(x).mean(dim=(2, 3), keepdim=True)
    x = (_each(contrast) * x + _each(1 - contrast) * mean).clamp(0, 1)
    return (_each(saturation) * x + _each(1 - saturation) * _grey(x)).clamp(0, 1)


def augment(
    x: Tensor, generator: torch.Generator, *, padding: int = 0, flip_probability: float = 0.0, max_degrees: float = 0.0, strength: float = 0.0
) -> Tensor:
    """Augment each image of x (batch, 3, height, width) by draws of its own from the generator: crop, flip, rotate, and jitter last.

    top and left are uniform over 0 ... 2 * padding; horizontal is True with flip_probability, vertical is always False; degrees are uniform from
    -max_degrees to max_degrees, brightness, contrast and saturation each from 1 - strength to 1 + strength. All are independent. The generator
    is one of the CPU, x may be elsewhere. The same state of the generator gives the same result.
    """
    n = len(x)

    def spread(width: float) -> Tensor:
        return ((2 * torch.rand(n, generator=generator) - 1) * width).to(x.device)

    top, left = torch.randint(0, 2 * padding + 1, (2, n), generator=generator)
    x = crop(x, top, left, padding)
    horizontal = (torch.rand(n, generator=generator) < flip_probability).to(x.device)
    x = flip(x, horizontal, torch.zeros_like(horizontal))
    x = rotate(x, spread(max_degrees))
    return jitter(x, 1 + spread(strength), 1 + spread(strength), 1 + spread(strength))


def _each(values: Tensor) -> Tensor:
    return values[:, None, None, None]


def _grey(x: Tensor) -> Tensor:
    return (0.299 * x[:, 0] + 0.587 * x[:, 1] + 0.114 * x[:, 2])[:, None]
