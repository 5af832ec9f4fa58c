"""Ten losses of one game: the players differ in what they do with the same logits."""

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
    if kind in ("hinge", "wasserstein") and real_label != 1:
        raise ValueError(f"{kind} has no labels to soften: real_label must be 1, not {real_label}")
    if kind in ("minimax", "non-saturating"):
        # -log s(a) = softplus(-a) and -log(1 - s(a)) = softplus(a)
        real = real_label * F.softplus(-real_logits) + (1 - real_label) * F.softplus(real_logits)
        fake = F.softplus(fake_logits)
    elif kind == "least-squares":
        real = 0.5 * (real_logits - real_label).square()
        fake = 0.5 * fake_logits.square()
    elif kind == "hinge":
        real = torch.relu(1 - real_logits)
        fake = torch.relu(1 + fake_logits)
    elif kind == "wasserstein":
        real = -real_logits
        fake = fake_logits
    else:
        raise ValueError(f"unknown kind of GAN loss: {kind!r}")
    return real.mean() + fake.mean()


def generator_loss(fake_logits: Tensor, *, kind: str = "non-saturating") -> Tensor:
    """What the generator minimises: mean over the fakes, a 0-d tensor.

    fake_logits: any shape; D's outputs on generated samples before any sigmoid, of any size.
    kind: "minimax", "non-saturating", "least-squares", "hinge" or "wasserstein".
    Raises ValueError for another kind.
    """
    if kind == "minimax":
        return -F.softplus(fake_logits).mean()
    if kind == "non-saturating":
        return F.softplus(-fake_logits).mean()
    if kind == "least-squares":
        return 0.5 * (fake_logits - 1).square().mean()
    if kind in ("hinge", "wasserstein"):
        return -fake_logits.mean()
    raise ValueError(f"unknown kind of GAN loss: {kind!r}")
