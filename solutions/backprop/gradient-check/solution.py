"""A slope can be measured: go a little to either side of x and compare the heights."""

from collections.abc import Callable
from itertools import product

import torch
from torch import Tensor


def numeric_grad(f: Callable[[Tensor], Tensor | float], x: Tensor, step: float = 1e-5) -> Tensor:
    """Gradient of f at x by central differences, one entry after the other.

    f: takes a tensor of x's shape and returns a number (a float or a tensor of one element); it is a black box, and is called at most
    2 * x.numel() times, always with float64 tensors that differ from x in at most one entry, by step. x: any shape, also () and with no entries,
    float32 or float64; it is left unchanged, also when f raises. Returns a float64 tensor of x's shape.
    """
    point = x.to(torch.float64, copy=True)
    gradient = torch.empty_like(point)
    for index in product(*map(range, x.shape)):
        middle = point[index].item()
        point[index] = middle + step
        above = float(f(point))
        point[index] = middle - step
        below = float(f(point))
        point[index] = middle
        gradient[index] = (above - below) / (2 * step)
    return gradient


def relative_error(a: Tensor, b: Tensor, floor: float = 1e-4) -> Tensor:
    """abs(a - b) / max(abs(a), abs(b), floor), entry by entry.

    a, b: tensors of the same shape, float32 or float64. The floor keeps the rounding noise of entries near 0 from counting, and 0 / 0 from
    being nan; it is greater than 0. Returns a float64 tensor of the same shape, computed in float64. Where a or b is nan, so is the result.
    """
    a = a.double()
    return (a - b).abs() / torch.maximum(a.abs(), b.abs()).clamp(min=floor)


def check(
    f: Callable[[Tensor], Tensor | float], grad_f: Callable[[Tensor], Tensor], x: Tensor, tolerance: float = 1e-5, step: float = 1e-5
) -> list[tuple[int, ...]]:
    """Indices of the entries in which grad_f(x) is wrong, in row-major order; an empty list means that it passes.

    An entry is wrong when its relative_error (with the default floor) against numeric_grad(f, x, step) is above the tolerance, or nan.
    grad_f is called with a float64 tensor equal to x and returns a tensor; if that has not x's shape, ValueError is raised.
    An index is a tuple with one integer for each axis, () for a tensor without axes.
    """
    claimed = grad_f(x.double())
    if claimed.shape != x.shape:
        raise ValueError(f"the gradient has the shape {tuple(claimed.shape)}, x has {tuple(x.shape)}")
    error = relative_error(claimed, numeric_grad(f, x, step))
    return [index for index in product(*map(range, x.shape)) if not error[index] <= tolerance]
