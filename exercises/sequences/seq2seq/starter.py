from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

IGNORED = -100
Step = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


class EncoderDecoder(nn.Module):
    """An encoder that reads a source sentence and a decoder that writes a target sentence, both GRUs of the same size."""

    def __init__(self, source_words: int, target_words: int, size: int) -> None:
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
        raise NotImplementedError("your turn")

    def step(self, state: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Feed one token to the decoder: (logits of the next one (batch, target_words), new state (batch, size)).

        state: (batch, size). tokens: (batch,) int64.
        """
        raise NotImplementedError("your turn")


def teacher_forced_loss(step: Step, state: Tensor, targets: Tensor, start: int, end: int) -> Tensor:
    """The mean cross-entropy of the right next tokens, the decoder being fed the right ones so far.

    step: as EncoderDecoder.step. state: (batch, size). targets: (batch, time) int64, each row a sentence and then IGNORED, perhaps from the
    first place on. The decoder is fed start and the sentence, and has to say the sentence and end: a sentence of n words has n + 1 predictions. The
    mean is taken over all predictions of the batch. step is given valid tokens only. Returns a scalar; gradients reach state and the decoder.
    """
    raise NotImplementedError("your turn")


def greedy(step: Step, state: Tensor, start: int, end: int, max_length: int) -> list[list[int]]:
    """The sentences one gets by always taking the likeliest next token, without start and end.

    state: (batch, size). Each sentence stops at its own end, or after max_length tokens (at least 1), end included.
    """
    raise NotImplementedError("your turn")


def beam_search(step: Step, state: Tensor, start: int, end: int, beam: int, max_length: int, length_penalty: float = 0.0) -> tuple[list[int], float]:
    """(sentence, score): the best sentence that beam search finds, without start and end, and its score.

    state: (1, size), of one sentence. One hypothesis is alive at first: nothing but start. In each round all continuations of all hypotheses
    alive by one token, of any kind, are ranked by the sum of their log-probabilities, and the `beam` best are kept (all, if there are fewer). Those
    that end with end are finished and set aside, never to be continued; the others are alive in the next round. After max_length rounds, or when
    none is alive, the search stops, and those still alive count as finished too. Returned is the finished hypothesis with the largest score,
    sum of log-probabilities / length ** length_penalty, the length counted with end and without start.
    """
    raise NotImplementedError("your turn")
