"""The references are closed forms and brute force; the digits are real, and few of them are 5 to 9."""

import math

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_between, assert_same
from grader.data import digits

F64 = torch.float64
both_dtypes = pytest.mark.parametrize("dtype", [F64, torch.float32], ids=str)


def probabilities(draw, *shape, dtype=F64):
    return (2 * draw.normal(*shape, dtype=F64)).softmax(dim=-1).to(dtype)


@both_dtypes
def test_least_confidence(answer, draw, dtype):
    """least_confidence: what the best class leaves
    least_confidence：最可能的类别之外还剩多少"""
    p = probabilities(draw, 7, 4, dtype=dtype)
    assert_same(answer.least_confidence(p), torch.stack([1 - max(row) for row in p]), "least_confidence(probabilities)")


@both_dtypes
def test_margin(answer, draw, dtype):
    """margin: the two best classes
    margin：最可能的两个类别"""
    for classes in (4, 2):
        p = probabilities(draw, 7, classes, dtype=dtype)
        expected = torch.stack([1 - (ordered[-1] - ordered[-2]) for ordered in map(sorted, p)])
        assert_same(answer.margin(p), expected, "margin(probabilities)")


def reference_entropy(p):
    return torch.tensor([-sum(x * math.log(x) for x in row if x > 0) for row in p.reshape(-1, p.shape[-1]).tolist()]).to(p).reshape(p.shape[:-1])


@both_dtypes
@pytest.mark.parametrize("shape", [(6, 4), (3,), (2, 5, 3)], ids=str)
def test_entropy(answer, draw, shape, dtype):
    """entropy: over the last axis
    entropy：对最后一维"""
    p = probabilities(draw, *shape, dtype=F64)
    expected = -(p * p.log()).sum(dim=-1)
    assert_same(answer.entropy(p.to(dtype)), expected.to(dtype), "entropy(probabilities)")


@pytest.mark.after("test_entropy")
def test_entropy_of_certainty(answer):
    """entropy: probabilities of 0 and 1
    entropy：概率为 0 和 1"""
    p = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [1e-30, 1.0, 0.0]], dtype=F64)
    assert_same(answer.entropy(p), torch.tensor([0.0, math.log(2), 0.0], dtype=F64), "entropy(probabilities) with zeros")


@pytest.mark.after("test_entropy")
def test_bald(answer, draw):
    """bald: where draws of the model disagree
    bald：模型各次抽样意见不一之处"""
    samples = probabilities(draw, 5, 6, 3)
    samples[:, 0] = samples[0, 0]  # no disagreement: 0
    samples[:, 1] = torch.eye(3, dtype=F64)[torch.arange(5) % 3]  # each draw is certain, and all differ
    mean = samples.mean(dim=0)
    expected = torch.stack([sum(F.kl_div(mean[i].log(), draws[i], reduction="sum") for draws in samples) / 5 for i in range(6)])
    assert_same(answer.bald(samples), expected, "bald(samples)")
    assert_same(answer.bald(samples.float()).dtype, torch.float32, "bald(samples).dtype")


