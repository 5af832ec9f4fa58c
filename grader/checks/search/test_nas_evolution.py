"""The references are the same searches written out slowly with a generator of the same seed, and autograd for the policy's gradient."""

import numpy as np
import pytest
import torch

from grader.compare import assert_same

SPACES = [(3, 2, 4, 3), (5, 2), (4, 4, 4, 4, 4, 4)]


class Table:
    """Random scores of every architecture, and what has been looked up."""

    def __init__(self, draw, choices, levels=None):
        scores = draw.normal(*choices, dtype=torch.float64).numpy()
        self.scores = scores if levels is None else np.round(levels * scores) / levels  # few levels: many are equally good
        self.asked = []

    def __call__(self, genes):
        self.asked.append(tuple(int(gene) for gene in genes))
        return float(self.scores[self.asked[-1]])


def generators(worker, draw):
    """A generator there and one here, of the same seed."""
    seed = draw.integers(0, 2**31, ()).item()
    return worker.numpy.random.default_rng(seed), np.random.default_rng(seed)


def moved(genes, choices, rng):
    """One mutation, by going on step by step."""
    child = [int(gene) for gene in genes]
    gene = int(rng.integers(len(child)))
    for _ in range(int(rng.integers(1, choices[gene]))):
        child[gene] = child[gene] + 1 if child[gene] + 1 < choices[gene] else 0
    return child


def evolved(table, choices, budget, population_size, tournament_size, rng):
    """Everything that is scored: the population is what was scored last."""
    history = []
    for _ in range(population_size):
        genes = [int(gene) for gene in rng.integers(choices)]
        history.append((genes, table(genes)))
    while len(history) < budget:
        members, parent = history[-population_size:], None
        for member in rng.choice(population_size, tournament_size, replace=False):
            if parent is None or members[member][1] > parent[1]:
                parent = members[member]
        genes = moved(parent[0], choices, rng)
        history.append((genes, table(genes)))
    return history


def log_probability(logits, genes):
    return sum(row.log_softmax(dim=0)[int(gene)] for row, gene in zip(logits, genes, strict=True))


def ascent(logits, genes, advantage):
    """The gradient of advantage * log p(genes), by autograd."""
    leaves = [torch.tensor(row, requires_grad=True) for row in logits]
    return [g.numpy() for g in torch.autograd.grad(advantage * log_probability(leaves, genes), leaves)]


def controlled(table, choices, budget, rate, decay, rng):
    logits, history, baseline = [np.zeros(n) for n in choices], [], None
    for _ in range(budget):
        chances = [torch.tensor(row).softmax(dim=0).numpy() for row in logits]
        genes = [int(rng.choice(n, p=p)) for n, p in zip(choices, chances, strict=True)]
        reward = table(genes)
        history.append((genes, reward))
        baseline = reward if baseline is None else baseline
        step = ascent(logits, genes, reward - baseline)
        logits = [row + rate * g for row, g in zip(logits, step, strict=True)]
        baseline += (1 - decay) * (reward - baseline)
    return logits, history


def as_lists(history):
    return [([int(gene) for gene in genes], float(score)) for genes, score in history]


@pytest.mark.parametrize("choices", SPACES, ids=str)
def test_mutate(answer, draw, worker, choices):
    """mutate: exactly one gene, and never to what it was
    mutate：恰好改一个基因，且必定改变"""
    theirs, ours = generators(worker, draw)
    for _ in range(12):
        genes = np.array([int(draw.integers(0, n)) for n in choices])
        child = answer.mutate(genes, choices, theirs)
        assert_same(child, np.array(moved(genes, choices, ours)), f"mutate({genes.tolist()}, {choices}, rng)")


@pytest.mark.after("test_mutate")
@pytest.mark.parametrize(
    ("choices", "budget", "population", "tournament"), [((3, 2, 4, 3), 40, 8, 3), ((5, 2), 25, 5, 5), ((4, 4, 4), 30, 6, 1), ((3, 3), 7, 7, 2)]
)
def test_evolve(answer, draw, worker, choices, budget, population, tournament):
    """evolve: tournaments, and the oldest leaves
    evolve：锦标赛选择，最老的离开"""
    table = Table(draw, choices)
    theirs, ours = generators(worker, draw)
    history = answer.evolve(table, choices, budget, population, tournament, theirs)
    assert_same(len(table.asked), budget, f"calls of score with a budget of {budget}")
    expected = evolved(table, choices, budget, population, tournament, ours)
    assert_same(as_lists(history), expected, f"evolve(score, {choices}, {budget}, {population}, {tournament}, rng)")


