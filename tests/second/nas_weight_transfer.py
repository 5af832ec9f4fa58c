"""Another right answer: deep copies with new data, a selection matrix for widening, entries copied one by one."""

import copy

import torch
from torch import nn


def widen(linear, norm, next_linear, mapping):
    chosen = torch.nn.functional.one_hot(mapping, linear.out_features).to(linear.weight)  # (new, old)
    times = chosen.sum(dim=0)
    if times.min() == 0:
        raise ValueError(mapping)
    first, second = copy.deepcopy(linear), copy.deepcopy(next_linear)
    first.out_features = second.in_features = len(mapping)
    first.weight = nn.Parameter(chosen @ linear.weight.detach())
    if linear.bias is not None:
        first.bias = nn.Parameter(chosen @ linear.bias.detach())
    second.weight = nn.Parameter(next_linear.weight.detach() @ (chosen / times).T)
    if norm is None:
        return first, None, second
    middle = copy.deepcopy(norm)
    middle.num_features = len(mapping)
    middle.weight, middle.bias = nn.Parameter(norm.weight.detach()[mapping]), nn.Parameter(norm.bias.detach()[mapping])
    middle.running_mean, middle.running_var = norm.running_mean[mapping], norm.running_var[mapping]
    return first, middle, second


def deeper(linear, activation):
    if activation in ("tanh", "sigmoid", "gelu"):
        raise ValueError(activation)
    width = linear.out_features
    layer = nn.Linear(width, width).to(linear.weight.device, linear.weight.dtype)
    nn.init.eye_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class SlicedLinear(nn.Module):
    def __init__(self, max_in, max_out):
        super().__init__()
        whole = nn.Linear(max_in, max_out)
        self.weight, self.bias = whole.weight, whole.bias

    def check(self, n_in, n_out):
        if n_in > self.weight.shape[1] or n_out > len(self.bias):
            raise ValueError((n_in, n_out))

    def forward(self, x, width):
        self.check(x.shape[-1], width)
        return torch.einsum("...i,oi->...o", x, self.weight[:width, : x.shape[-1]]) + self.bias[:width]

    def extract(self, n_in, n_out):
        self.check(n_in, n_out)
        layer = nn.Linear(n_in, n_out).to(self.weight.device, self.weight.dtype)
        layer.load_state_dict({"weight": self.weight[:n_out, :n_in], "bias": self.bias[:n_out]})
        return layer


def load_partially(model, state):
    report = {"loaded": [], "mismatched": [], "missing": [], "unexpected": []}
    own = model.state_dict()
    for name in sorted(set(own) | set(state)):
        if name not in own:
            report["unexpected"].append(name)
        elif name not in state:
            report["missing"].append(name)
        elif own[name].shape != state[name].shape:
            report["mismatched"].append(name)
        else:
            own[name].copy_(state[name])
            report["loaded"].append(name)
    return report
