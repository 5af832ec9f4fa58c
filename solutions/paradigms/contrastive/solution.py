"""Two views of one thing belong together: each has to find its partner among all others, which is a classification without labels."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def info_nce(queries: Tensor, keys: Tensor, temperature: float) -> Tensor:
    """Mean cross-entropy with which each query finds its own key among all keys.

    queries, keys: (n, d), row i of both belonging together. The logits are cosine similarities divided by the temperature (above 0, as small
    as 0.001). Returns a 0-d tensor; gradients flow to both.
    """
    logits = F.normalize(queries, dim=-1) @ F.normalize(keys, dim=-1).T / temperature
    return F.cross_entropy(logits, torch.arange(len(queries), device=queries.device))


def nt_xent(a: Tensor, b: Tensor, temperature: float) -> Tensor:
    """SimCLR's loss: each of the 2 n views has to find its partner among the 2 n - 1 other views; mean over all 2 n.

    a, b: (n, d), two views of the same n images. Logits as in info_nce. Returns a 0-d tensor; gradients flow to both.
    """
    views = torch.cat([a, b])
    n, itself = len(a), torch.eye(len(views), dtype=torch.bool, device=a.device)
    unit = F.normalize(views, dim=-1)
    logits = (unit @ unit.T / temperature).masked_fill(itself, -torch.inf)
    partner = torch.arange(2 * n, device=a.device).roll(n)
    return F.cross_entropy(logits, partner)


def moco_loss(queries: Tensor, keys: Tensor, queue: Tensor, temperature: float) -> Tensor:
    """Each query has to find its own key among that key and all entries of the queue; mean over the batch.

    queries, keys: (n, d); queue: (size, d), keys of earlier batches. Logits as in info_nce. The other keys of the batch play no part. No
    gradient flows to the keys and to the queue. Returns a 0-d tensor.
    """
    unit, own, others = (F.normalize(part, dim=-1) for part in (queries, keys.detach(), queue.detach()))
    logits = torch.cat([(unit * own).sum(dim=-1, keepdim=True), unit @ others.T], dim=1) / temperature
    return F.cross_entropy(logits, torch.zeros(len(queries), dtype=torch.long, device=queries.device))


def enqueue(queue: Tensor, keys: Tensor, pointer: int) -> tuple[Tensor, int]:
    """(new queue, new pointer): the keys in place of the oldest entries.

    queue: (size, d); keys: (n, d), n at most size. They fill the places pointer, pointer + 1, ..., going on at 0 after the last one; the new
    pointer is the place after the last key, in [0, size). The queue that was passed in stays as it is, and no graph is kept.
    """
    places = (pointer + torch.arange(len(keys), device=queue.device)) % len(queue)
    queue = queue.detach().clone()
    queue[places] = keys.detach()
    return queue, (pointer + len(keys)) % len(queue)


def momentum_update(online: nn.Module, momentum_encoder: nn.Module, momentum: float) -> None:
    """Move each parameter of the momentum encoder, in place: momentum * its own value + (1 - momentum) * that of the online encoder.

    Both are modules of one architecture. The online encoder stays as it is; no graph arises.
    """
    with torch.no_grad():
        for slow, fast in zip(momentum_encoder.parameters(), online.parameters(), strict=True):
            slow.mul_(momentum).add_((1 - momentum) * fast)
