"""Another right answer: log-probabilities by logsumexp, angles by division, ranks by loops."""

import math

import torch
from torch import nn


def unit(x):
    return x / (x * x).sum(-1, keepdim=True).sqrt()


class ClipLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_parameter("log_scale", nn.Parameter(-torch.tensor(0.07).log()))

    def forward(self, images, texts):
        scale = torch.exp(torch.clamp(self.log_scale, max=math.log(100)))
        logits = torch.einsum("id,jd->ij", unit(images), unit(texts)) * scale
        right = torch.diagonal(logits)
        return 0.5 * (torch.logsumexp(logits, 0) - right).mean() + 0.5 * (torch.logsumexp(logits, 1) - right).mean()


def class_vectors(prompts):
    return torch.stack([unit(sum(unit(prompt) for prompt in row)) for row in prompts])


def zero_shot(images, prompts):
    return torch.einsum("nd,cd->nc", unit(images), class_vectors(prompts)).max(dim=1).indices


def recall_at_k(similarity, k):
    rows, n = similarity.tolist(), len(similarity)
    texts = sum(sum(rows[i][j] > rows[i][i] for j in range(n)) < k for i in range(n))
    images = sum(sum(rows[i][j] > rows[j][j] for i in range(n)) < k for j in range(n))
    return texts / n, images / n
