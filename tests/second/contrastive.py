"""Another right answer: row by row with logsumexp, the queue as a list, slow weights by lerp."""

import torch


def unit(x):
    return x / x.norm(dim=1, keepdim=True)


def one(query, right, others, temperature):
    """Loss of a query with its right key and the wrong ones."""
    positive = (query @ right / temperature).reshape(1)
    return torch.logsumexp(torch.cat([positive, others @ query / temperature]), dim=0) - positive[0]


def without(rows, *gone):
    return torch.stack([row for i, row in enumerate(rows) if i not in gone]) if len(rows) > len(gone) else rows[:0]


def info_nce(queries, keys, temperature):
    queries, keys = unit(queries), unit(keys)
    return torch.stack([one(q, k, without(keys, i), temperature) for i, (q, k) in enumerate(zip(queries, keys, strict=True))]).mean()


def nt_xent(a, b, temperature):
    a, b = unit(a), unit(b)
    losses = []
    for i in range(len(a)):
        others = torch.cat([without(a, i), without(b, i)])
        losses += [one(a[i], b[i], others, temperature), one(b[i], a[i], others, temperature)]
    return sum(losses) / len(losses)


def moco_loss(queries, keys, queue, temperature):
    with torch.no_grad():
        keys, queue = unit(keys), unit(queue)
    return torch.stack([one(q, k, queue, temperature) for q, k in zip(unit(queries), keys, strict=True)]).mean()


def enqueue(queue, keys, pointer):
    rows = list(queue.detach())
    for key in keys.detach():
        rows[pointer] = key
        pointer = pointer + 1 if pointer + 1 < len(rows) else 0
    return torch.stack(rows), pointer


@torch.no_grad()
def momentum_update(online, momentum_encoder, momentum):
    theirs = dict(online.named_parameters())
    for name, parameter in momentum_encoder.named_parameters():
        parameter.copy_(torch.lerp(theirs[name], parameter, momentum))
