import torch
import torch.nn.functional as F
from torch import Tensor


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor, *, kind: str = "non-saturating", real_label: float = 1.0) -> Tensor:
    """What the discriminator (or critic) minimises: mean over the reals plus mean over the fakes, a 0-d tensor.

    real_logits, fake_logits: any shapes, not necessarily the same; D's outputs before any sigmoid, of any size.
    kind: "minimax", "non-saturating", "least-squares", "hinge" or "wasserstein".
    real_label: always in (0, 1], the label of the reals; that of the fakes stays 0.
    Raises ValueError for another kind, and for a soft label (not 1) with "hinge" or "wasserstein".
    """
    raise NotImplementedError("your turn")


def generator_loss(fake_logits: Tensor, *, kind: str = "non-saturating") -> Tensor:
    """What the generator minimises: mean over the fakes, a 0-d tensor.

    fake_logits: any shape; D's outputs on generated samples before any sigmoid, of any size.
    kind: "minimax", "non-saturating", "least-squares", "hinge" or "wasserstein".
    Raises ValueError for another kind.
    """
    raise NotImplementedError("your turn")
