# blind: passed at try 1
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

Score = Callable[[np.ndarray], float]
History = list[tuple[np.ndarray, float]]


def benchmark(choices: Sequence[int], seed: int) -> np.ndarray:
    """A tabular benchmark to play with: the score of every architecture, shape `choices`, between 0 and 1; table[tuple(genes)] looks it up.

    Each option has a value, and so has each pair of options of neighbouring genes; their sum is scaled.
    """
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
    """Change exactly one gene to another option; genes is left unchanged."""
    gene = rng.integers(len(genes))
    step = rng.integers(1, choices[gene])
    child = np.array(genes, dtype=np.int64)
    child[gene] = (child[gene] + step) % choices[gene]
    return child


def evolve(score: Score, choices: Sequence[int], budget: int, population_size: int, tournament_size: int, rng: np.random.Generator) -> History:
    """Regularised (ageing) evolution; the higher the score, the better."""
    history: History = []
    population: deque[tuple[np.ndarray, float]] = deque(maxlen=population_size)
    while len(history) < budget:
        if len(history) < population_size:
            genes = rng.integers(choices)
        else:
            drawn = rng.choice(population_size, tournament_size, replace=False)
            parent, _ = max((population[i] for i in drawn), key=lambda member: member[1])
            genes = mutate(parent, choices, rng)
        member = (genes, float(score(genes.copy())))
        population.append(member)
        history.append(member)
    return history


def probabilities(logits: np.ndarray) -> np.ndarray:
    """The softmax of the logits of one gene, (options,)."""
    weights = np.exp(logits - np.max(logits))
    return weights / weights.sum()


def policy_gradient(logits: Sequence[np.ndarray], genes: np.ndarray, advantage: float) -> list[np.ndarray]:
    """The gradient of advantage * log p(genes) in the logits, one array for each gene."""
    gradient = []
    for z, option in zip(logits, genes, strict=True):
        step = -advantage * probabilities(z)
        step[option] += advantage
        gradient.append(step)
    return gradient


def reinforce(
    score: Score, choices: Sequence[int], budget: int, learning_rate: float, decay: float, rng: np.random.Generator
) -> tuple[list[np.ndarray], History]:
    """A controller trained by REINFORCE with a moving-average baseline."""
    logits = [np.zeros(options) for options in choices]
    history: History = []
    baseline = None
    for _ in range(budget):
        genes = np.array([rng.choice(options, p=probabilities(z)) for options, z in zip(choices, logits, strict=True)], dtype=np.int64)
        value = float(score(genes.copy()))
        history.append((genes, value))
        if baseline is None:
            baseline = value
        for z, step in zip(logits, policy_gradient(logits, genes, value - baseline), strict=True):
            z += learning_rate * step
        baseline = decay * baseline + (1 - decay) * value
    return logits, history


def regret(history: History, best: float) -> np.ndarray:
    """How far the best score found so far is from the best there is, after each call of score."""
    return best - np.maximum.accumulate(np.array([value for _, value in history], dtype=np.float64))
