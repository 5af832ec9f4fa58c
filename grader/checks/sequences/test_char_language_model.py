"""The references are F.cross_entropy along the text, counts of pairs, exact probabilities, and the perplexity that a bigram reaches."""

import math
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_between, assert_raises, assert_same, assert_true
from grader.data import text

FLOAT64 = {"dtype": torch.float64}


def test_encode(answer, draw):
    """encode: ids and vocabulary
    encode：编号与词表"""
    start = int(draw.integers(0, 5000))
    for passage in (text("en")[start : start + 60], text("zh")[start : start + 60], "banana", ""):
        vocabulary = "".join(sorted(set(passage)))
        ids = torch.tensor([vocabulary.index(c) for c in passage], dtype=torch.int64)
        assert_same(answer.encode(passage), (ids, vocabulary), f"encode({passage[:10]!r}…)")
    assert_same(answer.encode("cab", "dcba"), (torch.tensor([1, 3, 2]), "dcba"), 'encode("cab", "dcba")')
    assert_raises(ValueError, answer.encode, "cabbage", "abc")


@pytest.mark.parametrize(("n", "streams", "window"), [(31, 3, 4), (25, 4, 3), (12, 1, 5), (9, 8, 2), (29, 2, 50)])
def test_batches(answer, draw, n, streams, window):
    """batches: pieces of running text
    batches：连续文本的各段"""
    ids = (torch.arange(2 * n) + 100 * int(draw.integers(1, 9)))[::2]  # all different: each has its place
    length = (n - 1) // streams
    expected = []
    for first in range(0, length, window):
        columns = range(first, min(first + window, length))
        expected.append(tuple(torch.stack([torch.stack([ids[b * length + t + shift] for t in columns]) for b in range(streams)]) for shift in (0, 1)))
    found = answer.batches(ids, streams, window)
    assert_true(type(found) is list, "batches(…)", "the result is not a list", "结果不是列表")
    assert_same([tuple(pair) for pair in found], expected, f"batches(ids, {streams}, {window}), {n} characters")


def maker(torch, embedding, recurrent, output):
    """A small recurrent model with these weights: a module."""

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.recurrent = torch.nn.Parameter(embedding.clone()), torch.nn.Parameter(recurrent.clone())
            self.output = torch.nn.Parameter(output.clone())

        def forward(self, ids, state=None):
            self.graph = torch.is_grad_enabled()
            if state is None:
                state = torch.zeros(len(ids), len(self.recurrent), dtype=self.recurrent.dtype, device=ids.device)
            logits = []
            for column in ids.unbind(dim=1):
                state = torch.tanh(self.embedding[column] + state @ self.recurrent)
                logits.append(state @ self.output)
            return torch.stack(logits, dim=1), state

    return Model()


def models(worker, draw, size=5, hidden=3):
    """The same model there and here."""
    weights = draw.normal(size, hidden, **FLOAT64), draw.normal(hidden, hidden, **FLOAT64), 2 * draw.normal(hidden, size, **FLOAT64)
    return worker.define(maker)(worker.torch, *weights), maker(torch, *weights)


def weights_now(model):
    return [parameter.detach() for parameter in model.parameters()]


@pytest.mark.after("test_batches")
def test_state(answer, draw, worker):
    """train_step: loss and state, while the weights stay
    train_step：权重不变时的损失与状态"""
    theirs, ours = models(worker, draw)
    optimiser, state, expected = worker.torch.optim.SGD(theirs.parameters(), lr=0.0), None, None
    for step in range(3):
        inputs, targets = draw.integers(0, 5, (2, 4)), draw.integers(0, 5, (2, 4))
        with torch.no_grad():
            logits, expected = ours(inputs, expected)
        result = worker.ref(worker.keep(answer.train_step, theirs, optimiser, inputs, targets, state))
        state = result[1]
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten()).item()
        assert_same(worker.fetch(result[0]), loss, f"train_step(…), step {step}: loss")
        assert_same(worker.fetch(state), expected, f"train_step(…), step {step}: state")
        assert_same(worker.fetch(state.requires_grad), False, f"train_step(…), step {step}: state.requires_grad")


@pytest.mark.after("test_state")
def test_train_step(answer, draw, worker):
    """train_step: the weights after each of three steps
    train_step：三步之中每一步之后的权重"""
    theirs, ours = models(worker, draw)
    optimiser, now, state = worker.torch.optim.SGD(theirs.parameters(), lr=0.3), worker.define(weights_now), None
    for step in range(3):
        inputs, targets = draw.integers(0, 5, (2, 4)), draw.integers(0, 5, (2, 4))
        logits, after = ours(inputs, state)
        ours.zero_grad()
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        with torch.no_grad():
            for parameter in ours.parameters():
                parameter.sub_(0.3 * parameter.grad)
        loss_of_theirs, _ = answer.train_step(theirs, optimiser, inputs, targets, state)
        state = after.detach()
        assert_same(loss_of_theirs, loss.item(), f"train_step(…), step {step}: loss before the step")
        assert_same(now(theirs), [parameter.detach() for parameter in ours.parameters()], f"parameters after step {step}")


