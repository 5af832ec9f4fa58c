import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ClipLoss(nn.Module):
    """CLIP's symmetric loss with a learned temperature.

    One parameter, log_scale: 0-d, float32, log(1 / 0.07) at the beginning.
    """

    def __init__(self) -> None:
        """Make the parameter."""
        raise NotImplementedError("your turn")

    def forward(self, images: Tensor, texts: Tensor) -> Tensor:
        """Return the mean of two cross-entropies: each image finds its text among all texts, each text its image among all images.

        images, texts: (n, d), row i of both belonging together, in log_scale's dtype. Logits are cosine similarities times the scale
        exp(log_scale), which is at most 100 (where it is bounded, log_scale gets the gradient 0). Returns a 0-d tensor; gradients flow to
        images, texts and log_scale.
        """
        raise NotImplementedError("your turn")


def class_vectors(prompts: Tensor) -> Tensor:
    """A classifier made of text: (classes, d) vectors of length 1.

    prompts: (classes, templates, d), features of several descriptions of each class. Each is normalised, then their mean over the templates is
    normalised.
    """
    raise NotImplementedError("your turn")


def zero_shot(images: Tensor, prompts: Tensor) -> Tensor:
    """(n,) of int64: for each image, (n, d), the class whose vector has the largest cosine similarity; prompts as in class_vectors."""
    raise NotImplementedError("your turn")


def recall_at_k(similarity: Tensor, k: int) -> tuple[float, float]:
    """(image to text, text to image): the share of queries that find their partner among the first k.

    similarity: (n, n), row i is image i, column j is text j; i and i belong together. A partner is among the first k if fewer than k of the
    other candidates are more similar; those that are equally similar do not count against it. k at least 1.
    """
    raise NotImplementedError("your turn")
