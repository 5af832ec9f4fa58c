"""A search space is a set that one can count, draw from and walk in; an encoding becomes a network only at the end."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import torch
from torch import Tensor, nn

Layer = tuple[int, str, bool]  # given
Architecture = list[Layer]  # given
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}  # given


@dataclass(frozen=True)  # given
class Space:
    """What may be chosen: 1 to max_layers layers, each (width, activation, skip); activations are keys of ACTIVATIONS."""

    in_features: int
    out_features: int
    max_layers: int
    widths: tuple[int, ...]
    activations: tuple[str, ...]


def is_valid(space: Space, architecture: Architecture) -> bool:
    """Whether an architecture belongs to the space.

    It has 1 to max_layers layers; widths and activations are of the space; a layer with a skip is as wide as what comes into it, which is
    in_features for the first layer and the width of the layer before for the others.
    """
    before = space.in_features
    for width, activation, skip in architecture:
        if width not in space.widths or activation not in space.activations or (skip and width != before):
            return False
        before = width
    return 1 <= len(architecture) <= space.max_layers


def _layers(space: Space, before: int) -> list[Layer]:
    """The layers that may follow a width."""
    return [(w, a, skip) for w in space.widths for a in space.activations for skip in ((False, True) if w == before else (False,))]


@cache
def _endings(space: Space, before: int, left: int) -> int:
    """In how many ways an architecture can go on after a width, with at most so many more layers; to stop is one of them."""
    return 1 + (sum(_endings(space, layer[0], left - 1) for layer in _layers(space, before)) if left else 0)


def count(space: Space) -> int:
    """How many valid architectures there are; max_layers may be 12, and the number below 2^62."""
    return _endings(space, space.in_features, space.max_layers) - 1


def sample(space: Space, generator: torch.Generator) -> Architecture:
    """Draw one of all valid architectures, each with the same probability; all randomness comes from the generator (on the CPU)."""
    rank = 1 + int(torch.randint(count(space), (), generator=generator))
    architecture: Architecture = []
    before = space.in_features
    while rank > 0:
        rank -= 1
        for layer in _layers(space, before):
            endings = _endings(space, layer[0], space.max_layers - len(architecture) - 1)
            if rank < endings:
                break
            rank -= endings
        architecture.append(layer)
        before = layer[0]
    return architecture


def neighbours(space: Space, architecture: Architecture) -> list[Architecture]:
    """All valid architectures that are one edit away, each once, in any order; the architecture itself is none of them.

    An edit changes one of width, activation and skip of one layer, or removes one layer, or puts one new layer anywhere.
    """
    found: list[Architecture] = []
    for i in range(len(architecture) + 1):
        head, tail = architecture[:i], architecture[i:]
        new = [(w, a, skip) for w in space.widths for a in space.activations for skip in (False, True)]
        found += [[*head, layer, *tail] for layer in new]
        if tail:
            found += [[*head, *tail[1:]]]
            found += [[*head, layer, *tail[1:]] for layer in new if sum(x != y for x, y in zip(layer, tail[0], strict=True)) == 1]
    return [list(layers) for layers in dict.fromkeys(tuple(other) for other in found if is_valid(space, other))]


def mutate(space: Space, architecture: Architecture, generator: torch.Generator) -> Architecture:
    """One of the neighbours, each with the same probability; all randomness comes from the generator. The architecture stays as it is."""
    options = neighbours(space, architecture)
    return options[int(torch.randint(len(options), (), generator=generator))]


class _Network(nn.Module):
    def __init__(self, space: Space, architecture: Architecture) -> None:
        super().__init__()
        widths = [space.in_features, *(width for width, _, _ in architecture), space.out_features]
        self.linears = nn.ModuleList(nn.Linear(n_in, n_out) for n_in, n_out in pairwise(widths))
        self.architecture = architecture

    def forward(self, x: Tensor) -> Tensor:
        for linear, (_, activation, skip) in zip(self.linears, self.architecture, strict=False):
            y = ACTIVATIONS[activation](linear(x))
            x = x + y if skip else y
        return self.linears[-1](x)


def build(space: Space, architecture: Architecture) -> nn.Module:
    """The network, (batch, in_features) to (batch, out_features). Raises ValueError for an architecture that is not valid.

    Each layer is activation(linear(x)), plus x when it has a skip; at the end comes a linear map to out_features. All linear maps have a
    bias. The parameters are weight and bias of each of them, in the order in which they are used, as nn.Linear makes them. Gradients reach x and the
    parameters.
    """
    if not is_valid(space, architecture):
        raise ValueError(f"{architecture} is no architecture of this space")
    return _Network(space, architecture)


def cost(space: Space, architecture: Architecture) -> tuple[int, int]:
    """(parameters, multiplications): of the network that build makes, and of its linear maps for one sample. The architecture is valid."""
    widths = [space.in_features, *(width for width, _, _ in architecture), space.out_features]
    multiplications = sum(n_in * n_out for n_in, n_out in pairwise(widths))
    return multiplications + sum(widths[1:]), multiplications


def random_search(
    space: Space, score: Callable[[Architecture], float], budget: int, max_parameters: int, generator: torch.Generator
) -> tuple[Architecture, float]:
    """The best of `budget` different random architectures with at most max_parameters parameters, and its score; the higher the better.

    Draws with sample until so many have been scored: an architecture that is too large, or has been scored already, is not scored. There are at
    least `budget` that fit, and budget >= 1. score is called exactly `budget` times. Of equally good ones the first counts.
    """
    scores: dict[tuple[Layer, ...], float] = {}
    while len(scores) < budget:
        architecture = sample(space, generator)
        if cost(space, architecture)[0] <= max_parameters and tuple(architecture) not in scores:
            scores[tuple(architecture)] = score(architecture)
    best = max(scores, key=lambda key: scores[key])
    return list(best), scores[best]
