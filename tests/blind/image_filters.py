# blind: passed at try 1
import math

import torch
import torch.nn.functional as F
from torch import Tensor

BORDERS = {"zero": "constant", "mirror": "reflect"}


def convolve(image: Tensor, kernel: Tensor, border: str = "mirror") -> Tensor:
    """Two-dimensional convolution: the kernel is turned by 180 degrees before it is laid on the image."""
    if border not in BORDERS:
        raise ValueError(f"border must be one of {list(BORDERS)}, not {border!r}")
    rows, columns = kernel.shape
    if rows % 2 == 0 or columns % 2 == 0:
        raise ValueError(f"the kernel needs odd sides, not {rows} x {columns}")
    margins = (columns // 2, columns // 2, rows // 2, rows // 2)
    padded = F.pad(image[None, None], margins, mode=BORDERS[border])[0, 0]
    patches = padded.unfold(0, rows, 1).unfold(1, columns, 1)  # (height, width, rows, columns)
    return torch.tensordot(patches, kernel.flip(0, 1), dims=2)


def convolve_separable(image: Tensor, column: Tensor, row: Tensor, border: str = "mirror") -> Tensor:
    """The same as convolve(image, torch.outer(column, row), border), by two one-dimensional passes."""
    return convolve(convolve(image, column[:, None], border), row[None, :], border)


def box_blur(image: Tensor, size: int = 3, border: str = "mirror") -> Tensor:
    """The mean over a square of size x size pixels around each pixel."""
    weights = image.new_full((size,), 1 / size)
    return convolve_separable(image, weights, weights, border)


def gaussian_blur(image: Tensor, sigma: float, border: str = "mirror") -> Tensor:
    """Blur with a Gaussian of standard deviation sigma > 0 pixels."""
    radius = math.ceil(3 * sigma)
    distance = torch.arange(-radius, radius + 1, dtype=torch.float64, device=image.device)
    weights = torch.softmax(-((distance / sigma) ** 2) / 2, dim=0).to(image.dtype)
    return convolve_separable(image, weights, weights, border)


def sobel_magnitude(image: Tensor, border: str = "mirror") -> Tensor:
    """Strength of the edges: sqrt(gx^2 + gy^2)."""
    smooth, slope = image.new_tensor([1, 2, 1]), image.new_tensor([1, 0, -1])
    gradient = torch.stack((convolve_separable(image, smooth, slope, border), convolve_separable(image, slope, smooth, border)))
    return torch.linalg.vector_norm(gradient, dim=0)  # its gradient at 0 is 0, not nan


def sharpen(image: Tensor, amount: float = 1.0, border: str = "mirror") -> Tensor:
    """Unsharp masking: the image plus amount times what a 3 x 3 box blur takes away from it."""
    return torch.lerp(box_blur(image, border=border), image, 1 + amount)
