"""A schedule is a function of the step: long steps while far away, short ones when near, and a gentle start."""

import math
from collections.abc import Sequence


def step_decay(step: int, lr: float, size: int, gamma: float = 0.1) -> float:
    """The rate is lr for the first size steps, gamma times that for the next size, and so on."""
    return lr * gamma ** (step // size)


def exponential(step: int, lr: float, gamma: float) -> float:
    """The rate is lr at step 0, and gamma times as much at every further step."""
    return lr * gamma**step


def linear_warmup(step: int, lr: float, steps: int, start_factor: float = 1 / 3) -> float:
    """start_factor * lr at step 0, rising in a straight line to lr at step `steps`, and lr from there on."""
    return lr * (start_factor + (1 - start_factor) * min(step / steps, 1.0))


def cosine_restarts(step: int, lr: float, period: int, factor: int = 1, lr_min: float = 0.0) -> float:
    """Half a cosine from lr down towards lr_min, again and again.

    The first descent takes period steps, each following one factor times as many as the one before. A descent of n steps has the rate
    lr_min + (lr - lr_min) * (1 + cos(pi * k / n)) / 2 at its steps k = 0, ..., n - 1; the next step is step 0 of the next one.
    """
    while step >= period:
        step, period = step - period, period * factor
    return _cosine(lr, lr_min, step / period)


def one_cycle(step: int, lr_max: float, total: int, warm: float = 0.3, div: float = 25.0, final_div: float = 1e4) -> float:
    """Half a cosine up from lr_max / div to lr_max, then half a cosine down to lr_max / div / final_div.

    The top is reached at the (not always whole) step warm * total - 1, the end at the last step, total - 1. warm * total is greater than 1,
    and warm less than 1. A step outside 0, ..., total - 1 raises ValueError.
    """
    if not 0 <= step < total:
        raise ValueError(f"step {step} of a cycle of {total}")
    low, top = lr_max / div, warm * total - 1
    if step <= top:
        return _cosine(low, lr_max, step / top)
    return _cosine(lr_max, low / final_div, (step - top) / (total - 1 - top))


def reduce_on_plateau(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 10, threshold: float = 1e-4, lr_min: float = 0.0
) -> list[float]:
    """The learning rate after each epoch, given the losses (not negative) of all epochs: lr as long as they fall, less when they stop.

    An epoch is good when its loss is below best * (1 - threshold), and becomes the best one then; the first number that is not nan is good, nan
    never is. Epochs in a row that are not good are counted. When the count exceeds patience, the rate becomes rate * factor, though not less
    than lr_min, and the count begins anew at 0.
    """
    rates, best, waited = [], math.inf, 0
    for loss in losses:
        if loss < best * (1 - threshold):
            best, waited = loss, 0
        else:
            waited += 1
        if waited > patience:
            lr, waited = max(lr * factor, lr_min), 0
        rates.append(lr)
    return rates


def _cosine(start: float, end: float, part: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2
