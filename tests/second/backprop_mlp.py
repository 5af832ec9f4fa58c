"""Sample by sample and neuron by neuron where it is short enough; momentum in fit; the slopes from the inputs of the activations."""

from itertools import pairwise

import numpy as np


def init(sizes, seed):
    generator = np.random.RandomState(seed)
    return [(generator.standard_normal((n, m)) * (2.0 / n) ** 0.5, np.zeros((m,))) for n, m in pairwise(sizes)]


def _act(z, activation):
    if activation == "relu":
        return np.where(z > 0, z, np.zeros_like(z))
    if activation == "tanh":
        return np.tanh(z)
    raise ValueError(activation)


def forward(x, weights, activation="relu"):
    if activation not in {"relu", "tanh"}:
        raise ValueError("unknown activation")
    outputs = [x]
    for k, (W, b) in enumerate(weights):
        z = np.stack([row @ W + b for row in outputs[-1]])
        outputs.append(z if k == len(weights) - 1 else _act(z, activation))
    return outputs


def _probabilities(row):
    e = np.exp(row - np.max(row))
    return e / e.sum()


def cross_entropy(logits, labels):
    total = 0.0
    for row, label in zip(logits, labels, strict=True):
        top = row.max()
        total += float(np.log(np.sum(np.exp(row - top))) - (row[label] - top))
    return total / len(labels)


def backward(outputs, labels, weights, activation="relu"):
    if activation not in {"relu", "tanh"}:
        raise ValueError("unknown activation")
    n = len(labels)
    gradients = [(np.zeros_like(W), np.zeros_like(b)) for W, b in weights]
    x_gradient = np.zeros_like(outputs[0])
    for i in range(n):
        delta = _probabilities(outputs[-1][i])
        delta[labels[i]] -= 1.0
        for k in range(len(weights) - 1, -1, -1):
            W, _ = weights[k]
            gradients[k][0][...] += np.outer(outputs[k][i], delta) / n
            gradients[k][1][...] += delta / n
            delta = W @ delta
            if k:
                h = outputs[k][i]
                delta = delta * (np.sign(h) if activation == "relu" else (1 - h) * (1 + h))
        x_gradient[i] = delta / n
    return gradients, x_gradient


def sgd_step(x, labels, weights, learning_rate, activation="relu"):
    outputs = forward(x, weights, activation)
    gradients, _ = backward(outputs, labels, weights, activation)
    new = []
    for (W, b), (dW, db) in zip(weights, gradients, strict=True):
        new.append((W + dW * -learning_rate, b + db * -learning_rate))
    return cross_entropy(outputs[-1], labels), new


def _batched(outputs, labels, weights, activation):
    p = np.exp(outputs[-1] - outputs[-1].max(1, keepdims=True))
    delta = (p / p.sum(1, keepdims=True) - np.eye(p.shape[1])[labels]) / len(labels)
    gradients = [None] * len(weights)
    for k in reversed(range(len(weights))):
        gradients[k] = (outputs[k].T @ delta, np.ones(len(delta)) @ delta)
        if k:
            h = outputs[k]
            delta = (delta @ weights[k][0].T) * ((h > 0) if activation == "relu" else 1 - h * h)
    return gradients


def fit(x, labels, sizes, seed, activation="relu"):
    generator = np.random.RandomState(seed)
    weights = [[W, b] for W, b in init(sizes, seed + 10_000)]
    speed = [[np.zeros_like(W), np.zeros_like(b)] for W, b in weights]
    for epoch in range(40):
        order = generator.permutation(len(x))
        for start in range(0, len(x), 50):
            chosen = order[start : start + 50]
            outputs = [x[chosen].astype(np.float64)]
            for k, (W, b) in enumerate(weights):
                z = outputs[-1] @ W + b
                outputs.append(z if k == len(weights) - 1 else _act(z, activation))
            for k, pair in enumerate(_batched(outputs, labels[chosen], weights, activation)):
                for part in (0, 1):
                    speed[k][part] = 0.9 * speed[k][part] + pair[part]
            for k in range(len(weights)):
                for part in (0, 1):
                    weights[k][part] = weights[k][part] - (0.1 if epoch < 30 else 0.02) * speed[k][part]
    return [tuple(pair) for pair in weights]
