import math

import torch
import torch.nn.functional as F
from torch import Tensor


def convolve(image: Tensor, kernel: Tensor, border: str = "mirror") -> Tensor:
    """Two-dimensional convolution in the mathematical sense: the kernel is turned by 180 degrees before it is laid on the image.

    image: (height, width); kernel: (rows, columns), both odd; one dtype, float32 or float64. Returns (height, width) of that dtype.
    border: "zero", there is nothing outside the image; or "mirror", outside lies its mirror image, with the edge pixel as the mirror,
    not repeated: c b | a b c | b a. Along an axis with k kernel entries a mirrored image has more than k // 2 pixels.
    Gradients reach image and kernel.
    Raises ValueError for another border and for a kernel with an even number of rows or columns.
    """
    raise NotImplementedError("your turn")


def convolve_separable(image: Tensor, column: Tensor, row: Tensor, border: str = "mirror") -> Tensor:
    """The same as convolve(image, torch.outer(column, row), border), by two one-dimensional passes: rows + columns products a pixel.

    column: (rows,), applied down the image; row: (columns,), applied across it; both of odd length.
    """
    raise NotImplementedError("your turn")


def box_blur(image: Tensor, size: int = 3, border: str = "mirror") -> Tensor:
    """The mean over a square of size x size pixels around each pixel; size is odd. Pixels of a zero border count as zeros."""
    raise NotImplementedError("your turn")


def gaussian_blur(image: Tensor, sigma: float, border: str = "mirror") -> Tensor:
    """Blur with a Gaussian of standard deviation sigma > 0 pixels.

    Along each axis the weights are exp(-d^2 / (2 sigma^2)) at the distances d = -r ... r with r = ceil(3 sigma), divided by their sum.
    """
    raise NotImplementedError("your turn")


def sobel_magnitude(image: Tensor, border: str = "mirror") -> Tensor:
    """Strength of the edges: sqrt(gx^2 + gy^2).

    Gradients reach the image wherever the strength is not 0.
    gx is the convolution with the outer product of (1, 2, 1) down and (1, 0, -1) across, gy with its transpose.
    """
    raise NotImplementedError("your turn")


def sharpen(image: Tensor, amount: float = 1.0, border: str = "mirror") -> Tensor:
    """Unsharp masking: the image plus amount times what a 3 x 3 box blur takes away from it. The result is not clipped."""
    raise NotImplementedError("your turn")
