import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def draw_mix(batch: int, alpha: float, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """What a batch is mixed with: (lam, permutation), drawn from rng.

    lam: (batch,) float32 on the CPU, independent draws from Beta(alpha, alpha), one for each sample. permutation: (batch,) int64, the
    numbers 0 ... batch - 1 in random order; sample i is mixed with sample permutation[i].
    """
    raise NotImplementedError("your turn")


def mixup(x: Tensor, y: Tensor, lam: Tensor, permutation: Tensor) -> tuple[Tensor, Tensor]:
    """Images lam[i] * x[i] + (1 - lam[i]) * x[permutation[i]], and labels mixed in the same way.

    x: (batch, ...) of any number of dimensions; y: (batch, classes), a probability for each class; lam: (batch,) in [0, 1]; all of one floating
    dtype. permutation: (batch,) int64. Returns new tensors of the shapes of x and y.
    """
    raise NotImplementedError("your turn")


def cutmix(x: Tensor, y: Tensor, lam: Tensor, permutation: Tensor, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
    """Paste a box of image permutation[i] into image i, at the same place; mix the labels by the share of pixels that were really pasted.

    x: (batch, channels, height, width); y, lam, permutation as for mixup; rows, columns: (batch,) int64, a pixel inside the image. Box i has
    a = floor(height * sqrt(1 - lam[i])) rows and b = floor(width * sqrt(1 - lam[i])) columns, begins at row rows[i] - a // 2 and column
    columns[i] - b // 2, and what of it lies outside the image is cut off. If p pixels are left of it, the label is (1 - s) * y[i] + s *
    y[permutation[i]] with s = p / (height * width). Returns new tensors of the shapes of x and y.
    """
    raise NotImplementedError("your turn")


def soft_cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy of softmax(logits) against soft labels: -sum over classes of y * log softmax, averaged over the batch; a 0-d tensor.

    logits, y: (batch, classes). Logits may have any size; gradients reach them.
    """
    raise NotImplementedError("your turn")
