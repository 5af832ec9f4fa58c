"""Another right answer: probabilities through logaddexp, weights updated in place, gradients by sums of outer products over the samples."""

import numpy as np


def log_softmax(z):
    return z - np.logaddexp.reduce(z, axis=1, keepdims=True)


def softmax(z):
    return np.exp(log_softmax(z))


def loss(logits, labels):
    return -sum(float(row[label]) for row, label in zip(log_softmax(logits), labels, strict=True)) / len(labels)


def init(n_in, n_hidden, n_out, seed):
    first, second = np.random.default_rng(seed).spawn(2)
    return {
        "W1": first.standard_normal((n_in, n_hidden)) * n_in**-0.5,
        "b1": np.zeros(n_hidden),
        "W2": second.standard_normal((n_hidden, n_out)) * n_hidden**-0.5,
        "b2": np.zeros(n_out),
    }


def forward(x, weights):
    if x.ndim == 1:
        x = x[None]
    hidden = np.tanh(np.einsum("ni,ih->nh", x, weights["W1"]) + weights["b1"])
    return hidden, np.einsum("nh,ho->no", hidden, weights["W2"]) + weights["b2"]


def gradients(x, labels, weights):
    if x.ndim == 1:
        x = x[None]
    hidden, logits = forward(x, weights)
    error = (softmax(logits) - np.eye(logits.shape[1])[labels]) / len(x)
    slope = np.einsum("no,ho->nh", error, weights["W2"]) * (1 + hidden) * (1 - hidden)
    return {"W1": np.einsum("ni,nh->ih", x, slope), "b1": slope.sum(0), "W2": np.einsum("nh,no->ho", hidden, error), "b2": error.sum(0)}


def train(x, labels, classes, n_hidden, epochs, learning_rate, batch, seed):
    weights = init(x.shape[1], n_hidden, classes, seed)
    shuffler = np.random.default_rng([seed, 1])
    history = []
    for _ in range(epochs):
        mixed = np.arange(len(x))
        shuffler.shuffle(mixed)
        for rows in np.split(mixed, range(batch, len(x), batch)):
            step = gradients(x[rows], labels[rows], weights)
            for name in weights:
                weights[name] -= learning_rate * step[name]
        history.append(loss(forward(x, weights)[1], labels))
    return weights, history
