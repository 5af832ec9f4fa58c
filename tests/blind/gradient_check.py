# blind: passed at try 1
from collections.abc import Callable
from itertools import product

import torch
from torch import Tensor


def numeric_grad(f: Callable[[Tensor], Tensor | float], x: Tensor, step: float = 1e-5) -> Tensor:
    """Gradient of f at x by central differences, one entry after the other."""
    start = x.detach().double()

    def moved(index: tuple[int, ...], distance: float) -> float:
        point = start.clone()  # a new one for each call: f may keep it or write into it
        point[index] += distance
        return float(f(point))

    gradient = torch.zeros_like(start)
    for index in product(*map(range, x.shape)):
        gradient[index] = (moved(index, step) - moved(index, -step)) / (2 * step)
    return gradient


def relative_error(a: Tensor, b: Tensor, floor: float = 1e-4) -> Tensor:
    """abs(a - b) / max(abs(a), abs(b), floor), entry by entry; nan stays nan."""
    a, b = a.double(), b.double()
    return (a - b).abs() / torch.maximum(a.abs(), b.abs()).clamp(min=floor)


def check(
    f: Callable[[Tensor], Tensor | float], grad_f: Callable[[Tensor], Tensor], x: Tensor, tolerance: float = 1e-5, step: float = 1e-5
) -> list[tuple[int, ...]]:
    """Indices of the entries in which grad_f(x) is wrong, in row-major order."""
    claimed = grad_f(x.detach().double().clone())
    if claimed.shape != x.shape:
        raise ValueError(f"a gradient of shape {tuple(claimed.shape)} for x of shape {tuple(x.shape)}")
    error = relative_error(claimed.detach(), numeric_grad(f, x, step))
    right = error <= tolerance  # never true for nan
    return [tuple(index) for index in right.logical_not().nonzero().tolist()]
