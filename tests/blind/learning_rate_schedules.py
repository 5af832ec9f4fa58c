# blind: passed at try 1
import math
from collections.abc import Sequence


def step_decay(step: int, lr: float, size: int, gamma: float = 0.1) -> float:
    return float(lr * gamma ** (step // size))


def exponential(step: int, lr: float, gamma: float) -> float:
    return float(lr * gamma**step)


def linear_warmup(step: int, lr: float, steps: int, start_factor: float = 1 / 3) -> float:
    if step >= steps:
        return float(lr)
    share = step / steps
    return lr * ((1 - share) * start_factor + share)


def half_cosine(start: float, end: float, share: float) -> float:
    """From start (share 0) to end (share 1) along half a cosine."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def cosine_restarts(step: int, lr: float, period: int, factor: int = 1, lr_min: float = 0.0) -> float:
    if factor == 1:
        step %= period
    while step >= period:
        step -= period
        period *= factor
    return half_cosine(lr, lr_min, step / period)


def one_cycle(step: int, lr_max: float, total: int, warm: float = 0.3, div: float = 25.0, final_div: float = 1e4) -> float:
    if not 0 <= step < total:
        raise ValueError(f"step {step} is outside 0, ..., {total - 1}")
    first = lr_max / div
    top, end = warm * total - 1, total - 1
    if step <= top:
        return half_cosine(first, lr_max, step / top)
    return half_cosine(lr_max, first / final_div, (step - top) / (end - top))


def reduce_on_plateau(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 10, threshold: float = 1e-4, lr_min: float = 0.0
) -> list[float]:
    rates = []
    rate, best, bad = float(lr), None, 0
    for loss in losses:
        good = not math.isnan(loss) and (best is None or loss < best * (1 - threshold))
        if good:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            rate, bad = max(rate * factor, lr_min), 0
        rates.append(rate)
    return rates
