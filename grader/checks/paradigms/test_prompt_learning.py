"""The reference is the same small language model, asked word by word and token by token."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same

VOCAB, DIM, MASK = 23, 6, 22
TEMPLATES = [["text", 3, "mask", 4], ["mask", 5, 6, "text"], [7, "text", "mask"], ["text", "mask", 2, 2, 8]]
WORDS = [[[11], [12, 13]], [[14, 15, 16]], [[17], [18], [19, 11, 11]]]  # three labels, words of one to three tokens


def language_model(weights):
    """A masked language model in float64 with these weights."""
    import torch  # noqa: PLC0415 - runs in the worker, too
    from torch import nn  # noqa: PLC0415

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            vocab, dim = weights[0].shape
            self.embed = nn.Embedding(vocab, dim)
            self.own, self.context, self.head = nn.Linear(dim, dim), nn.Linear(dim, dim), nn.Linear(dim, vocab)
            self.double()
            with torch.no_grad():
                for parameter, value in zip(self.parameters(), weights, strict=True):
                    parameter.copy_(value)

        def forward(self, embeddings, mask):
            if mask.dtype != torch.bool or mask.shape != embeddings.shape[:2]:
                raise ValueError("the mask is not boolean, (batch, length)")
            share = mask.to(embeddings.dtype) / mask.sum(dim=1, keepdim=True)
            place = torch.arange(mask.shape[1], device=mask.device).to(embeddings.dtype)[:, None] / 10
            mean = (share[..., None] * embeddings * (1 + place)).sum(dim=1, keepdim=True)
            return self.head(torch.tanh(self.own(embeddings) + self.context(mean)))

    return Model()


def models(draw, worker):
    """The model there and here."""
    shapes = (VOCAB, DIM), (DIM, DIM), (DIM,), (DIM, DIM), (DIM,), (VOCAB, DIM), (VOCAB,)
    weights = [draw.normal(*shape, dtype=torch.float64) for shape in shapes]
    return worker.define(language_model)(weights), language_model(weights)


def put(template, text, masks):
    tokens = [piece for part in template for piece in (text if part == "text" else [MASK] * masks if part == "mask" else [part])]
    begin = len(text) * (template.index("text") < template.index("mask")) + sum(isinstance(part, int) for part in template[: template.index("mask")])
    return tokens, [begin + i for i in range(masks)]


def reference_scores(model, template, text, verbaliser):
    scores = []
    for words in verbaliser:
        total = 0.0
        for word in words:
            tokens, places = put(template, text, len(word))
            logits = model(model.embed(torch.tensor([tokens])), torch.ones(1, len(tokens), dtype=torch.bool))[0]
            logs = [logits[place].log_softmax(dim=0)[token].item() for place, token in zip(places, word, strict=True)]
            total += sum(logs) / len(logs)
        scores.append(total / len(words))
    return torch.tensor(scores, dtype=torch.float64)


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_fill(answer, draw, template):
    """fill: text and masks in their places
    fill：文本与掩码各就各位"""
    for length, masks in ((4, 1), (1, 3), (3, 2)):
        text = draw.integers(0, VOCAB, (length,)).tolist()
        text[-1] = MASK  # a mask of the text's own is no gap
        assert_same(answer.fill(template, text, masks, MASK), put(template, text, masks), f"fill({template}, {text}, {masks}, {MASK})")


@pytest.mark.after("test_fill")
def test_one_word_one_token(answer, draw, worker):
    """label_scores: one token for each label
    label_scores：每个标签一个词元"""
    theirs, ours = models(draw, worker)
    verbaliser = [[[int(token)]] for token in draw.permutation(VOCAB)[:4]]
    for template in TEMPLATES[:2]:
        text = draw.integers(0, VOCAB, (4,)).tolist()
        expected = reference_scores(ours, template, text, verbaliser)
        assert_same(answer.label_scores(theirs, template, text, verbaliser, MASK), expected, "label_scores(...), one token for each label")


@pytest.mark.after("test_one_word_one_token")
def test_long_words(answer, draw, worker):
    """label_scores: words of several tokens, several words
    label_scores：多词元的词、多个词"""
    theirs, ours = models(draw, worker)
    for template in TEMPLATES:
        text = draw.integers(0, VOCAB, (3,)).tolist()
        expected = reference_scores(ours, template, text, WORDS)
        assert_same(answer.label_scores(theirs, template, text, WORDS, MASK), expected, f"label_scores(model, {template}, ...)")


@pytest.mark.parametrize(("batch", "labels", "m"), [(4, 3, 2), (1, 2, 1), (3, 5, 4)])
def test_calibrate(answer, draw, batch, labels, m):
    """calibrate: divided by the prior of neutral texts
    calibrate：除以中性文本的先验"""
    scores, neutral = 2 * draw.normal(batch, labels, dtype=torch.float64), 2 * draw.normal(m, labels, dtype=torch.float64)
    ratio = scores.softmax(dim=1) / neutral.softmax(dim=1).mean(dim=0)
    assert_same(answer.calibrate(scores, neutral), ratio / ratio.sum(dim=1, keepdim=True), "calibrate(scores, neutral)")
    assert_same(
        answer.calibrate(scores.float(), neutral.float()), (ratio / ratio.sum(dim=1, keepdim=True)).float(), "calibrate in float32", rtol=1e-4
    )


@pytest.mark.after("test_calibrate")
def test_calibrate_extremes(answer, draw):
    """calibrate: scores of -10,000
    calibrate：大小为 -10,000 的分数"""
    scores = draw.normal(3, 4, dtype=torch.float64) - 10_000
    neutral = draw.normal(2, 4, dtype=torch.float64)
    ratio = (scores + 10_000).softmax(dim=1) / neutral.softmax(dim=1).mean(dim=0)
    expected = ratio / ratio.sum(dim=1, keepdim=True)
    # 1e-8: numbers of 10,000 round at 1e-12
    assert_same(answer.calibrate(scores, neutral), expected, "calibrate(scores - 10,000, neutral)", rtol=1e-8)
    assert_same(answer.calibrate(scores, neutral - 10_000), expected, "calibrate(scores - 10,000, neutral - 10,000)", rtol=1e-8)
    lopsided = torch.tensor([[0.0, -2000.0]], dtype=torch.float64)
    # p is (1, e^-2000) and the prior the same: what is left is even
    assert_same(answer.calibrate(lopsided, lopsided), torch.full((1, 2), 0.5, dtype=torch.float64), "calibrate(scores, the same scores)")


def through(model, prompt, tokens, mask):
    """The logits of the tokens with a prompt in front, row by row without padding."""
    rows = []
    for row, real in zip(tokens, mask, strict=True):
        whole = torch.cat([prompt, model.embed(row)])[None]
        seen = torch.cat([torch.ones(len(prompt), dtype=torch.bool), real])[None]
        rows.append(model(whole, seen)[0, len(prompt) :])
    return torch.stack(rows)


def batch_of(draw):
    tokens, mask = draw.integers(0, VOCAB, (3, 5)), torch.ones(3, 5, dtype=torch.bool)
    mask[1, 3:], mask[2, 1:] = False, False
    return tokens, mask


def look(soft):
    return sorted((name, tuple(p.shape), p.requires_grad) for name, p in soft.named_parameters())


def test_soft_prompt(answer, draw, worker):
    """SoftPrompt: a trained prompt, everything else frozen
    SoftPrompt：提示可训练，其余冻结"""
    theirs, ours = models(draw, worker)
    start = draw.permutation(VOCAB)[:4]
    soft = answer.SoftPrompt(theirs, start)
    expected = sorted([("prompt", (4, DIM), True)] + [(f"model.{name}", tuple(p.shape), False) for name, p in ours.named_parameters()])
    assert_same(worker.define(look)(soft), expected, "names, shapes and requires_grad of the parameters")
    assert_same(soft.prompt, ours.embed.weight.detach()[start], "soft.prompt at the start")


@pytest.mark.after("test_soft_prompt")
def test_soft_forward(answer, draw, worker):
    """SoftPrompt: the prompt in front, the mask longer by it
    SoftPrompt：提示在前，掩码随之加长"""
    theirs, ours = models(draw, worker)
    for length in (3, 1):
        start = draw.permutation(VOCAB)[:length]
        tokens, mask = batch_of(draw)
        expected = through(ours, ours.embed(start), tokens, mask)
        assert_same(answer.SoftPrompt(theirs, start)(tokens, mask), expected, f"soft(tokens, mask), a prompt of {length}")
        full = torch.ones_like(mask)
        assert_same(answer.SoftPrompt(theirs, start)(tokens, full), through(ours, ours.embed(start), tokens, full), "soft(tokens, no padding)")


@pytest.mark.after("test_soft_forward")
def test_prompt_gradient(answer, draw, worker):
    """SoftPrompt: gradient of the prompt
    SoftPrompt：提示的梯度"""
    theirs, ours = models(draw, worker)
    tokens, mask = batch_of(draw)
    soft = answer.SoftPrompt(theirs, draw.permutation(VOCAB)[:2])
    cotangent = draw.normal(3, 5, VOCAB, dtype=torch.float64)
    prompt = soft.prompt.detach().clone().requires_grad_()
    (through(ours, prompt, tokens, mask) * cotangent).sum().backward()
    got = worker.define(gradient_of_prompt)(soft, tokens, mask, cotangent)
    assert_same(got, prompt.grad, "soft.prompt.grad")


def gradient_of_prompt(soft, tokens, mask, cotangent):
    (soft(tokens, mask) * cotangent).sum().backward()
    return soft.prompt.grad


def state(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.after("test_soft_forward")
def test_tune(answer, draw, worker):
    """tune: the prompt learns, the model stays
    tune：只有提示在学习"""
    theirs, ours = models(draw, worker)
    tokens, mask = batch_of(draw)
    places, targets = torch.tensor([4, 2, 0]), draw.integers(0, VOCAB, (3,))
    before, start = worker.define(state)(theirs), draw.permutation(VOCAB)[:3]
    soft = answer.SoftPrompt(theirs, start)
    losses = answer.tune(soft, tokens, mask, places, targets, 3, 0.2)
    prompt, expected = ours.embed.weight.detach()[start], []
    for _ in range(3):
        prompt = prompt.clone().requires_grad_()
        loss = F.cross_entropy(through(ours, prompt, tokens, mask)[torch.arange(3), places], targets)
        loss.backward()
        expected.append(loss.item())
        prompt = prompt.detach() - 0.2 * prompt.grad
    assert_same(losses, expected, "tune(soft, ...)")
    assert_same(soft.prompt, prompt, "soft.prompt after 3 steps")
    assert_same(worker.define(state)(theirs), before, "state of the language model afterwards")
