import torch
from torch import Tensor


def calibrate(x: Tensor, *, share: float = 1.0, axis: int | None = None) -> tuple[Tensor, Tensor]:
    """The range (low, high) that the middle `share` of x covers.

    x: any shape, not empty. share in (0, 1]: low and high are the quantiles (1 - share) / 2 and (1 + share) / 2 with linear interpolation,
    so that 1 gives minimum and maximum. axis None: of the whole tensor, 0-d; otherwise for each index along that axis (0 or greater), 1-d.
    """
    raise NotImplementedError("your turn")


def grid(low: Tensor, high: Tensor, *, symmetric: bool = False) -> tuple[Tensor, Tensor]:
    """(scale, zero_point) of int8 for values from low to high; both have the shape of low, zero_point is int32.

    Affine: the range is first widened to include 0, then scale = (high - low) / 255 and zero_point = round(-128 - low / scale).
    Symmetric: scale = max(|low|, |high|) / 127 and zero_point = 0. A range of 0 only gets scale 1 and zero_point 0.
    low, high: the same shape and dtype, low <= high.
    """
    raise NotImplementedError("your turn")


def along(parameter: Tensor, x: Tensor, axis: int | None) -> Tensor:
    """A scale or zero point, shaped to broadcast with x: 0-d for axis None, or 1-d along the axis."""
    shape = [1] * x.dim()
    if axis is not None:
        shape[axis] = -1
    return parameter.reshape(shape)


def quantise(x: Tensor, scale: Tensor, zero_point: Tensor, *, axis: int | None = None) -> Tensor:
    """The int8 numbers q = clamp(round(x / scale) + zero_point, -128, 127), halves rounded to even.

    x: float, any shape, finite. scale, zero_point: 0-d, or with an axis 1-d, one for each index along it.
    """
    raise NotImplementedError("your turn")


def dequantise(q: Tensor, scale: Tensor, zero_point: Tensor, *, axis: int | None = None) -> Tensor:
    """What int8 numbers stand for: (q - zero_point) * scale, in scale's dtype."""
    raise NotImplementedError("your turn")


def integer_matmul(a: Tensor, zero_a: Tensor, b: Tensor, zero_b: Tensor) -> Tensor:
    """The sums over k of (a[i, k] - zero_a) (b[k, j] - zero_b), exactly: (m, n) of int32.

    a: (m, k) and b: (k, n) of int8; zero_a: 0-d, zero_b: 0-d or one for each column, (n,), both int32. The sums fit into int32.
    """
    raise NotImplementedError("your turn")


def fake_quantise(x: Tensor, scale: Tensor, zero_point: Tensor, *, axis: int | None = None) -> Tensor:
    """Quantised and back again, in x's dtype, with the straight-through gradient for training.

    The gradient of x is that of the result where round(x / scale) + zero_point lies in [-128, 127], and 0 where it had to be clamped. Scale and
    zero_point are constants, of x's dtype and int32.
    """
    raise NotImplementedError("your turn")
