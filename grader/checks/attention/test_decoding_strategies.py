"""The references are loops over sorted lists of tokens, one row at a time."""

import math

import pytest
import torch

from grader.compare import assert_raises, assert_same, assert_true


def ranking(row):
    """The tokens of a list of logits, best first; of equal ones the smaller first."""
    return sorted(range(len(row)), key=lambda token: (-row[token], token))


def exact(row):
    """The softmax of a list."""
    powers = [math.exp(logit - max(row)) for logit in row]
    return [power / sum(powers) for power in powers]


def k_best(logits, k):
    return torch.tensor([[token in ranking(row)[:k] for token in range(len(row))] for row in logits.tolist()])


def nucleus(logits, p):
    rows = []
    for row in logits.double().tolist():
        chances, kept, total = exact(row), set(), 0.0
        for token in ranking(row):
            kept.add(token)
            total += chances[token]
            if total >= p and p < 1:
                break
        rows.append([token in kept for token in range(len(row))])
    return torch.tensor(rows)


def between(draw, logits):
    """A p well between two sums of the first row's probabilities, and not too near to a sum of any other row."""
    sums = torch.stack([torch.tensor([exact(row)[t] for t in ranking(row)]).cumsum(0) for row in logits.double().tolist()]).flatten()
    candidates = torch.linspace(0.05, 0.95, 91, dtype=torch.float64)
    far = (candidates[:, None] - sums).abs().amin(dim=1) > 1e-4
    return draw.choice(candidates[far].tolist())


def restricted(logits, mask):
    """The softmax over the places where the mask is True."""
    return torch.where(mask, logits, -torch.inf).softmax(dim=1)


def with_ties(draw, batch, vocab):
    """Logits of few different values, so that many are equal."""
    return draw.integers(-2, 3, (batch, vocab)).float()


@pytest.mark.parametrize("penalty", [1.5, 0.5, 1.0])
def test_repetition(answer, draw, penalty):
    """penalise_repetition: positive and negative logits
    penalise_repetition：正负 logits"""
    logits, previous = 3 * draw.normal(3, 8), draw.integers(0, 8, (3, 5))
    previous[:, 3] = previous[:, 0]  # said twice
    expected = logits.clone()
    for b in range(3):
        for token in set(previous[b].tolist()):
            expected[b, token] = logits[b, token] / penalty if logits[b, token] > 0 else logits[b, token] * penalty
    assert_same(answer.penalise_repetition(logits, previous, penalty), expected, f"penalise_repetition(logits, previous, {penalty})")
    nothing = torch.zeros(3, 0, dtype=torch.int64)
    assert_same(answer.penalise_repetition(logits, nothing, penalty), logits, "penalise_repetition, nothing said so far")


@pytest.mark.parametrize("k", [1, 3, 7, 20])
def test_top_k(answer, draw, k):
    """top_k_mask: the k best of each row
    top_k_mask：每行最大的 k 个"""
    logits = draw.normal(4, 7)
    assert_same(answer.top_k_mask(logits, k), k_best(logits, k), f"top_k_mask(logits, {k})")


@pytest.mark.after("test_top_k")
@pytest.mark.parametrize("k", [1, 4, 17])
def test_top_k_of_equals(answer, draw, k):
    """top_k_mask: exactly k of equal logits
    top_k_mask：logits 相等时也恰好取 k 个"""
    logits = with_ties(draw, 3, 40)
    assert_same(answer.top_k_mask(logits, k), k_best(logits, k), f"top_k_mask(logits with ties, {k})")


def test_top_p(answer, draw):
    """top_p_mask: the token that crosses p is in
    top_p_mask：越过 p 的词元要保留"""
    for dtype in (torch.float32, torch.float64):
        logits = 2 * draw.normal(4, 7, dtype=dtype)
        p = between(draw, logits)
        assert_same(answer.top_p_mask(logits, p), nucleus(logits, p), f"top_p_mask(logits, {p:.2f})")
    assert_same(answer.top_p_mask(logits, 1e-6), k_best(logits, 1), "top_p_mask(logits, 1e-6)")


