"""Another right answer: floating masks for each head, positions as indices, finished sentences leave the batch."""

import torch
from torch import nn

PAD, BOS, EOS = 0, 1, 2


def pad(sentences):
    return nn.utils.rnn.pad_sequence([torch.tensor(sentence) for sentence in sentences], batch_first=True, padding_value=PAD)


class Translator(nn.Module):
    def __init__(self, vocab, width, heads, hidden, max_length):
        super().__init__()
        self.heads = heads
        for side in ("source", "target"):
            setattr(self, f"{side}_embedding", nn.Embedding(vocab, width))
            setattr(self, f"{side}_positions", nn.Embedding(max_length, width))
        self.transformer = nn.Transformer(width, heads, 1, 1, hidden, 0.0, batch_first=True, norm_first=True)
        self.output = nn.Linear(width, vocab)

    def forward(self, source, target):
        x = self.source_embedding(source) + self.source_positions(torch.arange(source.shape[1], device=source.device))
        y = self.target_embedding(target) + self.target_positions(torch.arange(target.shape[1], device=source.device))

        def hide(length):
            return (source == PAD)[:, None, None, :].expand(-1, self.heads, length, -1).flatten(0, 1)

        steps = torch.arange(target.shape[1], device=source.device)
        y = self.transformer(x, y, src_mask=hide(x.shape[1]), tgt_mask=steps[None, :] > steps[:, None], memory_mask=hide(y.shape[1]))
        return self.output(y)


def loss(model, source, target):
    logs = model(source, target[:, :-1]).log_softmax(dim=-1)
    wanted = target[:, 1:]
    each = -logs.gather(2, wanted[..., None])[..., 0]
    return each[wanted != PAD].sum() / (wanted != PAD).sum()


@torch.no_grad()
def translate(model, source, max_length):
    sentences, rows = [[] for _ in source], torch.arange(len(source), device=source.device)
    tokens = torch.full((len(source), 1), BOS, device=source.device)
    for _ in range(max_length):
        following = model(source[rows], tokens)[:, -1].topk(1).indices
        going = following[:, 0] != EOS
        rows, tokens = rows[going], torch.cat([tokens, following], dim=1)[going]
        for row, token in zip(rows.tolist(), tokens[:, -1].tolist(), strict=True):
            sentences[row].append(token)
        if len(rows) == 0:
            break
    return sentences


def fit(sources, targets, vocab, seed):
    torch.manual_seed(seed)
    source, target = pad(sources), pad([[BOS, *tokens, EOS] for tokens in targets])
    model = Translator(vocab, 32, 4, 64, 10)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, total_steps=200, pct_start=0.1)
    for _ in range(200):
        chosen = torch.randperm(len(source))[:64]
        value = loss(model, source[chosen], target[chosen])
        model.zero_grad()
        value.backward()
        optimiser.step()
        schedule.step()
    return model
