"""The references count votes sample by sample, follow the formulas of SAMME, and average weights name by name."""

import math

import pytest
import torch
from torch import nn

from grader.compare import assert_between, assert_raises, assert_same, assert_true

DOUBLE = torch.float64


def counted(predictions, classes, weights=None):
    """Votes counted one by one; of several classes the smallest."""
    models, samples = predictions.shape
    result = []
    for j in range(samples):
        votes = [0.0] * classes
        for i in range(models):
            votes[int(predictions[i, j])] += 1.0 if weights is None else float(weights[i])
        result.append(votes.index(max(votes)))
    return torch.tensor(result)


def drawn(bootstrap, n, models, generator, device):
    """The bags are drawn on the CPU; results travel from the device of this run."""
    return bootstrap(n, models, generator).to(device)


def test_bootstrap(answer, draw, worker, device):
    """bootstrap: with replacement, all rows evenly
    bootstrap：有放回，各行机会均等"""
    seed = int(draw.integers(0, 10**6))
    bags = worker.define(drawn)(answer.bootstrap, 200, 60, worker.torch.Generator().manual_seed(seed), device)
    assert_same((bags.dtype, tuple(bags.shape)), (torch.int64, (60, 200)), "dtype and shape of bootstrap(200, 60, generator)")
    assert_between(bags.min().item(), 0, 199, "smallest row number")
    assert_between(bags.max().item(), 0, 199, "largest row number")
    # each row is drawn 60 times on average: that one is missed happens once in 10^23 runs
    assert_same(len(bags.unique()), 200, "number of different rows in 60 bags")
    shares = [len(bag.unique()) / 200 for bag in bags]
    # 1 - (1 - 1/200)^200 = 0.633 on average, with a standard error of 0.003
    assert_between(sum(shares) / 60, 0.61, 0.656, "share of different rows in a bag")
    # 12,000 draws: each tenth of the rows gets a tenth of them, with a standard error of 0.0027
    for tenth in range(10):
        assert_between((bags // 20 == tenth).double().mean().item(), 0.08, 0.12, f"share of draws from rows {20 * tenth} to {20 * tenth + 19}")
    assert_true(bool((bags[0] != bags[1]).any()), "bootstrap(200, 60, generator)", "two models get the same bag", "两个模型的抽样相同")
    worker.seed(int(draw.integers(0, 10**6)))
    again = worker.define(drawn)(answer.bootstrap, 200, 60, worker.torch.Generator().manual_seed(seed), device)
    assert_same(again, bags, "bootstrap with an equal generator")


@pytest.mark.parametrize(("models", "classes"), [(5, 3), (4, 2), (1, 4), (6, 5)])
def test_hard_vote(answer, draw, models, classes):
    """hard_vote: most votes, ties to the smallest class
    hard_vote：多数票，平票取最小类别"""
    predictions = draw.integers(0, classes, (models, 40))
    assert_same(answer.hard_vote(predictions, classes), counted(predictions, classes), f"hard_vote of {models} models, {classes} classes")
    weights = draw.choice([torch.arange(1.0, models + 1), torch.arange(float(models), 0, -1)]) / 4
    expected = counted(predictions, classes, weights)
    assert_same(answer.hard_vote(predictions, classes, weights), expected, f"weighted hard_vote of {models} models, {classes} classes")


@pytest.mark.parametrize(("models", "classes"), [(3, 4), (5, 2), (1, 3)])
def test_soft_vote(answer, draw, models, classes):
    """soft_vote: the largest mean probability
    soft_vote：平均概率最大者"""
    probabilities = (3 * draw.normal(models, 60, classes, dtype=DOUBLE)).softmax(dim=2)
    expected = probabilities.numpy().mean(axis=0).argmax(axis=1)
    assert_same(answer.soft_vote(probabilities), torch.from_numpy(expected), f"soft_vote of {models} models, {classes} classes")
    weights = draw.uniform(models, low=0.1, high=3.0, dtype=DOUBLE)
    expected = (probabilities.numpy() * weights.numpy()[:, None, None]).sum(axis=0).argmax(axis=1)
    assert_same(answer.soft_vote(probabilities, weights), torch.from_numpy(expected), f"weighted soft_vote of {models} models, {classes} classes")


@pytest.mark.after("test_soft_vote")
def test_soft_vote_ties(answer):
    """soft_vote: ties to the smallest class
    soft_vote：平分时取最小类别"""
    probabilities = torch.tensor([[[0.25, 0.5, 0.25], [0.0, 0.25, 0.75]], [[0.25, 0.0, 0.75], [0.5, 0.5, 0.0]], [[0.25, 0.5, 0.0], [0.25, 0.0, 0.0]]])
    assert_same(answer.soft_vote(probabilities), torch.tensor([1, 0]), "soft_vote with equal means")


@pytest.mark.after("test_hard_vote")
@pytest.mark.parametrize(("models", "n", "classes"), [(5, 20, 3), (3, 12, 2), (8, 9, 4)])
def test_out_of_bag(answer, draw, models, n, classes):
    """out_of_bag: only models that have not seen the row
    out_of_bag：只由没见过该行的模型评判"""
    bags, labels = draw.integers(0, n, (models, n)), draw.integers(0, classes, (n,))
    bags[:, 0] = 2  # row 2 is in every bag
    predictions = draw.integers(0, classes, (models, n))
    for i in range(models):
        predictions[i, bags[i]] = labels[bags[i]]  # by heart
    right = []
    for j in range(n):
        judges = [i for i in range(models) if j not in bags[i].tolist()]
        if judges:
            right.append(float(counted(predictions[judges][:, [j]], classes)[0] == labels[j]))
    what = f"out_of_bag of {models} models on {n} rows"
    found = answer.out_of_bag(bags, predictions, labels, classes)
    assert_true(isinstance(found, float), what, "not a float", "不是 float")
    assert_same(found, sum(right) / len(right), what)


def test_out_of_bag_without_judges(answer):
    """out_of_bag: nobody left to judge
    out_of_bag：没有可评判的模型"""
    rows = torch.tensor([[0, 1, 2], [2, 0, 1]])
    assert_raises(ValueError, answer.out_of_bag, rows, rows, torch.tensor([0, 1, 2]), 3)


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("dtype", [torch.float32, DOUBLE], ids=str)
def test_adaboost(answer, draw, classes, dtype):
    """adaboost_round: vote and new weights
    adaboost_round：表决权与新的权重"""
    weights, labels = draw.uniform(30, low=0.2, high=2.0, dtype=dtype), draw.integers(0, classes, (30,))
    predictions = torch.where(torch.arange(30) % 6 == 0, (labels + 1) % classes, labels)
    wrong = (predictions != labels).double()
    error = float((weights.double() * wrong).sum() / weights.double().sum())
    vote = math.log((1 - error) / error) + math.log(classes - 1)
    raised = weights.double() * torch.exp(vote * wrong)
    found = answer.adaboost_round(weights, predictions, labels, classes)
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if dtype == torch.float32 else {}  # sums of float32 weights, then a logarithm
    assert_true(isinstance(found[0], float), "vote", "not a float", "不是 float")
    assert_same(found[0], vote, f"vote, {classes} classes", **tolerance)
    assert_same(found[1], (raised / raised.sum()).to(dtype), f"new weights, {classes} classes", **tolerance)


@pytest.mark.after("test_adaboost")
def test_adaboost_limits(answer):
    """adaboost_round: perfect, and no better than chance
    adaboost_round：全对，以及不优于随机"""
    weights, labels = torch.full((8,), 0.125, dtype=DOUBLE), torch.tensor([0, 1, 2, 3, 0, 1, 2, 3])
    vote, raised = answer.adaboost_round(weights, labels, labels, 4)
    assert_same(vote, math.log((1 - 1e-10) / 1e-10) + math.log(3), "vote of a perfect model")
    assert_same(raised, weights, "new weights after a perfect model")
    for classes, wrong in ((4, 6), (4, 8), (2, 4)):
        truth = labels % classes
        predictions = torch.where(torch.arange(8) < wrong, (truth + 1) % classes, truth)
        assert_raises(ValueError, answer.adaboost_round, weights, predictions, truth, classes)
    found = answer.adaboost_round(weights, torch.where(torch.arange(8) < 5, (labels + 1) % 4, labels), labels, 4)[0]
    assert_same(found, math.log(3 / 5) + math.log(3), "vote of a model with an error of 5/8 among four classes")


def network(state):
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 2)).to(state["0.weight"].device)
    model.load_state_dict(state)
    return model.to(state["0.weight"].dtype)