@pytest.mark.after("test_top_p")
def test_top_p_of_equals(answer, draw):
    """top_p_mask: equal probabilities, sums that hit p exactly
    top_p_mask：概率相等，累积和恰好等于 p"""
    logits = torch.full((2, 8), 3.0, dtype=torch.float64)
    for count in (1, 2, 4, 7):
        expected = (torch.arange(8) < count).expand(2, 8)
        assert_same(answer.top_p_mask(logits, count / 8), expected, f"top_p_mask(eight equal logits, {count}/8)")
        assert_same(answer.top_p_mask(logits, count / 8 - 0.01), expected, f"top_p_mask(eight equal logits, {count}/8 - 0.01)")
    logits = with_ties(draw, 3, 30).double()
    p = between(draw, logits)
    assert_same(answer.top_p_mask(logits, p), nucleus(logits, p), f"top_p_mask(logits with ties, {p:.2f})")


@pytest.mark.after("test_top_p")
def test_all_of_it(answer, draw):
    """top_p_mask: p = 1 takes all tokens
    top_p_mask：p = 1 时保留全部"""
    logits = draw.normal(3, 9)
    logits[:, :5] -= 40.0  # too unlikely to change a sum in float32
    assert_same(answer.top_p_mask(logits, 1.0), torch.ones(3, 9, dtype=torch.bool), "top_p_mask(logits, 1.0)")


@pytest.mark.parametrize("temperature", [1.0, 0.25, 3.0])
def test_temperature(answer, draw, temperature):
    """probabilities: temperature
    probabilities：温度"""
    for dtype in (torch.float32, torch.float64):
        logits = 2 * draw.normal(3, 6, dtype=dtype)
        assert_same(answer.probabilities(logits, temperature), (logits / temperature).softmax(dim=1), f"probabilities(logits, {temperature})")
    assert_same(answer.probabilities(logits), logits.softmax(dim=1), "probabilities(logits)")


@pytest.mark.after("test_temperature", "test_top_k")
def test_cold(answer, draw):
    """probabilities: temperature 0 and nearly 0
    probabilities：温度为 0 或接近 0"""
    logits = with_ties(draw, 4, 20)
    best = k_best(logits, 1)
    assert_same(answer.probabilities(logits, 0.0), best.float(), "probabilities(logits, 0.0)")
    assert_same(answer.probabilities(logits, 0.0, 5, 0.9), best.float(), "probabilities(logits, 0.0, 5, 0.9)")
    logits = 1e4 * (1 + draw.permutation(8).double().reshape(2, 4).float())
    expected = k_best(logits, 1).float()
    for temperature in (1e-4, 1e-30, 1e-36):
        assert_same(answer.probabilities(logits, temperature), expected, f"probabilities(logits, {temperature:g})")
    equal = torch.tensor([[5.0, 1.0, 5.0, 5.0, 5.0]])
    assert_same(answer.probabilities(equal, 1e-30), torch.tensor([[0.25, 0.0, 0.25, 0.25, 0.25]]), "probabilities(equal logits, 1e-30)")


@pytest.mark.after("test_temperature", "test_top_k", "test_top_p")
def test_renormalised(answer, draw):
    """probabilities: what is left adds up to 1
    probabilities：保留部分之和为 1"""
    logits = 2 * draw.normal(4, 9)
    assert_same(answer.probabilities(logits, top_k=3), restricted(logits, k_best(logits, 3)), "probabilities(logits, top_k=3)")
    p = between(draw, logits)
    assert_same(answer.probabilities(logits, top_p=p), restricted(logits, nucleus(logits, p)), f"probabilities(logits, top_p={p:.2f})")


