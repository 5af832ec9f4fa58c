# blind: passed at try 1
import torch
import torch.nn.functional as F
from torch import Tensor


def lookup(weight: Tensor, ids: Tensor, padding_idx: int | None = None) -> Tensor:
    """The rows of weight that ids name, in the shape of ids with dim behind it."""
    rows = weight[ids]
    if padding_idx is None:
        return rows
    return torch.where((ids == padding_idx).unsqueeze(-1), rows.detach(), rows)


def lookup_gradient(output_grad: Tensor, ids: Tensor, rows: int, padding_idx: int | None = None) -> Tensor:
    """The gradient of weight from that of lookup's result: each place adds its share to the row that it names."""
    dim = output_grad.shape[-1]
    gradient = output_grad.new_zeros(rows, dim)
    gradient.index_add_(0, ids.flatten(), output_grad.detach().reshape(-1, dim))
    if padding_idx is not None:
        gradient[padding_idx] = 0
    return gradient


def skip_gram_loss(center_weight: Tensor, context_weight: Tensor, centers: Tensor, contexts: Tensor, negatives: Tensor) -> Tensor:
    """Skip-gram with negative sampling: a logistic regression that tells the true context from those drawn."""
    candidates = torch.cat((contexts.unsqueeze(1), negatives), dim=1)  # the true one first
    scores = torch.einsum("bd,bkd->bk", lookup(center_weight, centers), lookup(context_weight, candidates))
    is_true = torch.zeros_like(scores)
    is_true[:, 0] = 1
    return F.binary_cross_entropy_with_logits(scores, is_true, reduction="sum") / len(centers)


@torch.no_grad()
def analogy(weight: Tensor, a: int, b: int, c: int, k: int = 1) -> Tensor:
    """What is to c as b is to a: the k words whose vectors have the largest cosine with b - a + c."""
    length = weight.norm(dim=1, keepdim=True)
    units = weight / length.where(length > 0, 1)
    scores = units @ (units[b] - units[a] + units[c])  # the length of the query does not change the order
    scores[[a, b, c]] = -torch.inf
    return scores.topk(k).indices
