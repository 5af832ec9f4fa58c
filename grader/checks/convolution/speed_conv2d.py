"""3×3 kernels over many channels, where the time goes in real networks.

The bound: Winograd's way with 4×4 outputs at a time takes a quarter of the multiplications, and the reference multiplies at more than half of
the speed that a core can: so nothing needs less than an eighth of its time.
"""

import torch.nn.functional as F

call = "conv2d"
bound = 1 / 8
tolerance = (1e-4, 1e-3)  # sums of 576 products of size 1 and more, in any order; Winograd's rounding is some times larger


def inputs(draw, scale):
    """2·scale images of 28×28 with 64·scale channels: the work grows with the cube of scale, what is carried with its square."""
    channels = 64 * scale
    return draw.normal(2 * scale, channels, 28, 28), draw.normal(channels, channels, 3, 3)


def reference(x, w):
    return F.conv2d(x, w)