@pytest.mark.after("test_renormalised")
def test_order_of_the_steps(answer, draw):
    """probabilities: temperature, then top-k, then top-p
    probabilities：先温度，再 top-k，再 top-p"""
    shared = torch.tensor([0.28, 0.26, 0.24, 0.22], dtype=torch.float64).log()[None] + 1.0  # of the best two, the first has 0.28 / 0.54 > 0.5
    place = draw.permutation(4)
    expected = torch.zeros(1, 4, dtype=torch.float64)
    expected[0, place.argsort()[0]] = 1.0
    assert_same(answer.probabilities(shared[:, place], 1.0, 2, 0.5), expected, "probabilities(logits, 1.0, 2, 0.5)")
    for temperature, k in ((0.5, 5), (2.0, 4)):
        logits = 2 * draw.normal(3, 9, dtype=torch.float64)
        left = torch.where(k_best(logits, k), logits / temperature, -torch.inf)
        p = between(draw, left)
        expected = restricted(left, nucleus(left, p))
        assert_same(answer.probabilities(logits, temperature, k, p), expected, f"probabilities(logits, {temperature}, {k}, {p:.2f})")


def test_refusals(answer, draw):
    """Settings that make no sense raise ValueError
    无意义的设置抛出 ValueError"""
    logits = draw.normal(2, 5)
    for penalty in (0.0, -1.0):
        assert_raises(ValueError, answer.penalise_repetition, logits, torch.zeros(2, 1, dtype=torch.int64), penalty)
    for k in (0, -1):
        assert_raises(ValueError, answer.top_k_mask, logits, k)
        assert_raises(ValueError, answer.probabilities, logits, 1.0, k)
    for p in (0.0, -0.5, 1.5):
        assert_raises(ValueError, answer.top_p_mask, logits, p)
        assert_raises(ValueError, answer.probabilities, logits, top_p=p)
    assert_raises(ValueError, answer.probabilities, logits, -0.5)


def test_sample(answer, draw, worker, device):
    """sample: one token for each row, as likely as it says
    sample：每行一个词元，频率符合概率"""
    generator = worker.torch.Generator(device=device).manual_seed(draw.integers(0, 2**31, ()).item())
    certain = draw.integers(0, 6, (5,))
    assert_same(answer.sample(torch.eye(6)[certain], generator), certain, "sample of rows with one possible token")
    chances = torch.tensor([0.1, 0.0, 0.45, 0.15, 0.3])[draw.permutation(5)]
    n = 6000
    drawn = answer.sample(chances.repeat(n, 1), generator)
    assert_same((drawn.dtype, tuple(drawn.shape)), (torch.int64, (n,)), "dtype and shape of sample(...)")
    counts = torch.bincount(drawn.clamp(0, 4), minlength=5).double()
    spread = (n * chances.double() * (1 - chances.double())).sqrt()
    off = (counts - n * chances.double()).abs() > 6.5 * spread  # with normal tails 8e-11 for each token; one of probability 0 has no spread
    assert_true(
        not bool(off.any()),
        "frequencies of sample(...)",
        f"{counts.tolist()} of {n} for {chances.tolist()}",
        f"{n} 次中为 {counts.tolist()}，概率为 {chances.tolist()}",
    )


@pytest.mark.after("test_sample")
def test_generator(answer, draw, worker, device):
    """sample: all randomness comes from the generator
    sample：随机性全部来自 generator"""
    chances, seed = torch.full((40, 5), 0.2), draw.integers(0, 2**31, ()).item()
    worker.seed(1)
    first = answer.sample(chances, worker.torch.Generator(device=device).manual_seed(seed))
    worker.seed(2)
    generator = worker.torch.Generator(device=device).manual_seed(seed)
    assert_same(answer.sample(chances, generator), first, "sample(distribution, a generator with the same seed)")
    again = answer.sample(chances, generator)  # forty equal draws in a row: 5 ** -40
    assert_true(not torch.equal(again, first), "sample(...)", "a second call draws the same tokens again", "第二次调用抽到的词元与第一次完全相同")
