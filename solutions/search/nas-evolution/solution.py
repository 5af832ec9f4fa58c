"""Two ways to search where nothing can be differentiated: breed what was good lately, or learn a distribution that draws what is good."""

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

Score = Callable[[np.ndarray], float]  # given
History = list[tuple[np.ndarray, float]]  # given


def benchmark(choices: Sequence[int], seed: int) -> np.ndarray:
    """A tabular benchmark to play with: the score of every architecture, shape `choices`, between 0 and 1; table[tuple(genes)] looks it up.

    Each option has a value, and so has each pair of options of neighbouring genes; their sum is scaled.
    """
    # given
    rng = np.random.default_rng(seed)
    table = np.zeros(tuple(choices))
    for gene, options in enumerate(choices):
        shape = [1] * len(choices)
        shape[gene] = options
        table = table + rng.normal(size=shape)
        if gene > 0:
            shape[gene - 1] = choices[gene - 1]
            table = table + 0.7 * rng.normal(size=shape)
    return (table - table.min()) / (table.max() - table.min())


def mutate(genes: np.ndarray, choices: Sequence[int], rng: np.random.Generator) -> np.ndarray:
    """Change exactly one gene to another option; genes is left unchanged.

    genes: int64 (n,), genes[i] in range(choices[i]), all choices at least 2. Two draws, in this order: gene = rng.integers(n), the gene; and
    step = rng.integers(1, choices[gene]), by which its option is moved on, modulo choices[gene]. Returns a new int64 array.
    """
    gene = rng.integers(len(genes))
    step = rng.integers(1, choices[gene])
    child = genes.copy()
    child[gene] = (child[gene] + step) % choices[gene]
    return child


def evolve(score: Score, choices: Sequence[int], budget: int, population_size: int, tournament_size: int, rng: np.random.Generator) -> History:
    """Regularised (ageing) evolution; the higher the score, the better.

    First population_size random architectures are scored, each drawn by rng.integers(choices). Then, until score has been called `budget`
    times: rng.choice(population_size, tournament_size, replace=False) draws members, 0 being the oldest in the population; the best of them
    is the parent, of equally good ones the one drawn first; a child is made by mutate and scored; it joins the population, and the oldest
    member leaves it, however good it is. 1 <= tournament_size <= population_size <= budget.
    Returns all (genes, score) in the order in which they were scored: exactly `budget` of them, one call of score each.
    """
    history: History = []
    population: deque[tuple[np.ndarray, float]] = deque(maxlen=population_size)
    while len(history) < budget:
        if len(history) < population_size:
            genes = rng.integers(choices)
        else:
            drawn = rng.choice(population_size, tournament_size, replace=False)
            parent, _ = max((population[member] for member in drawn), key=lambda scored: scored[1])
            genes = mutate(parent, choices, rng)
        history.append((genes, score(genes)))
        population.append(history[-1])
    return history


def probabilities(logits: np.ndarray) -> np.ndarray:
    """The softmax of the logits of one gene, (options,); logits of 10,000 must not overflow."""
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def policy_gradient(logits: Sequence[np.ndarray], genes: np.ndarray, advantage: float) -> list[np.ndarray]:
    """The gradient of advantage * log p(genes) in the logits, one array for each gene.

    The policy draws each gene by itself: p(genes) is the product of probabilities(logits[i])[genes[i]].
    """
    return [advantage * (np.eye(len(row))[gene] - probabilities(row)) for row, gene in zip(logits, genes, strict=True)]


def reinforce(
    score: Score, choices: Sequence[int], budget: int, learning_rate: float, decay: float, rng: np.random.Generator
) -> tuple[list[np.ndarray], History]:
    """A controller trained by REINFORCE with a moving-average baseline: gradient ascent on the expected score.

    The logits of every gene begin at zero. In each of `budget` rounds the genes are drawn one after the other, gene i by
    rng.choice(choices[i], p=probabilities(logits[i])); they are scored once; the logits move by learning_rate times policy_gradient with the
    advantage score - baseline; then the baseline becomes decay * baseline + (1 - decay) * score. The baseline begins as the first score, so
    the first round moves nothing. Returns (logits, history), history as in evolve.
    """
    logits = [np.zeros(options) for options in choices]
    history: History = []
    baseline = 0.0
    for _ in range(budget):
        genes = np.array([rng.choice(len(row), p=probabilities(row)) for row in logits])
        reward = score(genes)
        if not history:
            baseline = reward
        history.append((genes, reward))
        gradient = policy_gradient(logits, genes, reward - baseline)
        logits = [row + learning_rate * step for row, step in zip(logits, gradient, strict=True)]
        baseline = decay * baseline + (1 - decay) * reward
    return logits, history


def regret(history: History, best: float) -> np.ndarray:
    """How far the best score found so far is from the best there is, after each call of score: float64 (len(history),)."""
    return best - np.maximum.accumulate([score for _, score in history])
