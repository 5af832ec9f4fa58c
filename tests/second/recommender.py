"""Another right answer: autograd for the step of SGD, one user at a time for ALS, loops over places for the measures."""

import math
from typing import NamedTuple

import torch
from torch import nn


class Factors(NamedTuple):
    mean: float
    user_bias: torch.Tensor
    item_bias: torch.Tensor
    users: torch.Tensor
    items: torch.Tensor


def sgd_epoch(factors, ratings, *, learning_rate, decay):
    parts = [part.clone() for part in factors[1:]]
    for u, i, rating in ratings:
        leaves = [parts[0][u], parts[1][i], parts[2][u], parts[3][i]]
        leaves = [leaf.clone().requires_grad_() for leaf in leaves]
        a, b, p, q = leaves
        error = rating - factors.mean - a - b - (p * q).sum()
        loss = error**2 / 2 + decay / 2 * (a**2 + b**2 + (p**2).sum() + (q**2).sum())
        moves = torch.autograd.grad(loss, leaves)
        for part, place, leaf, move in zip(parts, (u, i, u, i), leaves, moves, strict=True):
            part[place] = (leaf - learning_rate * move).detach()
    return Factors(factors.mean, *parts)


def als_users(ratings, known, items, decay):
    rows = []
    for row, mask in zip(ratings, known, strict=True):
        Q = items[mask]
        rows.append(torch.linalg.inv(Q.T @ Q + decay * torch.eye(items.shape[1]).to(items)) @ (Q.T @ row[mask]))
    return torch.stack(rows)


def bpr_loss(positive, negative):
    return -nn.functional.logsigmoid(positive - negative).sum() / len(positive)


class NCF(nn.Module):
    def __init__(self, users, items, width):
        super().__init__()
        self.user = nn.Embedding(users, width)
        self.item = nn.Embedding(items, width)
        self.hidden = nn.Linear(width + width, width)
        self.out = nn.Linear(width + width, 1)

    def forward(self, users, items):
        p, q = self.user.weight[users], self.item.weight[items]
        deep = self.hidden(torch.hstack([p, q])).clamp(min=0)
        return self.out(torch.hstack([p * q, deep])).squeeze(1)


def recommend(scores, seen, k):
    rows = []
    for row, hidden in zip(scores.tolist(), seen.tolist(), strict=True):
        free = [i for i in range(len(row)) if not hidden[i]]
        rows.append(sorted(free, key=lambda i: -row[i])[:k])
    return torch.tensor(rows, device=scores.device)


def dcg(gains):
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def ndcg_at_k(ranking, relevance, k):
    total = 0.0
    for row, gains in zip(ranking.tolist(), relevance.tolist(), strict=True):
        best = dcg(sorted(gains, reverse=True)[:k])
        total += dcg([gains[i] for i in row[:k]]) / best if best else 0
    return total / len(ranking)


def hit_rate_at_k(ranking, relevance, k):
    return sum(any(gains[i] > 0 for i in row[:k]) for row, gains in zip(ranking.tolist(), relevance.tolist(), strict=True)) / len(ranking)
