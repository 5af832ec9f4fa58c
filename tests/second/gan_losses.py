"""The same from a table of functions: log-sigmoids for the logarithms, explicit sums, clamps for the hinge."""

import torch
from torch import Tensor


def average(values: Tensor) -> Tensor:
    return values.reshape(-1).sum() / values.numel()


def log_s(logits: Tensor) -> Tensor:
    return -torch.logaddexp(torch.zeros_like(logits), -logits)


def cross_entropy(logits: Tensor, label: float) -> Tensor:
    # log s(-a) = log s(a) - a
    return -(log_s(logits) - (1 - label) * logits)


DISCRIMINATOR = {
    "minimax": lambda real, fake, label: (cross_entropy(real, label), cross_entropy(fake, 0)),
    "non-saturating": lambda real, fake, label: (cross_entropy(real, label), cross_entropy(fake, 0)),
    "least-squares": lambda real, fake, label: ((real - label) ** 2 / 2, fake**2 / 2),
    "hinge": lambda real, fake, label: (1 - real.clamp(max=1), (1 + fake).clamp(min=0)),
    "wasserstein": lambda real, fake, label: (-real, fake),
}
GENERATOR = {
    "minimax": lambda fake: log_s(-fake),
    "non-saturating": lambda fake: -log_s(fake),
    "least-squares": lambda fake: (1 - fake) ** 2 / 2,
    "hinge": lambda fake: -fake,
    "wasserstein": lambda fake: -fake,
}


def discriminator_loss(real_logits, fake_logits, *, kind="non-saturating", real_label=1.0):
    if kind not in DISCRIMINATOR:
        raise ValueError(f"kind must be one of {', '.join(DISCRIMINATOR)}")
    if real_label != 1 and kind in {"hinge", "wasserstein"}:
        raise ValueError("no soft labels here")
    real, fake = DISCRIMINATOR[kind](real_logits, fake_logits, real_label)
    return average(real) + average(fake)


def generator_loss(fake_logits, *, kind="non-saturating"):
    if kind not in GENERATOR:
        raise ValueError(f"kind must be one of {', '.join(GENERATOR)}")
    return average(GENERATOR[kind](fake_logits))
