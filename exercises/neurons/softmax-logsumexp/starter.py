import torch
from torch import Tensor


def logsumexp(x: Tensor, dim: int, keepdim: bool = False) -> Tensor:
    """log(sum(exp(x))) along dim.

    x: float32 or float64, of any shape with at least one dimension; its entries are finite, of any size, or -inf (masked out).
    dim: counted from the front (0 ...) or from the back (-1 ...); x has at least one entry along it, other dimensions may be empty.
    Returns x's shape without dim (keepdim: with dim of size 1), in x's dtype. Only masked entries along dim: -inf.
    Gradients flow to x: those of the formula, 0 at masked entries, and never nan. x itself is not changed.
    """
    raise NotImplementedError("your turn")


def softmax(x: Tensor, dim: int) -> Tensor:
    """exp(x) / sum(exp(x)) along dim.

    x, dim: as in logsumexp. Returns x's shape and dtype; masked entries get 0, and so does every entry where all along dim are masked.
    A common offset costs nothing: logits around 10,000 lose no accuracy beyond the rounding of x itself.
    Gradients flow to x: those of the formula, 0 at masked entries, and never nan. x itself is not changed.
    """
    raise NotImplementedError("your turn")


def log_softmax(x: Tensor, dim: int) -> Tensor:
    """log(softmax(x)) along dim, accurate where softmax itself would be rounded to 0.

    x, dim: as in logsumexp. Returns x's shape and dtype; masked entries get -inf, also where all along dim are masked; so does
    an entry whose result lies beyond the dtype's range.
    A common offset costs nothing: logits around 10,000 lose no accuracy beyond the rounding of x itself.
    Gradients flow to x: those of the formula, 0 at masked entries unless the loss uses their -inf, and never nan. x itself is not changed.
    """
    raise NotImplementedError("your turn")
