"""The reference is nn.Transformer with the same weights, asked without padding, one sentence at a time."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from grader.compare import assert_between, assert_fast, assert_same, assert_true

PAD, BOS, EOS = 0, 1, 2
SIZES = (11, 8, 2, 12, 14)  # vocab, width, heads, hidden, max_length


class Reference(nn.Module):
    """The same submodules; forward takes whole batches without padding."""

    def __init__(self, vocab, width, heads, hidden, max_length):
        super().__init__()
        self.source_embedding, self.target_embedding = nn.Embedding(vocab, width), nn.Embedding(vocab, width)
        self.source_positions, self.target_positions = nn.Embedding(max_length, width), nn.Embedding(max_length, width)
        self.transformer = nn.Transformer(width, heads, 1, 1, hidden, dropout=0.0, batch_first=True, norm_first=True)
        self.output = nn.Linear(width, vocab)

    def forward(self, source, target):
        x = self.source_embedding(source) + self.source_positions(torch.arange(source.shape[1]))
        y = self.target_embedding(target) + self.target_positions(torch.arange(target.shape[1]))
        later = torch.arange(target.shape[1]) > torch.arange(target.shape[1])[:, None]
        return self.output(self.transformer(x, y, tgt_mask=later))


def fresh(draw, model):
    """Weights in float64 for all entries of a state_dict."""
    weights = {name: 0.5 * draw.normal(*value.shape, dtype=torch.float64) for name, value in model.state_dict().items()}
    return weights | {name: 1 + 0.2 * value for name, value in weights.items() if "norm" in name and name.endswith("weight")}


def pair(answer, draw):
    """The learner's model and the reference in float64, with the same fresh weights."""
    theirs = Reference(*SIZES).double()
    weights = fresh(draw, theirs)
    theirs.load_state_dict(weights)
    return loaded(answer, weights), theirs


def loaded(answer, weights):
    ours = answer.Translator(*SIZES)
    ours.double()
    ours.load_state_dict(weights)
    return ours


def sentence(draw, length):
    return draw.integers(3, SIZES[0], (length,)).tolist()


def padded(rows):
    longest = max(map(len, rows))
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])


def shapes(model):
    return {name: tuple(value.shape) for name, value in sorted(model.state_dict().items())}


def test_pad(answer, draw):
    """pad: filled up at the end
    pad：在末尾补齐"""
    for lengths in ((3, 1, 4), (2,), (2, 2)):
        rows = [sentence(draw, length) for length in lengths]
        assert_same(answer.pad(rows), padded(rows), f"pad({rows})")


def test_parameters(answer, worker):
    """Names and shapes of the parameters
    参数的名称与形状"""
    assert_same(worker.define(shapes)(answer.Translator(*SIZES)), shapes(Reference(*SIZES)), "shapes of model.state_dict()")


@pytest.mark.after("test_parameters")
def test_no_leak(answer, draw):
    """forward: later targets change nothing
    forward：后面的目标不影响前面"""
    ours, _ = pair(answer, draw)
    source, target = draw.integers(3, SIZES[0], (2, 3)), draw.integers(3, SIZES[0], (2, 6))
    before, place = ours(source, target), int(draw.integers(1, 6))
    target[:, place:] = 3 + (target[:, place:] - 2) % (SIZES[0] - 3)
    assert_same(ours(source, target)[:, :place], before[:, :place], f"the logits of the first {place} targets when the later ones change")


@pytest.mark.after("test_parameters")
@pytest.mark.parametrize(("source_length", "target_length"), [(4, 4), (3, 6), (5, 1)])
def test_forward(answer, draw, source_length, target_length):
    """forward: sentences without padding
    forward：没有填充的句子"""
    ours, theirs = pair(answer, draw)
    source, target = (draw.integers(3, SIZES[0], (3, length)) for length in (source_length, target_length))
    assert_same(ours(source, target), theirs(source, target), "model(source, target)")


@pytest.mark.after("test_forward")
def test_padding(answer, draw):
    """forward: padded sentences as if alone
    forward：有填充的句子与单独时相同"""
    ours, theirs = pair(answer, draw)
    sources, targets = [sentence(draw, n) for n in (2, 5, 3)], [sentence(draw, n) for n in (4, 2, 6)]
    logits = ours(padded(sources), padded(targets))
    for row, (source, target) in enumerate(zip(sources, targets, strict=True)):
        alone = theirs(torch.tensor([source]), torch.tensor([target]))[0]
        assert_same(logits[row, : len(target)], alone, f"logits of sentence {row}, which has {len(source)} and {len(target)} tokens")


