import math

import torch
import torch.nn.functional as F
from torch import Tensor


def crop(x: Tensor, top: Tensor, left: Tensor, padding: int) -> Tensor:
    """Pad all four sides with `padding` zeros, then cut out of each image the window of the old size whose corner is at row top[i], column left[i].

    x: (batch, channels, height, width). top, left: (batch,) int64 from 0 to 2 * padding, counted in the padded image; padding is their middle and
    gives x back. Returns a new tensor of x's shape.
    """
    raise NotImplementedError("your turn")


def flip(x: Tensor, horizontal: Tensor, vertical: Tensor) -> Tensor:
    """Swap left and right of the images where horizontal is True, top and bottom where vertical is True (both: (batch,) bool)."""
    raise NotImplementedError("your turn")


def rotate(x: Tensor, degrees: Tensor) -> Tensor:
    """Rotate image i about its centre by degrees[i], counter-clockwise as one sees it (row 0 on top).

    x: (batch, channels, height, width), not necessarily square; degrees: (batch,), floating, on x's device. The value of a pixel is
    interpolated bilinearly between the four pixels around the place it comes from; what lies outside the image counts as 0. The centre is at row
    (height - 1) / 2, column (width - 1) / 2. Shape and dtype are kept, and gradients reach x.
    """
    raise NotImplementedError("your turn")


def jitter(x: Tensor, brightness: Tensor, contrast: Tensor, saturation: Tensor) -> Tensor:
    """Change brightness, then contrast, then saturation of image i by the factors brightness[i], contrast[i], saturation[i].

    x: (batch, 3, height, width), red, green and blue in [0, 1]. The factors: (batch,), 1 changes nothing. The grey of a pixel is 0.299 red +
    0.587 green + 0.114 blue. Brightness multiplies x. Contrast moves x away from the mean grey of the image: factor * x + (1 - factor) * mean.
    Saturation moves each pixel away from its own grey: factor * x + (1 - factor) * grey. After each of the three steps the values are clamped
    to [0, 1]; the next step starts from the result.
    """
    raise NotImplementedError("your turn")


def augment(
    x: Tensor, generator: torch.Generator, *, padding: int = 0, flip_probability: float = 0.0, max_degrees: float = 0.0, strength: float = 0.0
) -> Tensor:
    """Augment each image of x (batch, 3, height, width) by draws of its own from the generator: crop, flip, rotate, and jitter last.

    top and left are uniform over 0 ... 2 * padding; horizontal is True with flip_probability, vertical is always False; degrees are uniform from
    -max_degrees to max_degrees, brightness, contrast and saturation each from 1 - strength to 1 + strength. All are independent. The generator
    is one of the CPU, x may be elsewhere. The same state of the generator gives the same result.
    """
    raise NotImplementedError("your turn")
