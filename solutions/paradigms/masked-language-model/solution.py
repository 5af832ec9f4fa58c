"""Hide some words, let the model guess them: the text is its own teacher."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

IGNORED = -100  # given


def mask_tokens(
    tokens: Tensor, special: Sequence[int], vocab_size: int, mask_token: int, generator: torch.Generator, rate: float = 0.15
) -> tuple[Tensor, Tensor]:
    """Make a masked-language-model example of each row.

    tokens: int64 (batch, length). special: the tokens with a function (padding, separators, the mask), mask_token among them. Each position
    that does not hold a special token is chosen with probability rate, independently of all others. At a chosen position the input becomes
    mask_token with probability 0.8; a token drawn uniformly from all tokens of range(vocab_size) that are not special, perhaps the old one,
    with 0.1; and stays as it is with 0.1. All randomness comes from the generator, on the tokens' device, and goes on from call to call.
    Returns (inputs, targets), int64 (batch, length): the targets are the original tokens at chosen positions and IGNORED elsewhere. tokens is
    left unchanged.
    """

    def draw() -> Tensor:
        return torch.rand(tokens.shape, generator=generator, device=tokens.device)

    ordinary = torch.tensor([token for token in range(vocab_size) if token not in special], device=tokens.device)
    chosen = (draw() < rate) & (tokens[..., None] != torch.tensor(special, device=tokens.device)).all(dim=-1)
    fate = draw()
    others = ordinary[torch.randint(len(ordinary), tokens.shape, generator=generator, device=tokens.device)]
    inputs = torch.where(chosen & (fate < 0.8), mask_token, tokens)
    inputs = torch.where(chosen & (fate >= 0.9), others, inputs)
    return inputs, torch.where(chosen, tokens, IGNORED)


def masked_epochs(
    tokens: Tensor, epochs: int, special: Sequence[int], vocab_size: int, mask_token: int, generator: torch.Generator
) -> list[tuple[Tensor, Tensor]]:
    """One pair (inputs, targets) for each epoch, masked anew each time at the rate 0.15; the arguments are those of mask_tokens."""
    return [mask_tokens(tokens, special, vocab_size, mask_token, generator) for _ in range(epochs)]


def mlm_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean cross-entropy over all positions of the batch that have a target.

    logits: (batch, length, vocab), float32 or float64. targets: int64 (batch, length), IGNORED where nothing is to be predicted. Returns a
    scalar; zero, with a zero gradient, when no position has a target. Gradients reach the logits.
    """
    total = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum")
    return total / (targets != IGNORED).sum().clamp(min=1)
