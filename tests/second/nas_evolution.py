"""Another right answer: lists instead of a deque, the tournament by sorting, log-softmax for the policy."""

import numpy as np


def benchmark(choices, seed):
    return np.random.default_rng(seed).random(tuple(choices))


def mutate(genes, choices, rng):
    gene = int(rng.integers(0, len(genes)))
    others = np.roll(np.arange(choices[gene]), -int(genes[gene]))  # the option itself, then the others in their order
    replacement = others[int(rng.integers(1, choices[gene]))]
    return np.where(np.arange(len(genes)) == gene, replacement, genes)


def evolve(score, choices, budget, population_size, tournament_size, rng):
    genes = [rng.integers(choices) for _ in range(population_size)]
    everyone = [(g, score(g)) for g in genes]
    for start in range(budget - population_size):
        alive = everyone[start : start + population_size]
        drawn = rng.choice(population_size, tournament_size, replace=False)
        scores = [alive[i][1] for i in drawn]
        parent = alive[drawn[int(np.argmax(scores))]][0]
        child = mutate(parent, choices, rng)
        everyone.append((child, score(child)))
    return everyone


def probabilities(logits):
    return np.exp(logits - logits.max() - np.log(np.exp(logits - logits.max()).sum()))


def policy_gradient(logits, genes, advantage):
    result = []
    for row, gene in zip(logits, genes, strict=True):
        step = -advantage * probabilities(row)
        step[gene] += advantage
        result.append(step)
    return result


def reinforce(score, choices, budget, learning_rate, decay, rng):
    logits = [np.zeros(n) for n in choices]
    history, baseline = [], None
    for _ in range(budget):
        genes = np.array([rng.choice(n, p=probabilities(row)) for n, row in zip(choices, logits, strict=True)], dtype=np.int64)
        value = score(genes)
        history.append((genes, value))
        if baseline is not None:
            steps = policy_gradient(logits, genes, value - baseline)
            logits = [np.add(row, learning_rate * step) for row, step in zip(logits, steps, strict=True)]
        baseline = value if baseline is None else decay * baseline + (1 - decay) * value
    return logits, history


def regret(history, best):
    curve, top = [], -np.inf
    for _, value in history:
        top = max(top, value)
        curve.append(best - top)
    return np.array(curve)
