import torch
import torch.nn.functional as F
from torch import Tensor, nn

PAD, BOS, EOS = 0, 1, 2


def pad(sentences: list[list[int]]) -> Tensor:
    """Sentences of different length, at least one and none of them empty, as int64 (batch, longest), filled up with PAD at the end."""
    raise NotImplementedError("your turn")


class Translator(nn.Module):
    """An encoder-decoder Transformer with learned positions.

    Submodules: source_embedding and target_embedding, nn.Embedding(vocab, width); source_positions and target_positions,
    nn.Embedding(max_length, width); transformer, nn.Transformer(width, heads, 1, 1, hidden, dropout=0.0, batch_first=True, norm_first=True);
    output, nn.Linear(width, vocab).
    """

    def __init__(self, vocab: int, width: int, heads: int, hidden: int, max_length: int) -> None:
        """Make the submodules."""
        raise NotImplementedError("your turn")

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Logits of the token that follows each target token, (batch, target_length, vocab).

        source: int64 (batch, source_length), target: int64 (batch, target_length), both padded at the end with PAD. Each side adds its own
        positions, counted from 0, to its embeddings. The encoder and the decoder see no source padding; target position t sees the targets 0
        to t. What stands at padded places has no influence on the other positions.
        """
        raise NotImplementedError("your turn")


def loss(model: Translator, source: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy of all target tokens after the first, under teacher forcing; padding does not count.

    source as in forward; target: int64 (batch, length), rows BOS, tokens, EOS, PAD ... Returns a scalar.
    """
    raise NotImplementedError("your turn")


@torch.no_grad()
def translate(model: Translator, source: Tensor, max_length: int) -> list[list[int]]:
    """Greedy decoding: begin with BOS and append the most likely token until EOS, at most max_length tokens.

    Returns the tokens of each sentence without BOS and EOS, whatever the other sentences of the batch are. The model has room for max_length.
    """
    raise NotImplementedError("your turn")


def fit(sources: list[list[int]], targets: list[list[int]], vocab: int, seed: int) -> Translator:
    """Train a translator on pairs of sentences, without BOS and EOS, so that it also translates new sentences of the same language.

    Sentences have 1 to 3 tokens, all below vocab; the model's max_length is 6 or more. The same arguments give the same model.
    """
    raise NotImplementedError("your turn")
