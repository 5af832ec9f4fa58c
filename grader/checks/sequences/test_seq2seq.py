"""The references are the model of PyTorch modules sentence by sentence, a search written out in lists, and a look at all sentences there are."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from grader.compare import assert_same, assert_same_gradient

FLOAT64 = {"dtype": torch.float64}
SIZE = 3
START, END = 1, 2


def pair(answer, draw, source_words=7, target_words=5, size=4):
    """The learner's model and one of the judge's own, in float64, with the same weights."""
    ours = nn.ModuleDict(
        {
            "source_embedding": nn.Embedding(source_words, size, **FLOAT64),
            "encoder": nn.GRU(size, size, batch_first=True, **FLOAT64),
            "target_embedding": nn.Embedding(target_words, size, **FLOAT64),
            "decoder": nn.GRUCell(size, size, **FLOAT64),
            "output": nn.Linear(size, target_words, **FLOAT64),
        }
    )
    weights = {name: draw.uniform(*tensor.shape, low=-1.0, high=1.0, **FLOAT64) for name, tensor in ours.state_dict().items()}
    ours.load_state_dict(weights)
    theirs = answer.EncoderDecoder(source_words, target_words, size)
    theirs.double()
    theirs.load_state_dict(weights)
    return theirs, ours


def encoded(ours, source, lengths):
    """Sentence by sentence."""
    rows = [ours["encoder"](ours["source_embedding"](row[None, :length]))[1][0, 0] for row, length in zip(source, lengths.tolist(), strict=True)]
    return torch.stack(rows)


def test_encode(answer, draw):
    """encode: the state after the last real word
    encode：最后一个真实词之后的状态"""
    theirs, ours = pair(answer, draw)
    source, lengths = draw.integers(0, 7, (4, 6)), torch.tensor([6, 1, 3, 4])[draw.permutation(4)]
    rows = encoded(ours, source, lengths)
    assert_same(theirs.encode(source, lengths), rows, "model.encode(source, lengths)")
    assert_same(theirs.encode(source[:1], lengths[:1]), rows[0][None], "model.encode, a batch of one")


def test_step(answer, draw):
    """step: one token further
    step：再走一个词元"""
    theirs, ours = pair(answer, draw)
    for batch in (3, 1):
        state, tokens = draw.normal(batch, 4, **FLOAT64), draw.integers(0, 5, (batch,))
        new = ours["decoder"](ours["target_embedding"](tokens), state)
        assert_same(theirs.step(state, tokens), (ours["output"](new), new), "model.step(state, tokens)")


class Model:
    """The decoder of the judge's own model."""

    def __init__(self, ours):
        self.ours = ours

    def step(self, state, tokens):
        state = self.ours["decoder"](self.ours["target_embedding"](tokens), state)
        return self.ours["output"](state), state


def maker(recurrent, embedding, output):
    """A small decoder in the worker: what it says next depends on all tokens so far."""

    def step(state, tokens):
        state = (state @ recurrent + embedding[tokens]).tanh()
        return state @ output, state

    return step


class Decoder:
    """The same decoder here (`step`) and there (`remote`), and the initial states of a batch."""

    def __init__(self, worker, draw, words=4, dtype=torch.float64, batch=1, scale=1.5):
        self.words = words
        self.weights = [draw.normal(SIZE, SIZE, **FLOAT64), 1.5 * draw.normal(words, SIZE, **FLOAT64), scale * draw.normal(SIZE, words, **FLOAT64)]
        self.weights = [weight.to(dtype) for weight in self.weights]
        self.state = draw.normal(batch, SIZE, dtype=dtype)
        self.remote = worker.define(maker)(*self.weights)
        self.step = maker(*self.weights)

    def log_probs(self, row, tokens):
        """Of what comes after start and these tokens."""
        state = self.state[row : row + 1]
        for token in (START, *tokens):
            logits, state = self.step(state, torch.tensor([token]))
        return F.log_softmax(logits[0].double(), 0).tolist()


def forced(loss, step, state, targets, start, end):
    return loss(step, state, targets, start, end)


def reference_loss(decoder, state, targets):
    """Sentence by sentence."""
    losses = []
    for row, sentence in enumerate(targets.tolist()):
        words, own = [word for word in sentence if word != -100], state[row : row + 1]
        for token, label in zip([START, *words], [*words, END], strict=True):
            logits, own = decoder.step(own, torch.tensor([token]))
            losses.append(F.cross_entropy(logits, torch.tensor([label])))
    return torch.stack(losses).mean()


def targets_of(draw, lengths, words):
    targets = draw.integers(0, words, (len(lengths), max(lengths)))
    return torch.where(torch.arange(max(lengths)) < torch.tensor(lengths)[:, None], targets, -100)


