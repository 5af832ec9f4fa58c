"""A filter is a small table of weights; flipped and slid over the image, it blurs, sharpens or finds edges."""

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
    if border not in {"zero", "mirror"}:
        raise ValueError(f"border must be 'zero' or 'mirror', not {border!r}")
    rows, columns = kernel.shape
    if rows % 2 == 0 or columns % 2 == 0:
        raise ValueError(f"a kernel of shape {rows} x {columns} has no centre")
    padding = (columns // 2, columns // 2, rows // 2, rows // 2)
    padded = F.pad(image[None, None], padding, mode="reflect" if border == "mirror" else "constant")
    return F.conv2d(padded, kernel.flip(0, 1)[None, None])[0, 0]


def convolve_separable(image: Tensor, column: Tensor, row: Tensor, border: str = "mirror") -> Tensor:
    """The same as convolve(image, torch.outer(column, row), border), by two one-dimensional passes: rows + columns products a pixel.

    column: (rows,), applied down the image; row: (columns,), applied across it; both of odd length.
    """
    down = convolve(image, column[:, None], border)
    return convolve(down, row[None, :], border)


def box_blur(image: Tensor, size: int = 3, border: str = "mirror") -> Tensor:
    """The mean over a square of size x size pixels around each pixel; size is odd. Pixels of a zero border count as zeros."""
    weights = image.new_full((size,), 1 / size)
    return convolve_separable(image, weights, weights, border)


def gaussian_blur(image: Tensor, sigma: float, border: str = "mirror") -> Tensor:
    """Blur with a Gaussian of standard deviation sigma > 0 pixels.

    Along each axis the weights are exp(-d^2 / (2 sigma^2)) at the distances d = -r ... r with r = ceil(3 sigma), divided by their sum.
    """
    radius = math.ceil(3 * sigma)
    distance = torch.arange(-radius, radius + 1).to(image)
    weights = torch.exp(-(distance**2) / (2 * sigma**2))
    weights = weights / weights.sum()
    return convolve_separable(image, weights, weights, border)


def sobel_magnitude(image: Tensor, border: str = "mirror") -> Tensor:
    """Strength of the edges: sqrt(gx^2 + gy^2).

    Gradients reach the image wherever the strength is not 0.
    gx is the convolution with the outer product of (1, 2, 1) down and (1, 0, -1) across, gy with its transpose.
    """
    smooth = image.new_tensor([1, 2, 1])
    slope = image.new_tensor([1, 0, -1])
    gx = convolve_separable(image, smooth, slope, border)
    gy = convolve_separable(image, slope, smooth, border)
    return torch.sqrt(gx**2 + gy**2)


def sharpen(image: Tensor, amount: float = 1.0, border: str = "mirror") -> Tensor:
    """Unsharp masking: the image plus amount times what a 3 x 3 box blur takes away from it. The result is not clipped."""
    return image + amount * (image - box_blur(image, 3, border))