def state_of(model):
    return {name: value.detach() for name, value in model.state_dict().items()}


def fresh(draw):
    shapes = {name: value.shape for name, value in nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 2)).state_dict().items()}
    state = {name: draw.uniform(*shape, low=0.5, high=2.0) for name, shape in shapes.items()}
    return {**state, "1.num_batches_tracked": draw.integers(1, 90)}


def is_buffer(name):
    return name.startswith(("1.running", "1.num"))


@pytest.mark.parametrize("count", [1, 3, 4])
def test_average_weights(answer, draw, worker, count):
    """average_weights: parameters, not statistics
    average_weights：只平均参数，不平均统计量"""
    own, states = fresh(draw), [fresh(draw) for _ in range(count)]
    model = worker.define(network)(own)
    answer.average_weights(model, states)
    found = worker.define(state_of)(model)
    for name in own:
        expected = own[name] if is_buffer(name) else sum(state[name].double() for state in states).div(count).float()
        assert_same(found[name], expected, f"{name} after averaging {count} states")


@pytest.mark.parametrize("decay", [0.9, 0.25, 1.0, 0.0])
def test_ema_update(answer, draw, worker, decay):
    """ema_update: slow parameters, copied buffers
    ema_update：参数缓慢移动，缓冲区照抄"""
    first, second = fresh(draw), fresh(draw)
    average, model = worker.define(network)(first), worker.define(network)(second)
    answer.ema_update(average, model, decay)
    found = worker.define(state_of)(average)
    for name in first:
        expected = second[name] if is_buffer(name) else decay * first[name] + (1 - decay) * second[name]
        assert_same(found[name], expected, f"{name} of the average, decay={decay}")
    assert_same(worker.define(state_of)(model), second, "state of the model after ema_update")