@pytest.mark.parametrize(("n", "k"), [(20, 5), (6, 3), (4, 0)])
def test_select(answer, draw, n, k):
    """select: the highest unlabelled scores
    select：未标注者中得分最高的"""
    for _ in range(2):
        scores = draw.normal(n, dtype=F64)
        labelled = torch.zeros(n, dtype=torch.bool)
        labelled[scores.argsort(descending=True)[: n // 3]] = True  # the best are labelled already
        labelled[n - 1] = True
        places = sorted((i for i in range(n) if not labelled[i]), key=lambda i: -scores[i])[:k]
        expected = torch.tensor(places, dtype=torch.int64)
        assert_same(answer.select(scores, labelled, k), expected, f"select(scores, labelled, {k})")
        assert_same(answer.select(-4 - scores.abs(), ~labelled, 1), (-4 - scores.abs()).masked_fill(~labelled, -99).argmax().reshape(1), "select, 1")


@pytest.mark.after("test_select")
def test_select_of_ties(answer, draw):
    """select: equal scores
    select：得分相同"""
    scores, labelled = draw.integers(0, 3, (40,)).double(), draw.boolean(40)
    labelled[:8] = False
    expected = sorted((i for i in range(40) if not labelled[i]), key=lambda i: (-scores[i], i))[:8]
    assert_same(answer.select(scores, labelled, 8), torch.tensor(expected), "select(scores, labelled, 8) with equal scores")


def reference_centres(features, labelled, k):
    centres = [i for i in range(len(features)) if labelled[i]]
    points = features.tolist()
    for _ in range(k):
        free = [i for i in range(len(points)) if i not in centres]
        centres.append(max(free, key=lambda i: min(math.dist(points[i], points[c]) for c in centres)))
    return torch.tensor(centres[len(centres) - k :])


@pytest.mark.parametrize(("n", "d", "start", "k"), [(25, 2, 3, 6), (12, 4, 1, 11), (9, 1, 1, 3)])
def test_k_centre_greedy(answer, draw, n, d, start, k):
    """k_centre_greedy: against brute force
    k_centre_greedy：与穷举对照"""
    features, labelled = draw.normal(n, d, dtype=F64), torch.zeros(n, dtype=torch.bool)
    labelled[draw.permutation(n)[:start]] = True
    expected = reference_centres(features, labelled, k)
    assert_same(answer.k_centre_greedy(features, labelled, k), expected, f"k_centre_greedy(features, labelled, {k})")
    whole = (2 * features).round()  # squares and their sums are exact in float32
    expected = reference_centres(whole, labelled, 1)
    assert_same(answer.k_centre_greedy(whole.float(), labelled, 1), expected, "k_centre_greedy(features, labelled, 1), float32")


@pytest.mark.after("test_k_centre_greedy")
def test_centres_of_twins(answer):
    """k_centre_greedy: equal distances, and points at distance 0
    k_centre_greedy：距离相同，以及距离为 0 的点"""
    features = torch.tensor([[0.0], [3.0], [0.0], [-3.0], [0.0]], dtype=F64)
    labelled = torch.tensor([True, False, False, False, False])
    assert_same(answer.k_centre_greedy(features, labelled, 4), torch.tensor([1, 3, 2, 4]), "k_centre_greedy of points at 0, 3, 0, -3, 0")


def fit(features, labels):
    """A ridge regression on one-hot labels, in closed form."""
    gram = features.T @ features + torch.eye(features.shape[1], dtype=F64)
    return torch.linalg.solve(gram, features.T @ (2.0 * F.one_hot(labels, 10) - 1).double())


@pytest.mark.after("test_margin", "test_select")
def test_better_than_random(answer, draw):
    """160 labels that were asked for beat 160 drawn at random
    主动索取的 160 个标签胜过随机抽取的 160 个"""
    gains = []
    for _ in range(4):
        x, y, test_x, test_y = digits(draw)
        rare = [(y == c).nonzero()[:12, 0] for c in range(5, 10)]
        pool = torch.cat([(y < 5).nonzero()[:600, 0], *rare])
        x, y = x[pool], y[pool]
        first, shift = 0.5 * draw.normal(64, 150), draw.normal(150)
        seen, unseen = (x @ first + shift).relu().double(), (test_x @ first + shift).relu().double()
        accuracy = []
        for active in (True, False):
            labelled = torch.zeros(len(x), dtype=torch.bool)
            labelled[draw.permutation(len(x))[:20]] = True
            for _round in range(7):
                if active:
                    scores = answer.margin((4 * seen @ fit(seen[labelled], y[labelled])).softmax(dim=1))
                    labelled[answer.select(scores, labelled, 20)] = True
                else:
                    free = (~labelled).nonzero()[:, 0]
                    labelled[free[draw.permutation(len(free))[:20]]] = True
            guesses = (unseen @ fit(seen[labelled], y[labelled])).argmax(dim=1)
            accuracy.append((guesses == test_y).double().mean().item())
        gains.append(accuracy[0] - accuracy[1])
    # One run gains 0.16 with a standard deviation of 0.05, the mean of four is six of its own deviations above 0.
    assert_between(sum(gains) / 4, 0.0, 1.0, "gain in accuracy by asking, mean of four runs")
