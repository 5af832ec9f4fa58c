"""The references are F.ctc_loss and its gradient, and a look at all alignments there are."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same

FLOAT64 = {"dtype": torch.float64}


def problem(draw, time, batch, classes, length, dtype=torch.float64, blank=0):
    """logits, targets without blanks, full lengths. The first two labels of the first target are equal, those of the second differ."""
    labels = [c for c in range(classes) if c != blank]
    targets = torch.tensor(labels)[draw.integers(0, len(labels), (batch, length))]
    if length > 1:
        targets[0, 1] = targets[0, 0]
    if length > 1 and batch > 1:
        targets[1, :2] = torch.tensor(labels)[draw.permutation(len(labels))[:2]]
    return 2 * draw.normal(time, batch, classes, dtype=dtype), targets, torch.full((batch,), time), torch.full((batch,), length)


def reference(logits, targets, input_lengths, target_lengths, blank=0):
    losses = F.ctc_loss(logits.double().log_softmax(2), targets, input_lengths, target_lengths, blank, reduction="none")
    return losses.to(logits.dtype)


def compare(answer, inputs, what, blank=(), **tolerance):
    logits, *rest = inputs
    assert_same(answer.ctc(logits.log_softmax(2), *rest, *blank), reference(logits, *rest, *blank), what, **tolerance)


def reference_gradient(logits, *rest):
    leaf = logits.double().clone().requires_grad_()
    F.ctc_loss(leaf.log_softmax(2), *rest, reduction="none", zero_infinity=True).sum().backward()
    return leaf.grad.to(logits.dtype)


@pytest.mark.parametrize(("time", "batch", "classes", "length"), [(6, 3, 4, 2), (8, 2, 3, 3), (3, 1, 5, 1)])
def test_loss(answer, draw, time, batch, classes, length):
    """ctc: sequences of the same length
    ctc：等长的序列"""
    for dtype in (torch.float64, torch.float32):
        compare(answer, problem(draw, time, batch, classes, length, dtype), "ctc(…)")


@pytest.mark.after("test_loss")
def test_lengths(answer, draw):
    """ctc: batches of lengths
    ctc：长度不同的批次"""
    logits, targets, *_ = problem(draw, 8, 4, 4, 3)
    order = draw.permutation(4)
    compare(answer, (logits, targets, torch.tensor([8, 6, 7, 5])[order], torch.tensor([3, 1, 2, 1])[order]), "ctc, all lengths different")


@pytest.mark.after("test_lengths")
def test_empty_target(answer, draw):
    """ctc: targets of length 0
    ctc：长度为 0 的目标"""
    logits, targets, *_ = problem(draw, 5, 3, 4, 2)
    compare(answer, (logits, targets, torch.tensor([5, 4, 3]), torch.tensor([2, 0, 1])), "ctc, the second target is empty")
    alone = answer.ctc(logits.log_softmax(2), targets[:, :0], torch.tensor([5, 2, 1]), torch.tensor([0, 0, 0]))
    blanks = logits.log_softmax(2)[:, :, 0]
    assert_same(alone, -torch.stack([blanks[:length, b].sum() for b, length in enumerate((5, 2, 1))]), "ctc, targets of shape (3, 0)")


@pytest.mark.after("test_loss")
def test_other_blank(answer, draw):
    """ctc: another class is blank
    ctc：空白符是别的类别"""
    for blank in (3, 1):
        compare(answer, problem(draw, 6, 3, 4, 2, blank=blank), f"ctc(…, blank={blank})", (blank,))


@pytest.mark.after("test_lengths")
def test_long_sequences(answer, draw):
    """ctc: long sequences, large logits
    ctc：长序列与很大的 logits"""
    logits, *rest = problem(draw, 50, 2, 6, 3, torch.float32)
    compare(answer, (4 * logits, *rest), "ctc, 50 steps in float32", rtol=1e-4)  # 50 sums in float32
    logits, *rest = problem(draw, 7, 3, 4, 2)
    compare(answer, (1e4 * logits, *rest), "ctc, logits of 10,000")


@pytest.mark.after("test_lengths", "test_empty_target", "test_other_blank")
def test_gradient(answer, draw):
    """ctc_gradient: sequences of the same length
    ctc_gradient：等长的序列"""
    for sizes in ((6, 2, 4, 2), (1, 2, 3, 1)):
        for dtype in (torch.float64, torch.float32):
            inputs = problem(draw, *sizes, dtype)
            tolerance = {"rtol": 1e-4, "atol": 1e-5} if dtype == torch.float32 else {}  # exp of sums of log-probabilities
            assert_same(
                answer.ctc_gradient(*inputs), reference_gradient(*inputs), f"ctc_gradient(…), time, batch, classes, length {sizes}", **tolerance
            )
    inputs = (*problem(draw, 6, 3, 4, 2, blank=2), 2)
    assert_same(answer.ctc_gradient(*inputs), reference_gradient(*inputs), "ctc_gradient(…, blank=2)")


@pytest.mark.after("test_gradient")
def test_gradient_with_lengths(answer, draw):
    """ctc_gradient: batches of lengths, an empty target
    ctc_gradient：长度不同的批次与空目标"""
    logits, targets, *_ = problem(draw, 8, 5, 4, 3)
    order = draw.permutation(5)
    inputs = (logits, targets, torch.tensor([8, 6, 7, 5, 3])[order], torch.tensor([3, 1, 2, 0, 1])[order])
    assert_same(answer.ctc_gradient(*inputs), reference_gradient(*inputs), "ctc_gradient, all lengths different")
    large = (1e3 * logits, *inputs[1:])
    assert_same(answer.ctc_gradient(*large), reference_gradient(*large), "ctc_gradient, logits of 1,000")


@pytest.mark.after("test_gradient_with_lengths")
def test_impossible_target(answer, draw):
    """A target that does not fit: loss inf, gradient 0
    放不下的目标：损失为 inf，梯度为 0"""
    logits, targets = draw.normal(4, 3, 3, **FLOAT64), torch.tensor([[1, 2, 1], [2, 2, 1], [1, 1, 1]])
    inputs = (logits, targets, torch.tensor([2, 3, 4]), torch.tensor([3, 3, 2]))
    assert_same(answer.ctc(logits.log_softmax(2), *inputs[1:]), reference(*inputs), "ctc, the first two targets do not fit")
    assert_same(answer.ctc_gradient(*inputs), reference_gradient(*inputs), "ctc_gradient, the first two targets do not fit")


def collapsed(path, blank):
    """Merge repeats, then drop blanks."""
    return [c for c, _ in itertools.groupby(path) if c != blank]


def test_greedy(answer, draw):
    """greedy_decode: merge, then drop
    greedy_decode：先合并，再去空白"""
    for blank in (0, 2):
        paths = [
            [1, 1, blank, 1, 3, 3, 3, blank],
            [blank, 3, 3, 1, blank, blank, 1, 1],
            [1, 3, 1, 1, blank, 3, blank, 3],
            draw.integers(0, 4, (8,)).tolist(),
        ]
        logits = draw.uniform(8, 4, 4, **FLOAT64) + 3 * F.one_hot(torch.tensor(paths).T, 4)
        lengths = torch.tensor([8, 7, 4, 1])[draw.permutation(4)]
        expected = [collapsed(path[:length], blank) for path, length in zip(paths, lengths.tolist(), strict=True)]
        assert_same(answer.greedy_decode(logits.log_softmax(2), lengths, blank), expected, f"greedy_decode(log_probs, lengths, blank={blank})")
    assert_same(
        answer.greedy_decode(logits.log_softmax(2), lengths),
        [collapsed(p[:n], 0) for p, n in zip(paths, lengths.tolist(), strict=True)],
        "greedy_decode",
    )


def all_labellings(log_probs, blank):
    """The probability of each labelling, alignment by alignment."""
    sums = {}
    for path in itertools.product(range(log_probs.shape[1]), repeat=len(log_probs)):
        p = math.exp(sum(log_probs[t, c] for t, c in enumerate(path)))
        sums[tuple(collapsed(path, blank))] = sums.get(tuple(collapsed(path, blank)), 0.0) + p
    return sums


def reference_search(log_probs, beam, blank):
    """As the statement has it, in probabilities: [by blank, by label] of each prefix."""
    kept = {(): [1.0, 0.0]}
    for step in log_probs.exp().tolist():
        new = {}
        for prefix, (by_blank, by_label) in kept.items():
            for c, p in enumerate(step):
                if c == blank:
                    new.setdefault(prefix, [0.0, 0.0])[0] += (by_blank + by_label) * p
                    continue
                last = prefix and prefix[-1] == c
                if last:
                    new.setdefault(prefix, [0.0, 0.0])[1] += by_label * p
                new.setdefault((*prefix, c), [0.0, 0.0])[1] += (by_blank if last else by_blank + by_label) * p
        kept = dict(sorted(new.items(), key=lambda item: -sum(item[1]))[:beam])
    best = max(kept, key=lambda prefix: sum(kept[prefix]))
    return list(best), math.log(sum(kept[best]))


def test_prefix_beam_search(answer, draw):
    """prefix_beam_search: a narrow beam, and the best of all
    prefix_beam_search：窄束，以及全部之中最好的"""
    for blank in (0, 2):
        log_probs = draw.normal(5, 3, **FLOAT64).log_softmax(1)
        sums = all_labellings(log_probs, blank)
        best = max(sums, key=lambda labels: sums[labels])
        found = answer.prefix_beam_search(log_probs, 1000, blank)
        assert_same(tuple(found), (list(best), math.log(sums[best])), f"prefix_beam_search(log_probs, beam=1000, blank={blank})")
        for beam in (1, 2, 4):
            log_probs = draw.normal(8, 4, **FLOAT64).log_softmax(1)
            expected = reference_search(log_probs, beam, blank)
            assert_same(
                tuple(answer.prefix_beam_search(log_probs, beam, blank)), expected, f"prefix_beam_search(log_probs, beam={beam}, blank={blank})"
            )
        doubled = F.one_hot(torch.tensor([1, blank, 1, 1, 3, 3, blank, 3]), 4)  # 1, 1, 3, 3: the likeliest labels stand twice in a row
        log_probs = (draw.uniform(8, 4, **FLOAT64) + 3 * doubled).log_softmax(1)
        expected = reference_search(log_probs, 4, blank)
        assert_same(tuple(answer.prefix_beam_search(log_probs, 4, blank)), expected, f"prefix_beam_search, labels twice in a row, blank={blank}")
    log_probs = torch.tensor([[0.6, 0.4], [0.6, 0.4]], **FLOAT64).log()
    assert_same(
        tuple(answer.prefix_beam_search(log_probs, 5)), ([1], math.log(0.64)), "prefix_beam_search, where the likeliest alignment is all blanks"
    )


@pytest.mark.after("test_prefix_beam_search")
def test_long_search(answer, draw):
    """prefix_beam_search: a long sequence does not underflow
    prefix_beam_search：长序列不下溢"""
    logits = 0.3 * F.one_hot(draw.integers(0, 30, (290,)), 30)
    labels, log_p = answer.prefix_beam_search(logits.float().log_softmax(1), 1)
    expected = reference_long(logits.double().log_softmax(1))
    assert_same((list(labels), log_p), expected, "prefix_beam_search of 290 steps", rtol=1e-4)  # 290 sums of float32 log-probabilities


def reference_long(log_probs):
    """reference_search with a beam of 1 and blank 0, rescaled at each step."""
    prefix, by_blank, by_label, offset = [], 1.0, 0.0, 0.0
    for step in log_probs.exp().tolist():
        ways = {(): [(by_blank + by_label) * step[0], by_label * step[prefix[-1]] if prefix else 0.0]}
        for c in range(1, len(step)):
            ways[(c,)] = [0.0, step[c] * (by_blank if prefix and prefix[-1] == c else by_blank + by_label)]
        best = max(ways, key=lambda way: sum(ways[way]))
        scale = sum(ways[best])
        prefix, (by_blank, by_label), offset = [*prefix, *best], [part / scale for part in ways[best]], offset + math.log(scale)
    return prefix, offset