def reference_perplexity(model, ids, streams):
    """Piece by piece, without windows."""
    length, total = (len(ids) - 1) // streams, 0.0
    with torch.no_grad():
        for b in range(streams):
            piece = ids[b * length : (b + 1) * length + 1]
            logits, _ = model(piece[None, :-1], None)
            total += F.cross_entropy(logits[0], piece[1:], reduction="sum").item()
    return math.exp(total / (streams * length))


@pytest.mark.after("test_batches")
@pytest.mark.parametrize(("n", "streams", "window"), [(30, 3, 4), (20, 1, 6), (26, 2, 12)])
def test_perplexity(answer, draw, worker, n, streams, window):
    """perplexity: exp of one mean over all characters
    perplexity：对全部字符取一次平均再取 exp"""
    theirs, ours = models(worker, draw)
    ids = draw.integers(0, 5, (n,))
    expected = reference_perplexity(ours, ids, streams)
    assert_same(answer.perplexity(theirs, ids, streams, window), expected, f"perplexity(model, ids, {streams}, {window})")
    assert_same(theirs.graph, False, "perplexity(…): a graph is built")


def lookup(table):
    def model(ids, state):
        return table[ids], ids[:, -1:]

    return model


@pytest.mark.after("test_perplexity", "test_encode")
def test_bigram(answer, draw, worker):
    """bigram: conditional probabilities from counts, and their perplexity
    bigram：由计数得到的条件概率及其困惑度"""
    for lang, size in (("en", 12), ("zh", 30)):
        start = int(draw.integers(0, 5000))
        passage = text(lang)[start : start + 80]
        ids = torch.tensor([sum(map(ord, c)) % size for c in passage])
        counts = torch.ones(size, size, **FLOAT64)
        for this, following in zip(ids.tolist(), ids.tolist()[1:], strict=False):
            counts[this, following] += 1
        table = (counts / counts.sum(1, keepdim=True)).log()
        assert_same(answer.bigram(ids, size), table, f"bigram(ids, {size})")
        assert_same(answer.bigram(ids[:1], size), torch.full_like(table, -math.log(size)), f"bigram of one character, {size}")
        other = draw.integers(0, size, (40,))
        expected = math.exp(-table[other[:-1], other[1:]].mean().item())
        assert_same(answer.perplexity(worker.define(lookup)(table), other, 1, 7), expected, "perplexity of the bigram")


def test_greedy(answer, draw, worker):
    """generate: with temperature 0 the likeliest
    generate：温度为 0 时取最可能的"""
    for _ in range(5):
        theirs, ours = models(worker, draw)
        prompt = draw.integers(0, 5, (4,))
        tokens = prompt.tolist()
        for _step in range(8):
            logits, _ = ours(torch.tensor([tokens]), None)
            tokens.append(int(logits[0, -1].argmax()))
        found = answer.generate(theirs, prompt, 8, 0.0, worker.torch.Generator())
        assert_same(list(found), tokens[4:], "generate(model, prompt, 8, temperature=0, …)")
        assert_same(theirs.graph, False, "generate(…): a graph is built")
    assert_same(list(answer.generate(theirs, prompt, 0, 0.0, worker.torch.Generator())), [], "generate(…, length=0, …)")


@pytest.mark.after("test_greedy")
@pytest.mark.parametrize("temperature", [1.0, 0.5, 3.0])
def test_temperature(answer, draw, worker, temperature):
    """generate: how often each character is drawn
    generate：各个字符被抽到的频率"""
    table = torch.tensor([[0.0, 2.0, -1.0], [1.0, 0.0, 2.0], [1.5, 0.0, -0.5]], **FLOAT64)[draw.permutation(3)]
    model, generator = worker.define(lookup)(table), worker.torch.Generator()
    seed = int(draw.integers(0, 2**31))

    def generated(length):
        generator.manual_seed(seed)
        return list(answer.generate(model, torch.tensor([0]), length, temperature, generator))

    first = generated(40)
    assert_same(generated(40), first, "generate(…) with the same seed again")
    drawn = [0, *generated(400)]
    for this in range(3):
        followers = [after for before, after in pairwise(drawn) if before == this]
        for p, character in zip((table[this] / temperature).softmax(0).tolist(), range(3), strict=True):
            # independent draws: at 7 standard deviations a false alarm is one in 10^11
            spread, mean = 7 * (len(followers) * p * (1 - p)) ** 0.5 + 3, len(followers) * p
            what = f"how often {character} follows {this} in {len(followers)} draws, temperature {temperature:g}, p = {p:.3f}"
            assert_between(followers.count(character), mean - spread, mean + spread, what)


@pytest.mark.after("test_encode", "test_train_step", "test_perplexity", "test_bigram", "test_greedy", "test_temperature")
def test_fit(answer, draw):
    """fit: better than a bigram on the end of the text
    fit：在文本末尾胜过二元模型"""
    whole = text("en")
    vocabulary = "".join(sorted(set(whole)))
    ids = torch.tensor([vocabulary.index(c) for c in whole])
    cut = len(ids) * 9 // 10
    model = answer.fit(ids[:cut], len(vocabulary), int(draw.integers(0, 2**31)))
    logits, _ = model(ids[None, cut:-1], None)
    # A bigram reaches 10.6, the model of the starter 7 to 8.
    assert_between(math.exp(F.cross_entropy(logits[0].double(), ids[cut + 1 :]).item()), 1.0, 9.5, "perplexity on the last tenth of the text")
