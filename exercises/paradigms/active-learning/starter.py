import torch
from torch import Tensor


def least_confidence(probabilities: Tensor) -> Tensor:
    """1 minus the probability of the most probable class. probabilities: (n, classes), rows with the sum 1; returns (n,)."""
    raise NotImplementedError("your turn")


def margin(probabilities: Tensor) -> Tensor:
    """1 minus the distance of the two largest probabilities. probabilities: (n, classes) with 2 classes or more; returns (n,)."""
    raise NotImplementedError("your turn")


def entropy(probabilities: Tensor) -> Tensor:
    """Entropy over the last axis, in nats, where 0 log 0 is 0. probabilities: (..., classes); returns (...)."""
    raise NotImplementedError("your turn")


def bald(samples: Tensor) -> Tensor:
    """Mutual information of the label and the model: the entropy of the mean prediction minus the mean entropy of the predictions.

    samples: (draws, n, classes), probabilities of several draws of the model, such as forward passes with dropout. Returns (n,).
    """
    raise NotImplementedError("your turn")


def select(scores: Tensor, labelled: Tensor, k: int) -> Tensor:
    """The k unlabelled places of the highest scores: (k,) of int64, the highest score first; of equal scores the lower place first.

    scores: (n,), higher is better; labelled: (n,) of bool. At least k places are unlabelled. labelled is not changed.
    """
    raise NotImplementedError("your turn")


def k_centre_greedy(features: Tensor, labelled: Tensor, k: int) -> Tensor:
    """Choose k unlabelled places that cover the pool: (k,) of int64, in the order in which they were chosen.

    Each is the unlabelled point that is farthest, by Euclidean distance, from its nearest centre; centres are the labelled points and those chosen
    before. Of equal distances the lower place goes first. features: (n, d); labelled: (n,) of bool, True at least once; at least k places are
    unlabelled. labelled is not changed.
    """
    raise NotImplementedError("your turn")
