# blind: passed at try 1
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

IGNORED = -100


def mask_tokens(
    tokens: Tensor, special: Sequence[int], vocab_size: int, mask_token: int, generator: torch.Generator, rate: float = 0.15
) -> tuple[Tensor, Tensor]:
    """Make a masked-language-model example of each row: (inputs, targets)."""
    device = tokens.device
    functional = torch.zeros(vocab_size, dtype=torch.bool, device=device)
    functional[list(special)] = True
    words = (~functional).nonzero()[:, 0]

    draw, fate = torch.rand(2, *tokens.shape, generator=generator, device=device)
    chosen = (draw < rate) & ~functional[tokens]
    replacement = words[torch.randint(len(words), tokens.shape, generator=generator, device=device)]
    inputs = tokens.clone()
    inputs[chosen & (fate < 0.8)] = mask_token
    inputs = torch.where(chosen & (fate >= 0.8) & (fate < 0.9), replacement, inputs)
    return inputs, tokens.masked_fill(~chosen, IGNORED)


def masked_epochs(
    tokens: Tensor, epochs: int, special: Sequence[int], vocab_size: int, mask_token: int, generator: torch.Generator
) -> list[tuple[Tensor, Tensor]]:
    """One pair (inputs, targets) for each epoch, masked anew each time."""
    return [mask_tokens(tokens, special, vocab_size, mask_token, generator) for _ in range(epochs)]


def mlm_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean cross-entropy over all positions of the batch that have a target."""
    wanted = targets != IGNORED
    total = F.cross_entropy(logits[wanted], targets[wanted], reduction="sum")
    return total / wanted.sum().clamp(min=1)