@pytest.mark.after("test_padding")
def test_loss(answer, draw):
    """loss: every real token after the first, once
    loss：第一个之后的每个真实词元各计一次"""
    ours, theirs = pair(answer, draw)
    sources, targets = [sentence(draw, n) for n in (2, 5, 3)], [[BOS, *sentence(draw, n), EOS] for n in (4, 1, 3)]
    parts = []
    for source, target in zip(sources, targets, strict=True):
        logits = theirs(torch.tensor([source]), torch.tensor([target[:-1]]))[0]
        parts.append(F.cross_entropy(logits, torch.tensor(target[1:]), reduction="none"))
    assert_same(answer.loss(ours, padded(sources), padded(targets)), torch.cat(parts).mean(), "loss(model, source, target)")


def written(model, source, length):
    """The most likely tokens one after the other, whatever comes after EOS."""
    tokens = [BOS]
    for _ in range(length):
        tokens.append(int(model(torch.tensor([source]), torch.tensor([tokens]))[0, -1].argmax()))
    return tokens[1:]


def until_end(tokens):
    return tokens[: tokens.index(EOS)] if EOS in tokens else tokens


def talkative(draw, length):
    """Weights and sources: one sentence does not end within the length, and after another's EOS the model would go on with words."""
    model = Reference(*SIZES).double()
    scales = {"embedding": 4.0, "positions": 4.0, "multihead_attn": 2.0, "bias": 0.1}  # else the output hardly depends on the tokens
    while True:
        weights = fresh(draw, model)
        for name, value in weights.items():
            for part, scale in scales.items():
                value.mul_(scale if part in name else 1.0)
        weights["output.bias"][:3] = torch.tensor([-99.0, -99.0, 1.0])  # PAD and BOS never, EOS sometimes
        model.load_state_dict(weights)
        sources = [sentence(draw, int(n)) for n in draw.integers(1, 6, (6,))]
        tokens = [written(model, source, length) for source in sources]
        if any(EOS not in row for row in tokens) and any(set(row[len(until_end(row)) :]) - {EOS} for row in tokens):
            return weights, sources, tokens


@pytest.mark.after("test_padding")
def test_translate(answer, draw):
    """translate: greedy, each sentence to its own end
    translate：贪心，各句到各自的结尾"""
    with torch.no_grad():
        weights, sources, tokens = talkative(draw, 5)
    ours = loaded(answer, weights)
    assert_same(answer.translate(ours, padded(sources), 5), [until_end(row) for row in tokens], "translate(model, source, 5)")
    assert_same(answer.translate(ours, padded(sources[:1]), 1), [until_end(tokens[0][:1])], "translate(model, source, 1), one sentence")


def corpus(draw, n, new):
    """Sentences of a language whose translation is reversed and has other words, and others that are not among them: new words for every run."""
    words = (draw.permutation(16) + 3).tolist()
    sentences = [(draw.integers(3, 19, (int(length),))).tolist() for length in draw.integers(1, 4, (n + 6 * new,))]
    seen = {tuple(tokens) for tokens in sentences[:n]}
    sentences[n:] = [tokens for tokens in sentences[n:] if tuple(tokens) not in seen][:new]  # nearly a third is new
    return sentences, [[words[token - 3] for token in reversed(tokens)] for tokens in sentences]


def weights_of(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.after("test_loss", "test_translate")
def test_fit_small(answer, draw, worker):
    """fit: a Translator, the same for the same seed
    fit：返回 Translator，种子相同则相同"""
    sources, targets = corpus(draw, 8, 0)
    seed = draw.integers(0, 1000, ()).item()
    worker.seed(1)
    model = answer.fit(sources, targets, 19, seed)
    weights = worker.define(weights_of)(model)
    assert_same(sorted(weights), sorted(Reference(*SIZES).state_dict()), "names of fit(…).state_dict()")
    assert_same({name: value.dtype for name, value in weights.items()}, dict.fromkeys(weights, torch.float32), "dtypes of fit(…).state_dict()")
    assert_same(len(weights["output.bias"]), 19, "rows of fit(…).output.bias")
    room = min(len(weights["source_positions.weight"]), len(weights["target_positions.weight"]))
    assert_true(room >= 6, "fit(…)", f"the model has room for {room} tokens: 6 or more are asked for", f"模型只容得下 {room} 个词元，应为 6 个以上")
    worker.seed(2)
    assert_same(worker.define(weights_of)(answer.fit(sources, targets, 19, seed)), weights, "state_dict of a second fit(…) with the same seed")


@pytest.mark.after("test_fit_small")
def test_fit(answer, draw, worker):
    """fit: 99 % of new sentences, word for word
    fit：99% 的新句子逐词正确"""
    sources, targets = corpus(draw, 2000, 300)
    with worker.timed() as clock:
        model = answer.fit(sources[:2000], targets[:2000], 19, draw.integers(0, 1000, ()).item())
    assert_fast(clock.seconds, 20.0, "fit on 2,000 pairs of sentences")  # some 1 s
    found = answer.translate(model, padded(sources[2000:]), 6)
    right = sum(mine == theirs for mine, theirs in zip(found, targets[2000:], strict=True))
    assert_between(right / 300, 0.99, 1.0, "share of 300 new sentences translated exactly")
