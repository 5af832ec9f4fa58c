"""Mix two images and mix their labels by exactly the same shares."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def draw_mix(batch: int, alpha: float, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """What a batch is mixed with: (lam, permutation), drawn from rng.

    lam: (batch,) float32 on the CPU, independent draws from Beta(alpha, alpha), one for each sample. permutation: (batch,) int64, the
    numbers 0 ... batch - 1 in random order; sample i is mixed with sample permutation[i].
    """
    return torch.tensor(rng.beta(alpha, alpha, batch), dtype=torch.float32), torch.tensor(rng.permutation(batch))


def mixup(x: Tensor, y: Tensor, lam: Tensor, permutation: Tensor) -> tuple[Tensor, Tensor]:
    """Images lam[i] * x[i] + (1 - lam[i]) * x[permutation[i]], and labels mixed in the same way.

    x: (batch, ...) of any number of dimensions; y: (batch, classes), a probability for each class; lam: (batch,) in [0, 1]; all of one floating
    dtype. permutation: (batch,) int64. Returns new tensors of the shapes of x and y.
    """
    return _blend(x, x[permutation], lam), _blend(y, y[permutation], lam)


def cutmix(x: Tensor, y: Tensor, lam: Tensor, permutation: Tensor, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
    """Paste a box of image permutation[i] into image i, at the same place; mix the labels by the share of pixels that were really pasted.

    x: (batch, channels, height, width); y, lam, permutation as for mixup; rows, columns: (batch,) int64, a pixel inside the image. Box i has
    a = floor(height * sqrt(1 - lam[i])) rows and b = floor(width * sqrt(1 - lam[i])) columns, begins at row rows[i] - a // 2 and column
    columns[i] - b // 2, and what of it lies outside the image is cut off. If p pixels are left of it, the label is (1 - s) * y[i] + s *
    y[permutation[i]] with s = p / (height * width). Returns new tensors of the shapes of x and y.
    """
    height, width = x.shape[2:]
    mixed, kept = x.clone(), torch.ones_like(lam)
    for i, side in enumerate((1 - lam).sqrt().tolist()):
        tall, wide = int(height * side), int(width * side)
        top, left = rows[i] - tall // 2, columns[i] - wide // 2
        box = slice(max(top, 0), min(top + tall, height)), slice(max(left, 0), min(left + wide, width))
        mixed[i, :, *box] = x[permutation[i], :, *box]
        kept[i] = 1 - x[i, 0, *box].numel() / (height * width)
    return mixed, _blend(y, y[permutation], kept)


def soft_cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy of softmax(logits) against soft labels: -sum over classes of y * log softmax, averaged over the batch; a 0-d tensor.

    logits, y: (batch, classes). Logits may have any size; gradients reach them.
    """
    return -(y * F.log_softmax(logits, dim=1)).sum(dim=1).mean()


def _blend(first: Tensor, second: Tensor, weight: Tensor) -> Tensor:
    weight = weight.reshape(-1, *[1] * (first.dim() - 1))
    return weight * first + (1 - weight) * second
