# blind: passed at try 1
import re
from collections import Counter
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

PAD, UNKNOWN = 0, 1


def tokenise(text: str) -> list[str]:
    """The tokens of a text in lower case, in their order.

    A token is a longest run of a-z, 0-9 and ', or one Chinese character, U+4E00 to U+9FFF. Everything else separates tokens and vanishes.
    """
    return re.findall(r"[a-z0-9']+|[\u4e00-\u9fff]", text.lower())


def build_vocabulary(texts: list[str], min_count: int = 1) -> dict[str, int]:
    """Each token's number: "<pad>" is 0, "<unk>" is 1, then come the tokens that occur at least min_count times in all texts together.

    The most frequent one comes first; those that are equally frequent are in the order of Python's sorted.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(tokenise(text))
    frequent = [token for token in sorted(counts) if counts[token] >= min_count]
    frequent.sort(key=counts.__getitem__, reverse=True)  # stable: ties stay in alphabetical order
    return {token: number for number, token in enumerate(["<pad>", "<unk>", *frequent])}


def encode(texts: list[str], vocabulary: dict[str, int]) -> Tensor:
    """The tokens' numbers, int64 (texts, longest): a row for each text, filled up behind with PAD, UNKNOWN for what is not in the vocabulary.

    longest is the number of tokens of the longest text, but at least 1: a text may have no tokens, and then its row is all PAD.
    """
    rows = [[vocabulary.get(token, UNKNOWN) for token in tokenise(text)] for text in texts]
    ids = torch.full((len(rows), max(1, *map(len, rows))), PAD, dtype=torch.int64)
    for b, row in enumerate(rows):
        ids[b, : len(row)] = torch.tensor(row, dtype=torch.int64)
    return ids


def bag(weight: Tensor, ids: Tensor) -> Tensor:
    """The mean of the vectors of each row's tokens, (batch, dim); PAD does not count, and a row of nothing but PAD gives zeros.

    weight: (tokens, dim). ids: (batch, time) int64, at least one column; the batch may be empty. Gradients reach weight.
    """
    counted = (ids != PAD).to(weight.dtype)
    vectors = torch.where((ids != PAD)[..., None], weight[ids], weight.new_zeros(()))
    return vectors.sum(1) / counted.sum(1, keepdim=True).clamp(min=1)


def fit(texts: list[str], labels: list[int], seed: int) -> Callable[[list[str]], list[int]]:
    """Train a classifier of bags of embeddings, and return how it predicts: a function from texts to labels, 0 or 1.

    labels: 1 for a content and 0 for a discontented writer. The vocabulary comes from these texts alone. Embeddings, learning rate and number of
    steps are yours to choose. The same arguments give the same predictions. The function that is returned takes any list of texts, an empty one too,
    and texts with unknown tokens or none. Trained on 480 reviews in English or in Chinese, it is right for at least 70 % of 120 others, on average
    over both languages. All checks together have 30 seconds.
    """
    vocabulary = build_vocabulary(texts, min_count=2 if len(texts) > 50 else 1)
    ids = encode(texts, vocabulary)
    answers = torch.tensor(labels, dtype=torch.float32)
    random = torch.Generator().manual_seed(seed)
    weight = (0.1 * torch.randn(len(vocabulary), 16, generator=random)).requires_grad_()
    direction = (0.1 * torch.randn(16, generator=random)).requires_grad_()
    bias = torch.zeros((), requires_grad=True)
    optimiser = torch.optim.AdamW([weight, direction, bias], lr=0.02, weight_decay=0.1)
    for _ in range(150):
        keep = torch.rand(ids.shape, generator=random) > 0.3  # word dropout
        scores = bag(weight, ids * keep) @ direction + bias
        optimiser.zero_grad()
        F.binary_cross_entropy_with_logits(scores, answers).backward()
        optimiser.step()

    @torch.no_grad()
    def predict(new_texts: list[str]) -> list[int]:
        if not new_texts:
            return []
        return (bag(weight, encode(new_texts, vocabulary)) @ direction + bias > 0).int().tolist()

    return predict
