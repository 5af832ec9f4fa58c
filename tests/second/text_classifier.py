"""Another right answer: tokens by scanning, a mask as weights of a matrix product, plain gradient descent on a linear model with a bias."""

import torch


def tokenise(text):
    spaced = "".join(f" {c} " if "\u4e00" <= c <= "\u9fff" else c if c in "abcdefghijklmnopqrstuvwxyz0123456789'" else " " for c in text.lower())
    return spaced.split()


def build_vocabulary(texts, min_count=1):
    counts = {}
    for token in sorted(token for text in texts for token in tokenise(text)):
        counts[token] = counts.get(token, 0) + 1
    order = sorted(counts, key=counts.get, reverse=True)
    return {"<pad>": 0, "<unk>": 1} | {token: 2 + n for n, token in enumerate(t for t in order if counts[t] >= min_count)}


def encode(texts, vocabulary):
    rows = [torch.tensor([vocabulary.get(token, 1) for token in tokenise(text)] or [0]) for text in texts]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=0)


def bag(weight, ids):
    counted = (ids != 0).to(weight.dtype)
    shares = counted / torch.clamp(counted.sum(1, keepdim=True), min=1)
    return torch.einsum("bt,btd->bd", shares, weight[ids])


def fit(texts, labels, seed):
    torch.manual_seed(seed)
    vocabulary = build_vocabulary(texts, 2)
    ids, wanted = encode(texts, vocabulary), torch.tensor(labels, dtype=torch.float32)
    table = torch.zeros(len(vocabulary), 1, requires_grad=True)
    for _ in range(60):
        z = bag(table, ids)[:, 0]
        loss = torch.nn.functional.softplus(z * (1 - 2 * wanted)).mean()
        (gradient,) = torch.autograd.grad(loss, table)
        with torch.no_grad():
            table -= 0.3 * gradient.sign() * (gradient != 0)

    def predict(others):
        if not others:
            return []
        return [int(score > 0) for score in bag(table.detach(), encode(others, vocabulary))[:, 0].tolist()]

    return predict
