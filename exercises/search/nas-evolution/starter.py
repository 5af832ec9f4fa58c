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
    """Change exactly one gene to another option; genes is left unchanged.

    genes: int64 (n,), genes[i] in range(choices[i]), all choices at least 2. Two draws, in this order: gene = rng.integers(n), the gene; and
    step = rng.integers(1, choices[gene]), by which its option is moved on, modulo choices[gene]. Returns a new int64 array.
    """
    raise NotImplementedError("your turn")


def evolve(score: Score, choices: Sequence[int], budget: int, population_size: int, tournament_size: int, rng: np.random.Generator) -> History:
    """Regularised (ageing) evolution; the higher the score, the better.

    First population_size random architectures are scored, each drawn by rng.integers(choices). Then, until score has been called `budget`
    times: rng.choice(population_size, tournament_size, replace=False) draws members, 0 being the oldest in the population; the best of them
    is the parent, of equally good ones the one drawn first; a child is made by mutate and scored; it joins the population, and the oldest
    member leaves it, however good it is. 1 <= tournament_size <= population_size <= budget.
    Returns all (genes, score) in the order in which they were scored: exactly `budget` of them, one call of score each.
    """
    raise NotImplementedError("your turn")


def probabilities(logits: np.ndarray) -> np.ndarray:
    """The softmax of the logits of one gene, (options,); logits of 10,000 must not overflow."""
    raise NotImplementedError("your turn")


def policy_gradient(logits: Sequence[np.ndarray], genes: np.ndarray, advantage: float) -> list[np.ndarray]:
    """The gradient of advantage * log p(genes) in the logits, one array for each gene.

    The policy draws each gene by itself: p(genes) is the product of probabilities(logits[i])[genes[i]].
    """
    raise NotImplementedError("your turn")


def reinforce(
    score: Score, choices: Sequence[int], budget: int, learning_rate: float, decay: float, rng: np.random.Generator
) -> tuple[list[np.ndarray], History]:
    """A controller trained by REINFORCE with a moving-average baseline: gradient ascent on the expected score.

    The logits of every gene begin at zero. In each of `budget` rounds the genes are drawn one after the other, gene i by
    rng.choice(choices[i], p=probabilities(logits[i])); they are scored once; the logits move by learning_rate times policy_gradient with the
    advantage score - baseline; then the baseline becomes decay * baseline + (1 - decay) * score. The baseline begins as the first score, so
    the first round moves nothing. Returns (logits, history), history as in evolve.
    """
    raise NotImplementedError("your turn")


def regret(history: History, best: float) -> np.ndarray:
    """How far the best score found so far is from the best there is, after each call of score: float64 (len(history),)."""
    raise NotImplementedError("your turn")
