"""One network reads a sequence into a state, another writes a sequence from it, token by token; searching for the best one is the third part."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

IGNORED = -100  # given
Step = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]  # given


class EncoderDecoder(nn.Module):
    """An encoder that reads a source sentence and a decoder that writes a target sentence, both GRUs of the same size."""

    def __init__(self, source_words: int, target_words: int, size: int) -> None:  # given
        super().__init__()
        self.source_embedding = nn.Embedding(source_words, size)
        self.encoder = nn.GRU(size, size, batch_first=True)
        self.target_embedding = nn.Embedding(target_words, size)
        self.decoder = nn.GRUCell(size, size)
        self.output = nn.Linear(size, target_words)

    def encode(self, source: Tensor, lengths: Tensor) -> Tensor:
        """The encoder's state after each sentence's own last word, from a state of zeros: (batch, size).

        source: (batch, time) int64; sentence b is source[b, :lengths[b]], the words behind it are padding and have no influence.
        lengths: (batch,) int64, from 1 to time.
        """
        states, _ = self.encoder(self.source_embedding(source))
        return states[torch.arange(len(source), device=source.device), lengths - 1]

    def step(self, state: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Feed one token to the decoder: (logits of the next one (batch, target_words), new state (batch, size)).

        state: (batch, size). tokens: (batch,) int64.
        """
        state = self.decoder(self.target_embedding(tokens), state)
        return self.output(state), state


def teacher_forced_loss(step: Step, state: Tensor, targets: Tensor, start: int, end: int) -> Tensor:
    """The mean cross-entropy of the right next tokens, the decoder being fed the right ones so far.

    step: as EncoderDecoder.step. state: (batch, size). targets: (batch, time) int64, each row a sentence and then IGNORED, perhaps from the
    first place on. The decoder is fed start and the sentence, and has to say the sentence and end: a sentence of n words has n + 1 predictions. The
    mean is taken over all predictions of the batch. step is given valid tokens only. Returns a scalar; gradients reach state and the decoder.
    """
    batch = len(targets)
    padded = torch.cat([targets, torch.full_like(targets[:, :1], IGNORED)], dim=1) if batch else targets
    fed = torch.cat([torch.full_like(padded[:, :1], start), targets.clamp(min=0)], dim=1)
    labels = padded.clone()
    labels[torch.arange(batch, device=targets.device), (targets != IGNORED).sum(dim=1)] = end
    losses = []
    for tokens, label in zip(fed.unbind(dim=1), labels.unbind(dim=1), strict=True):
        logits, state = step(state, tokens)
        losses.append(F.cross_entropy(logits, label, ignore_index=IGNORED, reduction="sum"))
    return torch.stack(losses).sum() / (labels != IGNORED).sum()


def greedy(step: Step, state: Tensor, start: int, end: int, max_length: int) -> list[list[int]]:
    """The sentences one gets by always taking the likeliest next token, without start and end.

    state: (batch, size). Each sentence stops at its own end, or after max_length tokens (at least 1), end included.
    """
    tokens = torch.full((len(state),), start, device=state.device)
    rows: list[list[int]] = [[] for _ in range(len(state))]
    open_rows = set(range(len(state)))
    for _ in range(max_length):
        logits, state = step(state, tokens)
        tokens = logits.argmax(dim=1)
        for row, token in enumerate(tokens.tolist()):
            if token == end:
                open_rows.discard(row)
            elif row in open_rows:
                rows[row].append(token)
        if not open_rows:
            break
    return rows


def beam_search(step: Step, state: Tensor, start: int, end: int, beam: int, max_length: int, length_penalty: float = 0.0) -> tuple[list[int], float]:
    """(sentence, score): the best sentence that beam search finds, without start and end, and its score.

    state: (1, size), of one sentence. One hypothesis is alive at first: nothing but start. In each round all continuations of all hypotheses
    alive by one token, of any kind, are ranked by the sum of their log-probabilities, and the `beam` best are kept (all, if there are fewer). Those
    that end with end are finished and set aside, never to be continued; the others are alive in the next round. After max_length rounds, or when
    none is alive, the search stops, and those still alive count as finished too. Returned is the finished hypothesis with the largest score,
    sum of log-probabilities / length ** length_penalty, the length counted with end and without start.
    """
    alive, sums, tokens = [[]], state.new_zeros(1), [start]
    best: tuple[list[int], float] = ([], -torch.inf)
    for length in range(1, max_length + 1):
        logits, state = step(state, torch.tensor(tokens, device=state.device))
        totals = sums[:, None] + logits.log_softmax(dim=1)
        sums, places = totals.flatten().topk(min(beam, totals.numel()))
        parents, tokens = (places // logits.shape[1]).tolist(), (places % logits.shape[1]).tolist()
        for parent, token, total in zip(parents, tokens, sums.tolist(), strict=True):
            if (token == end or length == max_length) and total / length**length_penalty > best[1]:
                best = (alive[parent] + [token] * (token != end), total / length**length_penalty)
        on = [k for k, token in enumerate(tokens) if token != end]
        alive, tokens = [[*alive[parents[k]], tokens[k]] for k in on], [tokens[k] for k in on]
        sums, state = sums[on], state[[parents[k] for k in on]]
        if not on:
            break
    return best
