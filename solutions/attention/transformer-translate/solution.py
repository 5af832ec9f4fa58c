"""The encoder reads the whole sentence; the decoder writes the translation word by word, always looking back at both."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PAD, BOS, EOS = 0, 1, 2  # given


def pad(sentences: list[list[int]]) -> Tensor:
    """Sentences of different length, at least one and none of them empty, as int64 (batch, longest), filled up with PAD at the end."""
    longest = max(len(sentence) for sentence in sentences)
    return torch.tensor([sentence + [PAD] * (longest - len(sentence)) for sentence in sentences])


class Translator(nn.Module):
    """An encoder-decoder Transformer with learned positions.

    Submodules: source_embedding and target_embedding, nn.Embedding(vocab, width); source_positions and target_positions,
    nn.Embedding(max_length, width); transformer, nn.Transformer(width, heads, 1, 1, hidden, dropout=0.0, batch_first=True, norm_first=True);
    output, nn.Linear(width, vocab).
    """

    def __init__(self, vocab: int, width: int, heads: int, hidden: int, max_length: int) -> None:
        """Make the submodules."""
        super().__init__()
        self.source_embedding, self.target_embedding = nn.Embedding(vocab, width), nn.Embedding(vocab, width)
        self.source_positions, self.target_positions = nn.Embedding(max_length, width), nn.Embedding(max_length, width)
        self.transformer = nn.Transformer(width, heads, 1, 1, hidden, dropout=0.0, batch_first=True, norm_first=True)
        self.output = nn.Linear(width, vocab)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Logits of the token that follows each target token, (batch, target_length, vocab).

        source: int64 (batch, source_length), target: int64 (batch, target_length), both padded at the end with PAD. Each side adds its own
        positions, counted from 0, to its embeddings. The encoder and the decoder see no source padding; target position t sees the targets 0
        to t. What stands at padded places has no influence on the other positions.
        """
        padding = source == PAD
        length = target.shape[1]
        future = torch.ones(length, length, dtype=torch.bool, device=target.device).triu(diagonal=1)
        x = self.source_embedding(source) + self.source_positions.weight[: source.shape[1]]
        y = self.target_embedding(target) + self.target_positions.weight[:length]
        y = self.transformer(x, y, tgt_mask=future, src_key_padding_mask=padding, memory_key_padding_mask=padding)
        return self.output(y)


def loss(model: Translator, source: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy of all target tokens after the first, under teacher forcing; padding does not count.

    source as in forward; target: int64 (batch, length), rows BOS, tokens, EOS, PAD ... Returns a scalar.
    """
    logits = model(source, target[:, :-1])
    return F.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=PAD)


@torch.no_grad()
def translate(model: Translator, source: Tensor, max_length: int) -> list[list[int]]:
    """Greedy decoding: begin with BOS and append the most likely token until EOS, at most max_length tokens.

    Returns the tokens of each sentence without BOS and EOS, whatever the other sentences of the batch are. The model has room for max_length.
    """
    target = torch.full((len(source), 1), BOS, device=source.device)
    for _ in range(max_length):
        following = model(source, target)[:, -1].argmax(dim=1)
        target = torch.cat([target, following[:, None]], dim=1)
    sentences = [row[1:] for row in target.tolist()]
    return [row[: row.index(EOS)] if EOS in row else row for row in sentences]


def fit(sources: list[list[int]], targets: list[list[int]], vocab: int, seed: int) -> Translator:
    """Train a translator on pairs of sentences, without BOS and EOS, so that it also translates new sentences of the same language.

    Sentences have 1 to 3 tokens, all below vocab; the model's max_length is 6 or more. The same arguments give the same model.
    """
    torch.manual_seed(seed)
    source, target = pad(sources), pad([[BOS, *sentence, EOS] for sentence in targets])
    model = Translator(vocab, 32, 2, 64, 6)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(7):
        for rows in torch.randperm(len(source)).split(64):
            optimiser.zero_grad()
            loss(model, source[rows], target[rows]).backward()
            optimiser.step()
    return model
