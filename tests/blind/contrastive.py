# blind: passed at try 1
import torch
import torch.nn.functional as F
from torch import Tensor, nn


def unit(v: Tensor) -> Tensor:
    """Rows of length 1; the largest entry is divided out first, so that the squares neither over- nor underflow."""
    v = v / v.detach().abs().amax(dim=-1, keepdim=True)
    return v / v.norm(dim=-1, keepdim=True)


def info_nce(queries: Tensor, keys: Tensor, temperature: float) -> Tensor:
    """Mean cross-entropy with which each query finds its own key among all keys."""
    logits = unit(queries) @ unit(keys).T / temperature
    return (logits.logsumexp(dim=1) - logits.diagonal()).mean()


def nt_xent(a: Tensor, b: Tensor, temperature: float) -> Tensor:
    """SimCLR's loss: each of the 2 n views has to find its partner among the 2 n - 1 other views."""
    views = unit(torch.cat((a, b)))
    logits = views @ views.T / temperature
    itself = torch.eye(len(views), dtype=torch.bool, device=views.device)
    partner = torch.arange(len(views), device=views.device).roll(len(a))
    return F.cross_entropy(logits.masked_fill(itself, -torch.inf), partner)


def moco_loss(queries: Tensor, keys: Tensor, queue: Tensor, temperature: float) -> Tensor:
    """Each query has to find its own key among that key and all entries of the queue."""
    q, k, others = unit(queries), unit(keys.detach()), unit(queue.detach())
    own = (q * k).sum(dim=1, keepdim=True) / temperature
    logits = torch.cat((own, q @ others.T / temperature), dim=1)
    return (logits.logsumexp(dim=1) - own[:, 0]).mean()


@torch.no_grad()
def enqueue(queue: Tensor, keys: Tensor, pointer: int) -> tuple[Tensor, int]:
    """(new queue, new pointer): the keys in place of the oldest entries."""
    size = len(queue)
    places = torch.arange(pointer, pointer + len(keys), device=queue.device) % size
    return queue.detach().index_copy(0, places, keys.detach()), (pointer + len(keys)) % size


@torch.no_grad()
def momentum_update(online: nn.Module, momentum_encoder: nn.Module, momentum: float) -> None:
    """Move each parameter of the momentum encoder towards that of the online encoder, in place."""
    for slow, fast in zip(momentum_encoder.parameters(), online.parameters(), strict=True):
        slow.mul_(momentum).add_(fast, alpha=1 - momentum)
