# blind: passed at try 1
import torch
import torch.nn.functional as F
from torch import Tensor, nn

PAD, BOS, EOS = 0, 1, 2


def pad(sentences: list[list[int]]) -> Tensor:
    """Sentences of different length, at least one and none of them empty, as int64 (batch, longest), filled up with PAD at the end."""
    longest = max(map(len, sentences))
    return torch.tensor([[*sentence, *[PAD] * (longest - len(sentence))] for sentence in sentences], dtype=torch.int64)


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
        hidden_source = source == PAD
        read = self.source_embedding(source) + self.source_positions.weight[: source.shape[1]]
        written = self.target_embedding(target) + self.target_positions.weight[: target.shape[1]]
        length = target.shape[1]
        future = torch.ones(length, length, dtype=torch.bool, device=target.device).triu(1)
        states = self.transformer(
            read, written, tgt_mask=future, src_key_padding_mask=hidden_source, memory_key_padding_mask=hidden_source
        )
        return self.output(states)


def loss(model: Translator, source: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy of all target tokens after the first, under teacher forcing; padding does not count.

    source as in forward; target: int64 (batch, length), rows BOS, tokens, EOS, PAD ... Returns a scalar.
    """
    logits, answers = model(source, target[:, :-1]), target[:, 1:]
    counted = answers != PAD
    return F.cross_entropy(logits[counted], answers[counted])


@torch.no_grad()
def translate(model: Translator, source: Tensor, max_length: int) -> list[list[int]]:
    """Greedy decoding: begin with BOS and append the most likely token until EOS, at most max_length tokens.

    Returns the tokens of each sentence without BOS and EOS, whatever the other sentences of the batch are. The model has room for max_length.
    """
    written = torch.full((len(source), 1), BOS, dtype=torch.int64, device=source.device)
    for _ in range(max_length):
        following = model(source, written)[:, -1].argmax(-1, keepdim=True)
        written = torch.cat([written, following], 1)
        if (written == EOS).any(1).all():
            break
    sentences = []
    for row in written[:, 1:].tolist():
        sentences.append(row[: row.index(EOS)] if EOS in row else row)
    return sentences


def fit(sources: list[list[int]], targets: list[list[int]], vocab: int, seed: int) -> Translator:
    """Train a translator on pairs of sentences, without BOS and EOS, so that it also translates new sentences of the same language.

    The same arguments give the same model; sentences have up to 5 tokens.
    """
    source, target = pad(sources), pad([[BOS, *sentence, EOS] for sentence in targets])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Translator(vocab, 32, 4, 64, 8)
        epochs, size = 8, 100
        steps = epochs * -(-len(source) // size)
        optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=steps)
        for _ in range(epochs):
            for rows in torch.randperm(len(source)).split(size):
                optimiser.zero_grad()
                loss(model, source[rows], target[rows]).backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimiser.step()
                schedule.step()
    return model
