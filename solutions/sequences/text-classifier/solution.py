"""A text becomes the mean of its words' vectors, and a line through that space tells content from discontent."""

import re
from collections import Counter
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

PAD, UNKNOWN = 0, 1  # given


def tokenise(text: str) -> list[str]:
    """The tokens of a text in lower case, in their order.

    A token is a longest run of a-z, 0-9 and ', or one Chinese character, U+4E00 to U+9FFF. Everything else separates tokens and vanishes.
    """
    return re.findall(r"[a-z0-9']+|[\u4e00-\u9fff]", text.lower())


def build_vocabulary(texts: list[str], min_count: int = 1) -> dict[str, int]:
    """Each token's number: "<pad>" is 0, "<unk>" is 1, then come the tokens that occur at least min_count times in all texts together.

    The most frequent one comes first; those that are equally frequent are in the order of Python's sorted.
    """
    counts = Counter(token for text in texts for token in tokenise(text))
    kept = sorted((token for token in counts if counts[token] >= min_count), key=lambda token: (-counts[token], token))
    return {token: number for number, token in enumerate(["<pad>", "<unk>", *kept])}


def encode(texts: list[str], vocabulary: dict[str, int]) -> Tensor:
    """The tokens' numbers, int64 (texts, longest): a row for each text, filled up behind with PAD, UNKNOWN for what is not in the vocabulary.

    longest is the number of tokens of the longest text, but at least 1: a text may have no tokens, and then its row is all PAD.
    """
    rows = [[vocabulary.get(token, UNKNOWN) for token in tokenise(text)] for text in texts]
    longest = max([1, *(len(row) for row in rows)])
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows], dtype=torch.int64)


def bag(weight: Tensor, ids: Tensor) -> Tensor:
    """The mean of the vectors of each row's tokens, (batch, dim); PAD does not count, and a row of nothing but PAD gives zeros.

    weight: (tokens, dim). ids: (batch, time) int64, at least one column; the batch may be empty. Gradients reach weight.
    """
    real = (ids != PAD)[:, :, None]
    total = torch.where(real, weight[ids], 0).sum(dim=1)
    return total / real.sum(dim=1).clamp(min=1)


def fit(texts: list[str], labels: list[int], seed: int) -> Callable[[list[str]], list[int]]:
    """Train a classifier of bags of embeddings, and return how it predicts: a function from texts to labels, 0 or 1.

    labels: 1 for a content and 0 for a discontented writer. The vocabulary comes from these texts alone. Embeddings, learning rate and number of
    steps are yours to choose. The same arguments give the same predictions. The function that is returned takes any list of texts, an empty one too,
    and texts with unknown tokens or none. Trained on 480 reviews in English or in Chinese, it is right for at least 70 % of 120 others, on average
    over both languages. All checks together have 30 seconds.
    """
    generator = torch.Generator().manual_seed(seed)
    vocabulary = build_vocabulary(texts, min_count=2)
    ids, wanted = encode(texts, vocabulary), torch.tensor(labels, dtype=torch.float32)
    weight = (0.1 * torch.randn(len(vocabulary), 16, generator=generator)).requires_grad_()
    line = (0.1 * torch.randn(16, generator=generator)).requires_grad_()
    optimiser = torch.optim.Adam([weight, line], lr=0.05)
    for _ in range(40):
        loss = F.binary_cross_entropy_with_logits(bag(weight, ids) @ line, wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    def predict(others: list[str]) -> list[int]:
        return (bag(weight, encode(others, vocabulary)) @ line > 0).long().tolist() if others else []

    return predict
