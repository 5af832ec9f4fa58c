import torch
import torch.nn.functional as F
from torch import Tensor


def lookup(weight: Tensor, ids: Tensor, padding_idx: int | None = None) -> Tensor:
    """The rows of weight that ids name.

    weight: (rows, dim). ids: int64 of any shape, from 0 to rows - 1. Returns the shape of ids with dim behind it.
    padding_idx: a row that is returned like any other and gets gradient 0; None: there is no such row. Gradients reach the other rows.
    """
    raise NotImplementedError("your turn")


def lookup_gradient(output_grad: Tensor, ids: Tensor, rows: int, padding_idx: int | None = None) -> Tensor:
    """The gradient of weight from that of lookup's result, without autograd.

    output_grad: the shape of ids with dim behind it. Returns (rows, dim) in the dtype of output_grad: row r is the sum over all places where
    ids is r; rows that are not named, and row padding_idx, are 0.
    """
    raise NotImplementedError("your turn")


def skip_gram_loss(center_weight: Tensor, context_weight: Tensor, centers: Tensor, contexts: Tensor, negatives: Tensor) -> Tensor:
    """Skip-gram with negative sampling: the mean over the batch of -log sigmoid(v . u) - sum_k log sigmoid(-v . u_k).

    center_weight, context_weight: (rows, dim), the two tables; v is the center's row of the first, u and u_k are rows of the second.
    centers, contexts: (batch,) int64, words that occur together. negatives: (batch, count) int64, words drawn at random.
    Returns a scalar. Products v . u may have any size; gradients reach both tables.
    """
    raise NotImplementedError("your turn")


def analogy(weight: Tensor, a: int, b: int, c: int, k: int = 1) -> Tensor:
    """What is to c as b is to a: the k words whose vectors have the largest cosine with b - a + c.

    weight: (rows, dim). All rows are first scaled to length 1; a row of zeros stays zero and has cosine 0 with everything. a, b and c themselves
    are no answers; k is at most the number of other rows. Returns their numbers, (k,) int64, the best first.
    """
    raise NotImplementedError("your turn")
