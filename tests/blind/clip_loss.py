# blind: passed at try 1
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def unit(v: Tensor) -> Tensor:
    """Vectors of length 1 along the last axis; their largest entry is divided out first, so that no square over- or underflows."""
    v = v / v.detach().abs().amax(dim=-1, keepdim=True)
    return v / v.norm(dim=-1, keepdim=True)


class ClipLoss(nn.Module):
    """CLIP's symmetric loss with a learned temperature."""

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(-math.log(0.07), dtype=torch.float32))

    def forward(self, images: Tensor, texts: Tensor) -> Tensor:
        # bounded before exp: so a huge log_scale gives no infinity, and its gradient is 0
        scale = self.log_scale.clamp(max=math.log(100)).exp()
        logits = scale * unit(images) @ unit(texts).T
        right = torch.arange(len(logits), device=logits.device)
        return (F.cross_entropy(logits, right) + F.cross_entropy(logits.T, right)) / 2


def class_vectors(prompts: Tensor) -> Tensor:
    """A classifier made of text: (classes, d) vectors of length 1."""
    return unit(unit(prompts).mean(dim=1))


def zero_shot(images: Tensor, prompts: Tensor) -> Tensor:
    """(n,) of int64: for each image the class whose vector has the largest cosine similarity."""
    return torch.einsum("nd,cd->nc", unit(images), class_vectors(prompts)).argmax(dim=1)


def recall_at_k(similarity: Tensor, k: int) -> tuple[float, float]:
    """(image to text, text to image): the share of queries that find their partner among the first k."""
    shares = []
    for rows in (similarity, similarity.T):
        better = (rows > rows.diagonal()[:, None]).sum(dim=1)
        shares.append((better < k).double().mean().item())
    return shares[0], shares[1]
