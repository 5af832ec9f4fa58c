import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Model = Callable[[Tensor, Tensor | None], tuple[Tensor, Tensor]]


class CharModel(nn.Module):
    """(logits (batch, time, size), state) from ids (batch, time) and the state after what came before, None at the beginning."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.embedding, self.rnn, self.output = nn.Embedding(size, 32), nn.GRU(32, 64, batch_first=True), nn.Linear(64, size)

    def forward(self, ids: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        states, last = self.rnn(self.embedding(ids), state)
        return self.output(states), last


def fit(ids: Tensor, size: int, seed: int) -> CharModel:
    """A model of the text ids (n,), of characters 0 to size - 1, trained by `batches` and `train_step`."""
    torch.manual_seed(seed)
    model = CharModel(size)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(2):
        state = None
        for inputs, targets in batches(ids, 40, 25):
            _, state = train_step(model, optimiser, inputs, targets, state)
    return model


def encode(text: str, vocabulary: str | None = None) -> tuple[Tensor, str]:
    """(ids, vocabulary): each character's place in the vocabulary, int64 (len(text),).

    vocabulary: a string of different characters; None: those of the text, each once, in the order of their code points. A character that is
    not in it raises ValueError. The text may be empty.
    """
    raise NotImplementedError("your turn")


def batches(ids: Tensor, streams: int, window: int) -> list[tuple[Tensor, Tensor]]:
    """(inputs, targets) along the text, for a model whose state is handed from one to the next.

    ids: (n,) int64, n > streams. The text is cut into `streams` pieces of length = (n - 1) // streams, one after the other; what is left at the
    end is dropped. Row b of all batches, side by side, is piece b: ids[b * length : (b + 1) * length]. A batch has window columns, the last
    one perhaps fewer. targets has the same shape as inputs: at each place the character that follows in the text, at the end of a piece the
    first one of the next.
    """
    raise NotImplementedError("your turn")


def train_step(model: nn.Module, optimiser: torch.optim.Optimizer, inputs: Tensor, targets: Tensor, state: Tensor | None) -> tuple[float, Tensor]:
    """(loss, new state): one optimiser step on the mean cross-entropy of all next characters, from the model's state before the batch.

    model: from (inputs, state) to (logits (batch, time, size), new state). Gradients left over from before do not count. The state that is
    returned carries no graph: the gradient ends at the beginning of the batch. The loss is that before the step. The model's mode stays as it is.
    """
    raise NotImplementedError("your turn")


def perplexity(model: Model, ids: Tensor, streams: int, window: int) -> float:
    """The exponential of the mean of -log p over all next characters in batches(ids, streams, window), each counted once.

    The model, any callable, begins without a state and is handed its own one from batch to batch. No graph is built.
    """
    raise NotImplementedError("your turn")


def bigram(ids: Tensor, size: int) -> Tensor:
    """The simplest model: log p(next | this) from counts plus one, float64 (size, size), a row for each character that stands before.

    ids: (n,) int64, n at least 1, from 0 to size - 1. p = (how often the pair occurs in ids + 1) / (how often its first character is followed by
    anything + size).
    """
    raise NotImplementedError("your turn")


def generate(model: Model, prompt: Tensor, length: int, temperature: float, generator: torch.Generator) -> list[int]:
    """The next `length` characters after the prompt, drawn one after the other.

    prompt: (n,) int64, n at least 1; the model, any callable, reads it first, as a batch of one and without a state before. Each character is drawn
    with probability softmax(logits / temperature), by the generator alone, and is then read by the model. With temperature 0 it is the likeliest one.
    length may be 0. No graph is built.
    """
    raise NotImplementedError("your turn")
