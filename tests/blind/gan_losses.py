# blind: passed at try 2
import torch
import torch.nn.functional as F
from torch import Tensor


_KINDS = ("minimax", "non-saturating", "least-squares", "hinge", "wasserstein")


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor, *, kind: str = "non-saturating", real_label: float = 1.0) -> Tensor:
    """What the discriminator (or critic) minimises: mean over the reals plus mean over the fakes, a 0-d tensor.

    real_logits, fake_logits: any shapes, not necessarily the same; D's outputs before any sigmoid, of any size.
    kind: "minimax", "non-saturating", "least-squares", "hinge" or "wasserstein".
    real_label: in (0, 1], the label of the reals; that of the fakes stays 0.
    Raises ValueError for another kind, and for a soft label (not 1) with "hinge" or "wasserstein".
    """
    if kind not in _KINDS:
        raise ValueError(f"unknown kind: {kind!r}")
    if kind in ("hinge", "wasserstein") and real_label != 1:
        raise ValueError(f"{kind} has no labels to soften")
    if kind in ("minimax", "non-saturating"):
        y = real_label
        on_reals = -y * F.logsigmoid(real_logits) - (1 - y) * F.logsigmoid(-real_logits)
        on_fakes = -F.logsigmoid(-fake_logits)
    elif kind == "least-squares":
        on_reals = (real_logits - real_label) ** 2 / 2
        on_fakes = fake_logits**2 / 2
    elif kind == "hinge":
        on_reals = F.relu(1 - real_logits)
        on_fakes = F.relu(1 + fake_logits)
    else:
        on_reals = -real_logits
        on_fakes = fake_logits
    return on_reals.mean() + on_fakes.mean()


def generator_loss(fake_logits: Tensor, *, kind: str = "non-saturating") -> Tensor:
    """What the generator minimises: mean over the fakes, a 0-d tensor.

    fake_logits: any shape; D's outputs on generated samples before any sigmoid, of any size.
    kind: "minimax", "non-saturating", "least-squares", "hinge" or "wasserstein".
    Raises ValueError for another kind.
    """
    if kind not in _KINDS:
        raise ValueError(f"unknown kind: {kind!r}")
    if kind == "minimax":
        cost = F.logsigmoid(-fake_logits)
    elif kind == "non-saturating":
        cost = -F.logsigmoid(fake_logits)
    elif kind == "least-squares":
        cost = (fake_logits - 1) ** 2 / 2
    else:
        cost = -fake_logits
    return cost.mean()
