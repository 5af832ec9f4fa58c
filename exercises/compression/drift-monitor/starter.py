import numpy as np


def psi(reference: np.ndarray, current: np.ndarray, *, bins: int = 10, floor: float = 1e-4) -> float:
    """Population stability index of the current sample against the reference: the sum over bins of (c - r) ln(c / r).

    Bins are cut at the quantiles 1/bins, 2/bins, ... of the reference (linear interpolation); a value equal to an edge belongs above it, the
    first and the last bin have no outer end. r and c are the shares of both samples in a bin, but at least `floor`.
    reference, current: (n,) and (m,), numbers, not empty.
    """
    raise NotImplementedError("your turn")


def ks_statistic(a: np.ndarray, b: np.ndarray) -> float:
    """Two-sample Kolmogorov-Smirnov statistic: the largest |A(t) - B(t)|, A(t) being the share of a that is at most t.

    a, b: (n,) and (m,), numbers, in any order, with ties or without, not empty.
    """
    raise NotImplementedError("your turn")


def ks_p_value(statistic: float, n: int, m: int) -> float:
    """The odds of such a statistic or a larger one for two samples of one distribution, of sizes n and m, by the limit for large samples.

    With z = statistic * sqrt(n m / (n + m)) it is 2 (exp(-2 z^2) - exp(-2 (2 z)^2) + exp(-2 (3 z)^2) - ...); below z = 0.2, where the
    series is 1 to twelve digits but converges slowly, it is 1.
    """
    raise NotImplementedError("your turn")


def cusum(stream: np.ndarray, mean: float, *, slack: float, threshold: float) -> list[int]:
    """Places in the stream where a shift of the mean, up or down, is reported.

    Two sums begin at 0. With each x the upper one becomes max(0, upper + x - mean - slack), the lower one max(0, lower + mean - x - slack).
    When one of them is above the threshold the place is reported, and both begin again at 0 with the next x.
    stream: (n,), maybe empty. Returns the places, rising.
    """
    raise NotImplementedError("your turn")
