"""Users and items as vectors whose product is a taste: learned from what was rated, judged by the top of a list."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Factors(NamedTuple):
    """A matrix factorisation: rating = mean + user_bias[u] + item_bias[i] + users[u] . items[i].

    mean: a float; user_bias: (users,), item_bias: (items,), users: (users, d), items: (items, d).
    """

    # given
    mean: float
    user_bias: Tensor
    item_bias: Tensor
    users: Tensor
    items: Tensor


def sgd_epoch(factors: Factors, ratings: Iterable[tuple[int, int, float]], *, learning_rate: float, decay: float) -> Factors:
    """One pass of stochastic gradient descent over the ratings (user, item, rating), in their order.

    For each, with the error e = rating - prediction, every one of the four parts that belong to it moves by learning_rate times
    (e * its partner - decay * itself), the partner being 1 for a bias and the other vector for a vector; all from the values before this
    rating. The mean stays. Returns new Factors; those passed in stay as they are.
    """
    mean, user_bias, item_bias, users, items = factors.mean, *(part.clone() for part in factors[1:])
    for u, i, rating in ratings:
        p, q = users[u].clone(), items[i].clone()
        e = rating - (mean + user_bias[u] + item_bias[i] + p @ q)
        user_bias[u] += learning_rate * (e - decay * user_bias[u])
        item_bias[i] += learning_rate * (e - decay * item_bias[i])
        users[u] += learning_rate * (e * q - decay * p)
        items[i] += learning_rate * (e * p - decay * q)
    return Factors(mean, user_bias, item_bias, users, items)


def als_users(ratings: Tensor, known: Tensor, items: Tensor, decay: float) -> Tensor:
    """Half a step of alternating least squares: the best vector for each user while those of the items are fixed, (users, d).

    ratings: (users, items) of float64, where known, (users, items) of bool, says which were given: the others mean nothing, whatever stands there
    (no inf or nan). items: (items, d) of float64. Each row p minimises the sum over the user's known ratings of (rating - p . item)^2 +
    decay * |p|^2; decay is above 0. A user without ratings gets zeros.
    """
    weight = known.to(items.dtype)
    gram = torch.einsum("ui,id,ie->ude", weight, items, items)
    penalty = decay * torch.eye(items.shape[1], dtype=items.dtype, device=items.device)
    return torch.linalg.solve(gram + penalty, (weight * ratings) @ items)


def bpr_loss(positive: Tensor, negative: Tensor) -> Tensor:
    """Bayesian personalised ranking: the mean of -log sigmoid(positive - negative), a 0-d tensor with a graph.

    positive, negative: (n,), scores of an item that the user took and of one that the user did not; differences up to 1e4.
    """
    return F.softplus(negative - positive).mean()


class NCF(nn.Module):
    """Neural collaborative filtering: the product of both vectors beside a small network over both.

    Modules: user = nn.Embedding(users, width), item = nn.Embedding(items, width), hidden = nn.Linear(2 * width, width),
    out = nn.Linear(2 * width, 1).
    """

    def __init__(self, users: int, items: int, width: int) -> None:
        """Make the modules."""
        super().__init__()
        self.user, self.item = nn.Embedding(users, width), nn.Embedding(items, width)
        self.hidden, self.out = nn.Linear(2 * width, width), nn.Linear(2 * width, 1)

    def forward(self, users: Tensor, items: Tensor) -> Tensor:
        """Return the logits (n,) of pairs, users and items being (n,) of int64: out([p * q, relu(hidden([p, q]))])."""
        p, q = self.user(users), self.item(items)
        deep = torch.relu(self.hidden(torch.cat([p, q], dim=-1)))
        return self.out(torch.cat([p * q, deep], dim=-1))[:, 0]


def recommend(scores: Tensor, seen: Tensor, k: int) -> Tensor:
    """(users, k) of int64: for each user the unseen items of the highest scores, the highest first.

    scores: (users, items), no two of a user equal; seen: (users, items) of bool. Every user has k unseen items at least.
    """
    return scores.masked_fill(seen, -torch.inf).topk(k, dim=-1).indices


def ndcg_at_k(ranking: Tensor, relevance: Tensor, k: int) -> float:
    """Normalised discounted cumulative gain of the first k places, mean over users.

    ranking: (users, n) of int64, different items, best first, n at least k. relevance: (users, items), gains of 0 or more. The gain at place 0, 1,
    ... is divided by log2(place + 2). The ideal is the best list of k that ALL items of the user allow; without any gain the user counts 0.
    k is at most the number of items.
    """
    discount = 1 / torch.arange(2, k + 2, dtype=torch.float64, device=relevance.device).log2()
    gains = relevance.double()
    reached = (gains.gather(1, ranking[:, :k]) * discount).sum(dim=-1)
    ideal = (gains.topk(k, dim=-1).values * discount).sum(dim=-1)
    return torch.where(ideal > 0, reached / ideal, 0).mean().item()


def hit_rate_at_k(ranking: Tensor, relevance: Tensor, k: int) -> float:
    """Share of the users for whom one of the first k items is relevant (above 0). Arguments as in ndcg_at_k."""
    return (relevance.gather(1, ranking[:, :k]) > 0).any(dim=-1).double().mean().item()
