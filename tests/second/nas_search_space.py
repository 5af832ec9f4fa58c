"""Another right answer: sampling by rejection of whole encodings, counting with a table, the network from Sequential and a skip module."""

from dataclasses import dataclass

import torch
from torch import nn

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}


@dataclass(frozen=True)
class Space:
    in_features: int
    out_features: int
    max_layers: int
    widths: tuple
    activations: tuple


def is_valid(space, architecture):
    if len(architecture) == 0 or len(architecture) > space.max_layers:
        return False
    incoming = [space.in_features] + [layer[0] for layer in architecture]
    fine = all(w in space.widths and a in space.activations for w, a, _ in architecture)
    return fine and all(w == incoming[i] for i, (w, _, skip) in enumerate(architecture) if skip)


def count(space):
    ways = {space.in_features: 1}
    total = 0
    for _ in range(space.max_layers):
        ways = {w: len(space.activations) * (sum(ways.values()) + ways.get(w, 0)) for w in space.widths}
        total += sum(ways.values())
    return total


def sample(space, generator):
    def number(n):
        return int(torch.randint(n, (1,), generator=generator))

    layers = [(w, a, s) for w in space.widths for a in space.activations for s in (False, True)]
    encodings = [len(layers) ** n for n in range(1, space.max_layers + 1)]
    while True:
        rank, length = number(sum(encodings)), 1
        while rank >= encodings[length - 1]:
            rank, length = rank - encodings[length - 1], length + 1
        architecture = []
        for _ in range(length):
            rank, which = divmod(rank, len(layers))
            architecture.append(layers[which])
        if is_valid(space, architecture):
            return architecture


def neighbours(space, architecture):
    every = [(w, a, s) for w in space.widths for a in space.activations for s in (True, False)]
    base, found = [tuple(layer) for layer in architecture], set()
    for i, layer in enumerate(base):
        found.add(tuple(base[:i] + base[i + 1 :]))
        for field, options in enumerate((space.widths, space.activations, (True, False))):
            for option in options:
                changed = list(layer)
                changed[field] = option
                found.add((*base[:i], tuple(changed), *base[i + 1 :]))
    for i in range(len(base) + 1):
        found |= {(*base[:i], layer, *base[i:]) for layer in every}
    return [list(other) for other in sorted(found) if other != tuple(base) and is_valid(space, list(other))]


def mutate(space, architecture, generator):
    options = neighbours(space, architecture)
    return options[torch.randperm(len(options), generator=generator)[0]]


class Block(nn.Module):
    def __init__(self, before, width, activation, skip):
        super().__init__()
        self.linear, self.activation, self.skip = nn.Linear(before, width), activation, skip

    def forward(self, x):
        return ACTIVATIONS[self.activation](self.linear(x)) + (x if self.skip else 0)


def build(space, architecture):
    if not is_valid(space, architecture):
        raise ValueError(architecture)
    blocks, before = [], space.in_features
    for width, activation, skip in architecture:
        blocks.append(Block(before, width, activation, skip))
        before = width
    return nn.Sequential(*blocks, nn.Linear(before, space.out_features))


def cost(space, architecture):
    sizes = [p.shape for p in build(space, architecture).parameters()]
    return sum(s.numel() for s in sizes), sum(s.numel() for s in sizes if len(s) == 2)


def random_search(space, score, budget, max_parameters, generator):
    seen, best, value = set(), None, None
    while len(seen) < budget:
        architecture = sample(space, generator)
        key = tuple(architecture)
        if key in seen or cost(space, architecture)[0] > max_parameters:
            continue
        seen.add(key)
        new = score(architecture)
        if best is None or new > value:
            best, value = architecture, new
    return best, value