def soup(states, score):
    """The recipe, step by step."""
    order = sorted(range(len(states)), key=lambda i: (-score(states[i]), i))
    chosen = order[:1]
    for i in order[1:]:
        if score(mean_of(states, [*chosen, i])) >= score(mean_of(states, chosen)):
            chosen = [*chosen, i]
    return mean_of(states, chosen), chosen


def mean_of(states, chosen):
    return {name: sum(states[i][name] for i in chosen) / len(chosen) for name in states[0]}


@pytest.mark.parametrize("count", [1, 2, 6])
def test_greedy_soup(answer, draw, count):
    """greedy_soup: only what does no harm
    greedy_soup：只加入无害的成分"""
    target = {"w": draw.normal(3, 2, dtype=DOUBLE), "b": draw.normal(2, dtype=DOUBLE)}
    sizes = [0.6, 1.0, 0.2, 5.0, 0.9, 0.5]
    states = [{name: value + sizes[i] * draw.normal(*value.shape, dtype=DOUBLE) for name, value in target.items()} for i in range(count)]

    def score(state):
        return -float(sum(((state[name] - value) ** 2).sum() for name, value in target.items()))

    mixed, chosen = answer.greedy_soup(states, score)
    expected, order = soup(states, score)
    assert_same(list(chosen), order, f"ingredients of the soup of {count} states")
    assert_same(mixed, expected, f"soup of {count} states")


@pytest.mark.after("test_greedy_soup")
def test_greedy_soup_ties(answer):
    """greedy_soup: equal scores
    greedy_soup：分数相等"""
    states = [{"w": torch.tensor([value], dtype=DOUBLE)} for value in (5.0, 2.0, 4.0, 9.0)]

    def score(state):
        """5, 2, 4 and the mean of 5 and 2 are equally good; with 4 it becomes 11/3, which is worse; with 9 it is 16/3, as good as before."""
        value = float(state["w"])
        return 0.0 if value > 8 else 1.0 if 3.6 < value < 3.7 else 2.0

    mixed, chosen = answer.greedy_soup(states, score)
    assert_same(list(chosen), [0, 1, 3], "ingredients of the soup of states with equal scores")
    assert_same(mixed["w"], torch.tensor([16 / 3], dtype=DOUBLE), "soup of states with equal scores")
