"""Another right answer: the loss of each step is followed back on its own, sample by sample, through all earlier steps of its window."""

import torch

IGNORED = -100


def forward(x, h0, params):
    batch, time, _ = x.shape
    states = x.new_zeros(batch, time + 1, h0.shape[1])
    states[:, 0] = h0
    for t in range(time):
        inputs = torch.cat([x[:, t], states[:, t]], 1)
        states[:, t + 1] = torch.tanh(params["b"] + inputs @ torch.cat([params["w_ih"], params["w_hh"]], 1).T)
    logits = torch.einsum("bth,ch->btc", states[:, 1:], params["w_out"]) + params["b_out"]
    return states, logits


def bptt(x, h0, targets, params, window=None):
    states, logits = forward(x, h0, params)
    gradients = {name: torch.zeros_like(tensor) for name, tensor in params.items()} | {"x": torch.zeros_like(x), "h0": torch.zeros_like(h0)}
    total, count = x.new_zeros(()), int((targets != IGNORED).sum())
    for n in range(x.shape[0]):
        for t in range(x.shape[1]):
            label = int(targets[n, t])
            if label == IGNORED:
                continue
            total = total + torch.logsumexp(logits[n, t], 0) - logits[n, t, label]
            error = torch.softmax(logits[n, t], 0) / count
            error[label] -= 1 / count
            gradients["w_out"] += torch.outer(error, states[n, t + 1])
            gradients["b_out"] += error
            back = params["w_out"].T @ error
            first = 0 if window is None else t - t % window
            for s in range(t, first - 1, -1):
                back = back * (1 - states[n, s + 1].square())
                gradients["w_ih"] += torch.outer(back, x[n, s])
                gradients["w_hh"] += torch.outer(back, states[n, s])
                gradients["b"] += back
                gradients["x"][n, s] += params["w_ih"].T @ back
                back = params["w_hh"].T @ back
            if first == 0:
                gradients["h0"][n] += back
    return total / count, gradients
