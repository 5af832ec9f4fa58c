# blind: passed at try 2
import torch
from torch import Tensor


def _shift(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """(peak, x - peak): the largest entry along dim (kept with size 1, no gradient; 0 where all are masked), and the shifted logits."""
    peak = x.detach().amax(dim=dim, keepdim=True)
    peak = peak.masked_fill(peak == float("-inf"), 0.0)
    return peak, x - peak


def logsumexp(x: Tensor, dim: int, keepdim: bool = False) -> Tensor:
    """log(sum(exp(x))) along dim.

    x: float32 or float64, of any shape with at least one dimension; its entries are finite, of any size, or -inf (masked out).
    dim: counted from the front (0 ...) or from the back (-1 ...); x has at least one entry along it, other dimensions may be empty.
    Returns x's shape without dim (keepdim: with dim of size 1), in x's dtype. Only masked entries along dim: -inf.
    Gradients flow to x: those of the formula, 0 at masked entries, and never nan. x itself is not changed.
    """
    peak, shifted = _shift(x, dim)
    total = shifted.exp().sum(dim=dim, keepdim=True)
    masked = total == 0
    # Fully masked slices take the logarithm of 1 instead of 0, so that no inf * 0 arises on the way back.
    result = peak + total.masked_fill(masked, 1.0).log()
    result = result.masked_fill(masked, float("-inf"))
    return result if keepdim else result.squeeze(dim)


def softmax(x: Tensor, dim: int) -> Tensor:
    """exp(x) / sum(exp(x)) along dim.

    x, dim: as in logsumexp. Returns x's shape and dtype; masked entries get 0, and so does every entry where all along dim are masked.
    A common offset costs nothing: logits around 10,000 lose no accuracy beyond the rounding of x itself.
    Gradients flow to x: those of the formula, 0 at masked entries, and never nan. x itself is not changed.
    """
    _, shifted = _shift(x, dim)
    weights = shifted.exp()
    total = weights.sum(dim=dim, keepdim=True)
    return weights / total.masked_fill(total == 0, 1.0)


def log_softmax(x: Tensor, dim: int) -> Tensor:
    """log(softmax(x)) along dim, exact where softmax itself would be rounded to 0.

    x, dim: as in logsumexp. Returns x's shape and dtype; masked entries get -inf, also where all along dim are masked.
    A common offset costs nothing: logits around 10,000 lose no accuracy beyond the rounding of x itself.
    Gradients flow to x: those of the formula, and never nan. x itself is not changed.
    """
    _, shifted = _shift(x, dim)
    total = shifted.exp().sum(dim=dim, keepdim=True)
    return shifted - total.masked_fill(total == 0, 1.0).log()