@pytest.mark.parametrize("lengths", [[3, 5, 1], [4, 0, 2, 4], [2]], ids=str)
def test_loss(answer, draw, worker, lengths):
    """teacher_forced_loss: values
    teacher_forced_loss：数值"""
    decoder = Decoder(worker, draw, words=5, batch=len(lengths))
    targets = targets_of(draw, lengths, 5)
    expected = reference_loss(decoder, decoder.state, targets)
    assert_same(answer.teacher_forced_loss(decoder.remote, decoder.state, targets, START, END), expected, f"teacher_forced_loss, lengths {lengths}")


def learned(loss, model, source, lengths, targets, start, end):
    """The gradients of the model's parameters."""
    model.zero_grad()
    loss(model.step, model.encode(source, lengths), targets, start, end).backward()
    return {name: parameter.grad for name, parameter in model.named_parameters()}


@pytest.mark.after("test_loss", "test_encode", "test_step")
def test_loss_gradient(answer, draw, worker):
    """teacher_forced_loss: gradients of the encoder's state and of the model
    teacher_forced_loss：编码器状态与模型的梯度"""
    decoder, targets = Decoder(worker, draw, words=5, batch=3), targets_of(draw, [2, 4, 3], 5)

    def expected(_loss, _step, state, targets, *_ends):
        return reference_loss(decoder, state, targets)

    inputs = (answer.teacher_forced_loss, decoder.remote, decoder.state, targets, START, END)
    assert_same_gradient(worker.define(forced), expected, inputs, 2, "teacher_forced_loss: gradient of state", worker=worker)
    theirs, ours = pair(answer, draw)
    source, lengths = draw.integers(0, 7, (3, 4)), torch.tensor([4, 2, 3])
    found = worker.define(learned)(answer.teacher_forced_loss, theirs, source, lengths, targets, START, END)
    reference_loss(Model(ours), encoded(ours, source, lengths), targets).backward()
    for name, parameter in ours.named_parameters():
        assert_same(found[name], parameter.grad, f"gradient of {name}, source and targets through encode, step and teacher_forced_loss")


def reference_greedy(decoder, row, max_length):
    tokens = []
    for _ in range(max_length):
        scores = decoder.log_probs(row, tokens)
        if scores.index(max(scores)) == END:
            break
        tokens.append(scores.index(max(scores)))
    return tokens


@pytest.mark.after("test_step")
def test_greedy(answer, draw, worker):
    """greedy: each sentence to its own end
    greedy：每句到自己的 end 为止"""
    for _ in range(6):  # so that some sentences end early and some not at all
        decoder = Decoder(worker, draw, batch=5)
        for max_length in (6, 1):
            expected = [reference_greedy(decoder, row, max_length) for row in range(5)]
            assert_same(answer.greedy(decoder.remote, decoder.state, START, END, max_length), expected, f"greedy(…, max_length={max_length})")


def remembering(torch, first, later):
    """A decoder that remembers its first token: logits first, and from then on those of later[first token, number of tokens said since]."""

    def step(state, tokens):
        count = state[:, 1].long()
        said = torch.where(count == 1, tokens, state[:, 0].long())
        logits = torch.where((count == 0)[:, None], first, later[said, (count - 1).clamp(0, later.shape[1] - 1)])
        return logits, torch.stack([said.to(state.dtype), state[:, 1] + 1], dim=1)

    return step


class Memory(Decoder):
    """Six tokens. Word A is likelier than B at first; what follows is given as probabilities: of word and of end, after A and after B."""

    def __init__(self, worker, draw, after_a, after_b, first=(0.6, 0.35, 0.01)):
        a, b, word, rest = torch.tensor([0, 3, 4, 5])[draw.permutation(4)].tolist()
        start, later = torch.full((6,), 0.01, **FLOAT64), torch.full((6, 3, 6), 0.01, **FLOAT64)
        start[[a, b, END]] = torch.tensor(first, **FLOAT64)
        for place, probabilities in ((a, after_a), (b, after_b)):
            for k, (p_word, p_end) in enumerate(probabilities):
                later[place, k, word], later[place, k, END] = p_word, p_end
                later[place, k, [a, b, rest, 1]] = (1 - p_word - p_end) * torch.tensor([0.1, 0.2, 0.3, 0.4], **FLOAT64)
        later[END, :, word] = 0.95
        start, later = (table * draw.uniform(*table.shape, low=0.95, high=1.05, **FLOAT64) for table in (start, later))  # no ties
        self.words, self.weights, self.state = 6, [start.log(), later.log()], torch.zeros(1, 2, **FLOAT64)
        self.remote, self.step = worker.define(remembering)(worker.torch, *self.weights), remembering(torch, *self.weights)


def reference_beam(decoder, beam, max_length, length_penalty):
    """The statement, sentence for sentence: (sentence, score)."""
    alive, finished = [((), 0.0)], []
    for _ in range(max_length):
        continued = [((*tokens, token), total + p) for tokens, total in alive for token, p in enumerate(decoder.log_probs(0, tokens))]
        kept = sorted(continued, key=lambda item: -item[1])[:beam]
        finished += [item for item in kept if item[0][-1] == END]
        alive = [item for item in kept if item[0][-1] != END]
    scored = [(tokens, total / len(tokens) ** length_penalty) for tokens, total in finished + alive]
    tokens, score = max(scored, key=lambda item: item[1])
    return [token for token in tokens if token != END], score


