"""Another right answer: the backward pass by hand, layer after layer, and a rescue that halves the root of the depth."""

import torch


def outputs(x, weights, activation, residual=False):
    functions = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
    if activation not in functions:
        raise ValueError(activation)
    found = []
    for W in weights:
        new = functions[activation](torch.nn.functional.linear(x, W))
        x = new + x if residual else new
        found.append(x)
    return found


def gradient_norms(x, weights, activation, residual=False):
    entered = [x, *outputs(x, weights, activation, residual)]
    delta = torch.ones_like(entered[-1])
    norms = []
    for W, h in zip(reversed(weights), reversed(entered[:-1]), strict=True):
        norms.append(float(delta.square().sum().sqrt()))
        z = h @ W.T
        slope = {"sigmoid": torch.sigmoid(z) * torch.sigmoid(-z), "tanh": 1 - torch.tanh(z) ** 2, "relu": (z > 0).to(z.dtype)}[activation]
        delta = (delta * slope) @ W + (delta if residual else 0)
    return norms[::-1]


def rescue(weights):
    scale = 0.35 * len(weights) ** -0.5
    return [scale * W for W in weights], True
