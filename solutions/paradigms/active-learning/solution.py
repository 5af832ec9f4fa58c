"""Labels are expensive: ask for those from which the model will learn most, the uncertain ones, and not all of them alike."""

import torch
from torch import Tensor


def least_confidence(probabilities: Tensor) -> Tensor:
    """1 minus the probability of the most probable class. probabilities: (n, classes), rows with the sum 1; returns (n,)."""
    return 1 - probabilities.amax(dim=-1)


def margin(probabilities: Tensor) -> Tensor:
    """1 minus the distance of the two largest probabilities. probabilities: (n, classes) with 2 classes or more; returns (n,)."""
    first, second = probabilities.topk(2, dim=-1).values.unbind(dim=-1)
    return 1 - (first - second)


def entropy(probabilities: Tensor) -> Tensor:
    """Entropy over the last axis, in nats, where 0 log 0 is 0. probabilities: (..., classes); returns (...)."""
    return -torch.xlogy(probabilities, probabilities).sum(dim=-1)


def bald(samples: Tensor) -> Tensor:
    """Mutual information of the label and the model: the entropy of the mean prediction minus the mean entropy of the predictions.

    samples: (draws, n, classes), probabilities of several draws of the model, such as forward passes with dropout. Returns (n,).
    """
    return entropy(samples.mean(dim=0)) - entropy(samples).mean(dim=0)


def select(scores: Tensor, labelled: Tensor, k: int) -> Tensor:
    """The k unlabelled places of the highest scores: (k,) of int64, the highest score first; of equal scores the lower place first.

    scores: (n,), higher is better; labelled: (n,) of bool. At least k places are unlabelled. labelled is not changed.
    """
    free = (~labelled).nonzero()[:, 0]
    return free[scores[free].argsort(descending=True, stable=True)[:k]]


def k_centre_greedy(features: Tensor, labelled: Tensor, k: int) -> Tensor:
    """Choose k unlabelled places that cover the pool: (k,) of int64, in the order in which they were chosen.

    Each is the unlabelled point that is farthest, by Euclidean distance, from its nearest centre; centres are the labelled points and those chosen
    before. Of equal distances the lower place goes first. features: (n, d); labelled: (n,) of bool, True at least once; at least k places are
    unlabelled. labelled is not changed.
    """
    taken = labelled.clone()
    nearest = (features[:, None] - features[labelled]).norm(dim=-1).amin(dim=-1)
    chosen = []
    for _ in range(k):
        place = nearest.masked_fill(taken, -1).argmax()
        taken[place] = True
        nearest = torch.minimum(nearest, (features - features[place]).norm(dim=-1))
        chosen.append(place)
    return torch.stack(chosen)
