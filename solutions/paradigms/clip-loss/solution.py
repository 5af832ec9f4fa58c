"""Pictures and captions in one space: each has to find the other, and names of classes become a classifier."""

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
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(self, images: Tensor, texts: Tensor) -> Tensor:
        """Return the mean of two cross-entropies: each image finds its text among all texts, each text its image among all images.

        images, texts: (n, d), row i of both belonging together, in log_scale's dtype. Logits are cosine similarities times the scale
        exp(log_scale), which is at most 100 (where it is bounded, log_scale gets the gradient 0). Returns a 0-d tensor; gradients flow to
        images, texts and log_scale.
        """
        scale = self.log_scale.exp().clamp(max=100.0)
        logits = scale * F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T
        right = torch.arange(len(images), device=images.device)
        return (F.cross_entropy(logits, right) + F.cross_entropy(logits.T, right)) / 2


def class_vectors(prompts: Tensor) -> Tensor:
    """A classifier made of text: (classes, d) vectors of length 1.

    prompts: (classes, templates, d), features of several descriptions of each class. Each is normalised, then their mean over the templates is
    normalised.
    """
    return F.normalize(F.normalize(prompts, dim=-1).mean(dim=1), dim=-1)


def zero_shot(images: Tensor, prompts: Tensor) -> Tensor:
    """(n,) of int64: for each image, (n, d), the class whose vector has the largest cosine similarity; prompts as in class_vectors."""
    return (images @ class_vectors(prompts).T).argmax(dim=-1)


def recall_at_k(similarity: Tensor, k: int) -> tuple[float, float]:
    """(image to text, text to image): the share of queries that find their partner among the first k.

    similarity: (n, n), row i is image i, column j is text j; i and i belong together. A partner is among the first k if fewer than k of the
    other candidates are more similar; those that are equally similar do not count against it. k at least 1.
    """
    own = similarity.diagonal()
    ahead = (similarity > own[:, None]).sum(dim=1), (similarity > own).sum(dim=0)
    return (ahead[0] < k).double().mean().item(), (ahead[1] < k).double().mean().item()
