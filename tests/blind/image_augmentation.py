# blind: passed at try 1
import math

import torch
import torch.nn.functional as F
from torch import Tensor


GREY = (0.299, 0.587, 0.114)


def per_image(values: Tensor) -> Tensor:
    """(batch,) to (batch, 1, 1, 1)."""
    return values[:, None, None, None]


def crop(x: Tensor, top: Tensor, left: Tensor, padding: int) -> Tensor:
    """Pad all four sides with `padding` zeros, then cut out of each image the window of the old size whose corner is at row top[i], column left[i].

    x: (batch, channels, height, width). top, left: (batch,) int64 from 0 to 2 * padding, counted in the padded image; padding is their middle and
    gives x back. Returns a new tensor of x's shape.
    """
    height, width = x.shape[-2:]
    padded = F.pad(x, (padding,) * 4)
    image = torch.arange(len(x), device=x.device)[:, None, None]
    rows = (top[:, None] + torch.arange(height, device=x.device))[:, :, None]
    columns = (left[:, None] + torch.arange(width, device=x.device))[:, None, :]
    return padded[image, :, rows, columns].movedim(-1, 1)


def flip(x: Tensor, horizontal: Tensor, vertical: Tensor) -> Tensor:
    """Swap left and right of the images where horizontal is True, top and bottom where vertical is True (both: (batch,) bool)."""
    x = torch.where(per_image(horizontal), x.flip(-1), x)
    return torch.where(per_image(vertical), x.flip(-2), x)


def rotate(x: Tensor, degrees: Tensor) -> Tensor:
    """Rotate image i about its centre by degrees[i], counter-clockwise as one sees it (row 0 on top).

    x: (batch, channels, height, width), not necessarily square; degrees: (batch,), floating, on x's device. The value of a pixel is
    interpolated bilinearly between the four pixels around the place it comes from; what lies outside the image counts as 0. The centre is at row
    (height - 1) / 2, column (width - 1) / 2. Shape and dtype are kept, and gradients reach x.
    """
    height, width = x.shape[-2:]
    angle = torch.deg2rad(degrees.double())[:, None, None]
    down = (torch.arange(height, dtype=torch.float64, device=x.device) - (height - 1) / 2)[:, None]
    right = torch.arange(width, dtype=torch.float64, device=x.device) - (width - 1) / 2
    # where each pixel comes from, measured in pixels from the centre; rows grow downwards
    from_right = right * angle.cos() - down * angle.sin()
    from_down = right * angle.sin() + down * angle.cos()
    grid = torch.stack((2 * from_right / width, 2 * from_down / height), dim=-1)  # from -1 to 1, edge to edge
    return F.grid_sample(x, grid.to(x.dtype), mode="bilinear", padding_mode="zeros", align_corners=False)


def jitter(x: Tensor, brightness: Tensor, contrast: Tensor, saturation: Tensor) -> Tensor:
    """Change brightness, then contrast, then saturation of image i by the factors brightness[i], contrast[i], saturation[i].

    x: (batch, 3, height, width), red, green and blue in [0, 1]. The factors: (batch,), 1 changes nothing. The grey of a pixel is 0.299 red +
    0.587 green + 0.114 blue. Brightness multiplies x. Contrast moves x away from the mean grey of the image: factor * x + (1 - factor) * mean.
    Saturation moves each pixel away from its own grey: factor * x + (1 - factor) * grey. After each of the three steps the values are clamped
    to [0, 1]; the next step starts from the result.
    """
    def grey(image: Tensor) -> Tensor:
        return torch.einsum("nchw,c->nhw", image, image.new_tensor(GREY))[:, None]

    brightness, contrast, saturation = (per_image(f.to(x.dtype)) for f in (brightness, contrast, saturation))
    x = (brightness * x).clamp(0, 1)
    x = (contrast * x + (1 - contrast) * grey(x).mean(dim=(-2, -1), keepdim=True)).clamp(0, 1)
    return (saturation * x + (1 - saturation) * grey(x)).clamp(0, 1)


def augment(
    x: Tensor, generator: torch.Generator, *, padding: int = 0, flip_probability: float = 0.0, max_degrees: float = 0.0, strength: float = 0.0
) -> Tensor:
    """Augment each image of x (batch, 3, height, width) by draws of its own from the generator: crop, flip, rotate, and jitter last.

    top and left are uniform over 0 ... 2 * padding; horizontal is True with flip_probability, vertical is always False; degrees are uniform from
    -max_degrees to max_degrees, brightness, contrast and saturation each from 1 - strength to 1 + strength. All are independent. The generator
    is one of the CPU, x may be elsewhere. The same state of the generator gives the same result.
    """
    batch = len(x)

    def uniform(centre: float, reach: float) -> Tensor:
        numbers = 2 * torch.rand(batch, generator=generator, dtype=torch.float64) - 1
        return (centre + reach * numbers).to(x.device)

    top, left = torch.randint(2 * padding + 1, (2, batch), generator=generator).to(x.device)
    horizontal = (torch.rand(batch, generator=generator) < flip_probability).to(x.device)
    x = crop(x, top, left, padding)
    x = flip(x, horizontal, torch.zeros_like(horizontal))
    x = rotate(x, uniform(0, max_degrees))
    return jitter(x, uniform(1, strength), uniform(1, strength), uniform(1, strength))