@pytest.mark.after("test_step")
@pytest.mark.parametrize("beam", [1, 2, 3])
def test_beam_search(answer, draw, worker, beam):
    """beam_search: as the statement says
    beam_search：与题目的描述一致"""
    decoders = [Decoder(worker, draw, scale=1.0) for _ in range(6)]
    decoders.append(Memory(worker, draw, [(0.3, 0.05), (0.1, 0.1)], [(0.9, 0.02), (0.02, 0.9)]))  # B is better after all
    decoders.append(Memory(worker, draw, [(0.5, 0.01), (0.01, 0.97)], [(0.95, 0.01), (0.1, 0.1)]))  # A in the end, though B leads for a while
    for decoder in decoders:
        tokens, score = answer.beam_search(decoder.remote, decoder.state, START, END, beam, 4)
        assert_same((list(tokens), score), reference_beam(decoder, beam, 4, 0.0), f"beam_search(…, beam={beam}, max_length=4)")


@pytest.mark.after("test_beam_search")
def test_length_penalty(answer, draw, worker):
    """beam_search: with a length penalty
    beam_search：带长度惩罚"""
    decoder = Memory(worker, draw, [(0.9, 0.01), (0.9, 0.01)], [(0.9, 0.01), (0.9, 0.01)], first=(0.2, 0.1, 0.6))  # end at once
    found = answer.beam_search(decoder.remote, decoder.state, START, END, 1, 4, length_penalty=2.0)
    assert_same(tuple(found), reference_beam(decoder, 1, 4, 2.0), "beam_search(…, 1, 4, length_penalty=2), end is the likeliest first token")
    decoder = Memory(worker, draw, [(0.9, 0.02), (0.01, 0.95)], [(0.5, 0.1), (0.1, 0.1)])  # A, the word, end
    found = answer.beam_search(decoder.remote, decoder.state, START, END, 2, 5, length_penalty=0.7)
    assert_same(tuple(found), reference_beam(decoder, 2, 5, 0.7), "beam_search(…, 2, 5, length_penalty=0.7), the best sentence has two words")
    for length_penalty in (1.0, 0.6, 2.0):
        for _ in range(3):
            decoder = Decoder(worker, draw, scale=0.7)
            found = answer.beam_search(decoder.remote, decoder.state, START, END, 3, 4, length_penalty=length_penalty)
            assert_same(tuple(found), reference_beam(decoder, 3, 4, length_penalty), f"beam_search(…, 3, 4, length_penalty={length_penalty})")


@pytest.mark.after("test_beam_search", "test_length_penalty")
def test_all_sentences(answer, draw, worker):
    """beam_search: a wide beam finds the best of all sentences
    beam_search：束足够宽时找到所有句子中最好的"""
    for length_penalty in (0.0, 0.8):
        decoder, best = Decoder(worker, draw, words=3, scale=0.7), ([], -math.inf)
        for length in (1, 2, 3):
            for body in itertools.product([0, 1], repeat=length - 1):
                for last in (0, 1, 2) if length == 3 else (2,):
                    tokens = [*body, last]
                    total = sum(decoder.log_probs(0, tokens[:k])[tokens[k]] for k in range(length)) / length**length_penalty
                    best = max(best, ([token for token in tokens if token != END], total), key=lambda item: item[1])
        found = answer.beam_search(decoder.remote, decoder.state, START, END, 50, 3, length_penalty)
        assert_same(tuple(found), best, f"beam_search(…, beam=50, max_length=3, length_penalty={length_penalty}), the best of all sentences")


def clockwork(torch, words, dtype):
    """Says 3, 4, ..., words - 1, 3, 4, ... with a probability only slightly above the others' and never end."""

    def step(state, tokens):
        logits = torch.zeros(len(tokens), words, dtype=dtype, device=tokens.device)
        logits[:, 2] = -30.0
        following = torch.where(tokens >= 3, (tokens - 3 + 1) % (words - 3) + 3, 3)
        logits[torch.arange(len(tokens), device=tokens.device), following] = 0.5
        return logits, state

    return step


@pytest.mark.after("test_beam_search")
def test_long_sentence(answer, worker):
    """beam_search: 90 tokens in float32
    beam_search：float32 下的 90 个词元"""
    step = worker.define(clockwork)(worker.torch, 8, torch.float32)
    tokens, score = answer.beam_search(step, torch.zeros(1, 2), START, END, 1, 90)
    expected = 90 * (0.5 - math.log(math.exp(0.5) + 6 + math.exp(-30)))
    assert_same(list(tokens), [3 + k % 5 for k in range(90)], "beam_search(…, beam=1, max_length=90): sentence")
    assert_same(score, expected, "beam_search(…, beam=1, max_length=90): score", rtol=1e-4)  # 90 sums in float32
