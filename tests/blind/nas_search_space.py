# blind: passed at try 1
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import torch
from torch import Tensor, nn

Layer = tuple[int, str, bool]
Architecture = list[Layer]
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}


@dataclass(frozen=True)
class Space:
    """What may be chosen: 1 to max_layers layers, each (width, activation, skip); activations are keys of ACTIVATIONS."""

    in_features: int
    out_features: int
    max_layers: int
    widths: tuple[int, ...]
    activations: tuple[str, ...]


def is_valid(space: Space, architecture: Architecture) -> bool:
    """Whether an architecture belongs to the space."""
    if not 1 <= len(architecture) <= space.max_layers:
        return False
    before = space.in_features
    for width, activation, skip in architecture:
        if width not in space.widths or activation not in space.activations or (skip and width != before):
            return False
        before = width
    return True


def options(space: Space, before: int) -> list[Layer]:
    """All layers that may follow a layer of width `before`."""
    return [(w, a, skip) for w in space.widths for a in space.activations for skip in (False, True) if not skip or w == before]


@cache
def continuations(space: Space, before: int, layers: int) -> int:
    """In how many ways exactly `layers` more layers can follow the width `before`."""
    if layers == 0:
        return 1
    ways = sum((1 + (w == before)) * continuations(space, w, layers - 1) for w in space.widths)
    return len(space.activations) * ways


def count(space: Space) -> int:
    """How many valid architectures there are."""
    return sum(continuations(space, space.in_features, depth) for depth in range(1, space.max_layers + 1))


def sample(space: Space, generator: torch.Generator) -> Architecture:
    """Draw a number below count(space) and return the architecture with this number."""
    rank = int(torch.randint(count(space), (), generator=generator))
    depth = 1
    while rank >= (ways := continuations(space, space.in_features, depth)):
        rank -= ways
        depth += 1
    architecture: Architecture = []
    before = space.in_features
    for left in reversed(range(depth)):
        for layer in options(space, before):
            ways = continuations(space, layer[0], left)
            if rank < ways:
                break
            rank -= ways
        architecture.append(layer)
        before = layer[0]
    return architecture


def neighbours(space: Space, architecture: Architecture) -> list[Architecture]:
    """All valid architectures that are one edit away, each once."""
    everything = [(w, a, skip) for w in space.widths for a in space.activations for skip in (False, True)]
    found: dict[tuple[Layer, ...], None] = {}
    for i in range(len(architecture) + 1):
        head, tail = architecture[:i], architecture[i:]
        edited = [[*head, layer, *tail] for layer in everything]
        if tail:
            edited.append(head + tail[1:])
            for layer in everything:
                if sum(new != old for new, old in zip(layer, tail[0], strict=True)) == 1:
                    edited.append([*head, layer, *tail[1:]])
        found.update((tuple(candidate), None) for candidate in edited if is_valid(space, candidate))
    return [list(candidate) for candidate in found]


def mutate(space: Space, architecture: Architecture, generator: torch.Generator) -> Architecture:
    """One of the neighbours, each with the same probability."""
    candidates = neighbours(space, architecture)
    return candidates[int(torch.randint(len(candidates), (), generator=generator))]


def shapes(space: Space, architecture: Architecture) -> list[tuple[int, int]]:
    """(inputs, outputs) of all linear maps, the output map last."""
    return list(pairwise([space.in_features, *(width for width, _, _ in architecture), space.out_features]))


class Network(nn.Module):
    def __init__(self, space: Space, architecture: Architecture) -> None:
        super().__init__()
        self.layers = [(ACTIVATIONS[activation], skip) for _, activation, skip in architecture]
        self.maps = nn.ModuleList(nn.Linear(n_in, n_out) for n_in, n_out in shapes(space, architecture))

    def forward(self, x: Tensor) -> Tensor:
        for (activation, skip), linear in zip(self.layers, self.maps, strict=False):
            y = activation(linear(x))
            x = x + y if skip else y
        return self.maps[-1](x)


def build(space: Space, architecture: Architecture) -> nn.Module:
    """The network, (batch, in_features) to (batch, out_features)."""
    if not is_valid(space, architecture):
        raise ValueError(f"not in the space: {architecture}")
    return Network(space, architecture)


def cost(space: Space, architecture: Architecture) -> tuple[int, int]:
    """(parameters, multiplications)."""
    pairs = shapes(space, architecture)
    multiplications = sum(n_in * n_out for n_in, n_out in pairs)
    return multiplications + sum(n_out for _, n_out in pairs), multiplications


def random_search(
    space: Space, score: Callable[[Architecture], float], budget: int, max_parameters: int, generator: torch.Generator
) -> tuple[Architecture, float]:
    """The best of `budget` different random architectures with at most max_parameters parameters, and its score."""
    scores: dict[tuple[Layer, ...], float] = {}
    while len(scores) < budget:
        candidate = sample(space, generator)
        key = tuple(candidate)
        if key not in scores and cost(space, candidate)[0] <= max_parameters:
            scores[key] = score(candidate)
    best = max(scores, key=scores.__getitem__)
    return list(best), scores[best]
