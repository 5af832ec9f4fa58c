# blind: passed at try 1
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
        outputs, _ = self.encoder(self.source_embedding(source))
        rows = torch.arange(len(source), device=source.device)
        return outputs[rows, lengths - 1]

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
    words = (targets != IGNORED).sum(1)
    extended = F.pad(targets, (0, 1), value=IGNORED)
    goal = extended.scatter(1, words[:, None], end)
    tokens = torch.full((batch,), start, dtype=torch.int64, device=targets.device)
    total = 0.0
    for place in range(goal.shape[1]):
        if bool((goal[:, place] == IGNORED).all()):
            break
        logits, state = step(state, tokens)
        total = total + F.cross_entropy(logits, goal[:, place], ignore_index=IGNORED, reduction="sum")
        tokens = torch.where(goal[:, place] == IGNORED, end, goal[:, place])
    return total / (words + 1).sum()


def greedy(step: Step, state: Tensor, start: int, end: int, max_length: int) -> list[list[int]]:
    """The sentences one gets by always taking the likeliest next token, without start and end.

    state: (batch, size). Each sentence stops at its own end, or after max_length tokens (at least 1), end included.
    """
    sentences: list[list[int]] = [[] for _ in range(len(state))]
    running = set(range(len(state)))
    tokens = torch.full((len(state),), start, dtype=torch.int64, device=state.device)
    with torch.no_grad():
        for _ in range(max_length):
            logits, state = step(state, tokens)
            tokens = logits.argmax(dim=-1)
            for row, token in enumerate(tokens.tolist()):
                if row not in running:
                    continue
                if token == end:
                    running.discard(row)
                else:
                    sentences[row].append(token)
            if not running:
                break
    return sentences


def beam_search(step: Step, state: Tensor, start: int, end: int, beam: int, max_length: int, length_penalty: float = 0.0) -> tuple[list[int], float]:
    """(sentence, score): the best sentence that beam search finds, without start and end, and its score.

    state: (1, size), of one sentence. One hypothesis is alive at first: nothing but start. In each round all continuations of all hypotheses
    alive by one token, of any kind, are ranked by the sum of their log-probabilities, and the `beam` best are kept (all, if there are fewer). Those
    that end with end are finished and set aside, never to be continued; the others are alive in the next round. After max_length rounds, or when
    none is alive, the search stops, and those still alive count as finished too. Returned is the finished hypothesis with the largest score,
    sum of log-probabilities / length ** length_penalty, the length counted with end and without start.
    """
    alive: list[list[int]] = [[start]]
    sums = torch.zeros(1, device=state.device)
    finished: list[tuple[float, list[int]]] = []
    with torch.no_grad():
        for length in range(1, max_length + 1):
            last = torch.tensor([tokens[-1] for tokens in alive], device=state.device)
            logits, state = step(state, last)
            totals = sums[:, None] + logits.log_softmax(dim=-1)
            vocabulary = totals.shape[1]
            best, places = totals.flatten().topk(min(beam, totals.numel()))
            parents, survivors, grown = [], [], []
            for rank, (value, place) in enumerate(zip(best.tolist(), places.tolist())):
                parent, token = divmod(place, vocabulary)
                tokens = alive[parent] + [token]
                if token == end:
                    finished.append((value / length**length_penalty, tokens[1:-1]))
                elif length == max_length:
                    finished.append((value / length**length_penalty, tokens[1:]))
                else:
                    parents.append(parent)
                    survivors.append(rank)
                    grown.append(tokens)
            if not grown:
                break
            alive, sums, state = grown, best[survivors], state[parents]
    score, sentence = max(finished, key=lambda pair: pair[0])
    return sentence, score
