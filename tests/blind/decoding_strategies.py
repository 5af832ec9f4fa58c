# blind: passed at try 1
import torch
from torch import Tensor


def ranking(logits: Tensor) -> Tensor:
    """The tokens of each row from the largest logit to the smallest, of equal ones the smaller token first."""
    return logits.sort(dim=-1, descending=True, stable=True).indices


def penalise_repetition(logits: Tensor, previous: Tensor, penalty: float) -> Tensor:
    """Make the tokens that have been said less likely.

    logits: (batch, vocab). previous: int64 (batch, length), the tokens of each row so far; length may be 0. The logit of a token that occurs in
    its row's previous, once or often, is divided by penalty when it is positive and multiplied by it otherwise; all others stay as they are.
    Returns a new tensor like logits. Raises ValueError unless penalty > 0.
    """
    if not penalty > 0:
        raise ValueError("penalty must be above 0")
    said = torch.zeros_like(logits, dtype=torch.bool).scatter(1, previous, True)
    punished = torch.where(logits > 0, logits / penalty, logits * penalty)
    return torch.where(said, punished, logits)


def top_k_mask(logits: Tensor, k: int) -> Tensor:
    """True at the k largest logits of each row, at exactly min(k, vocab) places: of equal logits the smaller token is taken first.

    logits: (batch, vocab). Returns a boolean tensor of the same shape. Raises ValueError unless k >= 1.
    """
    if k < 1:
        raise ValueError("k must be at least 1")
    return torch.zeros_like(logits, dtype=torch.bool).scatter(1, ranking(logits)[:, :k], True)


def top_p_mask(logits: Tensor, p: float) -> Tensor:
    """True at the nucleus of each row: the fewest most likely tokens whose probabilities add up to p or more.

    logits: (batch, vocab). Tokens enter in the order of falling probability, of equal ones the smaller token first, so the token that crosses p
    is in the nucleus, and there is always one. p = 1 takes all tokens. Returns a boolean tensor of the same shape. Raises ValueError unless
    0 < p <= 1.
    """
    if not 0 < p <= 1:
        raise ValueError("p must be above 0 and at most 1")
    if p == 1:
        return torch.ones_like(logits, dtype=torch.bool)
    order = ranking(logits)
    chances = logits.double().softmax(dim=-1).gather(1, order)
    before = torch.nn.functional.pad(chances.cumsum(dim=-1)[:, :-1], (1, 0))
    return torch.zeros_like(logits, dtype=torch.bool).scatter(1, order, before < p)


def probabilities(logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None) -> Tensor:
    """The distribution that the next token is drawn from; each row adds up to 1.

    logits: (batch, vocab), finite, float32 or float64. First the logits are divided by the temperature, then all but the top_k are removed,
    then all outside the nucleus of what is left, renormalised, for top_p. None leaves a step out. Temperature 0 is greedy: all probability
    on the largest logit, the smallest token of several; temperatures down to 1e-36 must not overflow, with logits up to 1e6.
    Returns (batch, vocab) of the same dtype, zeros at removed tokens. Raises ValueError for a negative temperature, and for what
    top_k_mask and top_p_mask refuse.
    """
    if not temperature >= 0:
        raise ValueError("temperature must not be negative")
    if temperature == 0:
        scaled = torch.zeros_like(logits, dtype=torch.float64).masked_fill(~top_k_mask(logits, 1), -torch.inf)
    else:
        # float64 has room for the quotients
        scaled = (logits.double() - logits.double().amax(dim=-1, keepdim=True)) / temperature
    if top_k is not None:
        scaled = scaled.masked_fill(~top_k_mask(scaled, top_k), -torch.inf)
    if top_p is not None:
        scaled = scaled.masked_fill(~top_p_mask(scaled, top_p), -torch.inf)
    return scaled.softmax(dim=-1).to(logits.dtype)


def sample(distribution: Tensor, generator: torch.Generator) -> Tensor:
    """Draw one token for each row.

    distribution: (batch, vocab), rows that add up to 1. Returns int64 (batch,), drawn independently. All randomness comes from the generator
    (on the distribution's device): the same state gives the same tokens. A token of probability 0 is never drawn.
    """
    return torch.multinomial(distribution, 1, generator=generator).squeeze(1)