@pytest.mark.after("test_evolve")
def test_evolve_with_equals(answer, draw, worker):
    """evolve: of equally good ones the first drawn is the parent
    evolve：并列时先抽到的是父代"""
    table = Table(draw, (3, 3, 3), levels=1)
    theirs, ours = generators(worker, draw)
    history = answer.evolve(table, (3, 3, 3), 60, 10, 6, theirs)
    assert_same(as_lists(history), evolved(table, (3, 3, 3), 60, 10, 6, ours), "evolve with many equal scores")


def test_probabilities(answer, draw):
    """probabilities: softmax, also of large logits
    probabilities：softmax，含很大的 logits"""
    logits = draw.normal(5, dtype=torch.float64)
    for case in (logits, 1e4 * logits, logits + 1e4, logits - 1e4, logits[:2]):
        # logits of 10,000 round at 1e-12
        assert_same(answer.probabilities(case.numpy()), case.softmax(dim=0).numpy(), "probabilities(logits)", rtol=1e-8)


@pytest.mark.after("test_probabilities")
@pytest.mark.parametrize("choices", SPACES, ids=str)
def test_policy_gradient(answer, draw, choices):
    """policy_gradient: of advantage * log p
    policy_gradient：advantage * log p 的梯度"""
    for advantage in (1.0, -0.7, 2.5):
        logits = [draw.normal(n, dtype=torch.float64).numpy() for n in choices]
        genes = np.array([int(draw.integers(0, n)) for n in choices])
        expected = ascent(logits, genes, advantage)
        assert_same(answer.policy_gradient(logits, genes, advantage), expected, f"policy_gradient(logits, genes, {advantage})")


@pytest.mark.after("test_policy_gradient")
@pytest.mark.parametrize(("choices", "budget", "rate", "decay"), [((3, 2, 4), 30, 0.5, 0.9), ((5, 2), 20, 2.0, 0.5), ((2, 3), 1, 1.0, 0.9)])
def test_reinforce(answer, draw, worker, choices, budget, rate, decay):
    """reinforce: baseline and steps, round by round
    reinforce：逐轮的基线与更新"""
    table = Table(draw, choices)
    theirs, ours = generators(worker, draw)
    logits, history = answer.reinforce(table, choices, budget, rate, decay, theirs)
    assert_same(len(table.asked), budget, f"calls of score with a budget of {budget}")
    wanted_logits, wanted = controlled(table, choices, budget, rate, decay, ours)
    assert_same(as_lists(history), wanted, "history of reinforce(...)")
    assert_same(list(logits), wanted_logits, "logits after reinforce(...)", rtol=1e-7, atol=1e-9)  # roundings add up over the rounds


def test_regret(answer, draw):
    """regret: of the best so far
    regret：至今最好者与最优的差距"""
    scores = draw.normal(15, dtype=torch.float64).tolist()
    history = [(np.array([place % 3, 1]), score) for place, score in enumerate(scores)]
    expected = np.array([3.5 - max(scores[: place + 1]) for place in range(15)])
    assert_same(answer.regret(history, 3.5), expected, "regret(history, 3.5)")


@pytest.mark.after("test_regret", "test_evolve")
def test_regret_of_evolution(answer, draw, worker):
    """evolve and regret together, on a benchmark
    evolve 与 regret 合用于基准"""
    table = Table(draw, (3, 3, 3, 3))
    theirs, ours = generators(worker, draw)
    curve = answer.regret(answer.evolve(table, (3, 3, 3, 3), 80, 12, 4, theirs), float(table.scores.max()))
    scores = [score for _, score in evolved(table, (3, 3, 3, 3), 80, 12, 4, ours)]
    expected = np.array([table.scores.max() - max(scores[: n + 1]) for n in range(80)])
    assert_same(curve, expected, "regret(evolve(...), best)")
