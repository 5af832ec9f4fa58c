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
    """Whether an architecture belongs to the space.

    It has 1 to max_layers layers; widths and activations are of the space; a layer with a skip is as wide as what comes into it, which is
    in_features for the first layer and the width of the layer before for the others.
    """
    raise NotImplementedError("your turn")


def count(space: Space) -> int:
    """How many valid architectures there are; max_layers may be 12, and the number below 2^62."""
    raise NotImplementedError("your turn")


def sample(space: Space, generator: torch.Generator) -> Architecture:
    """Draw one of all valid architectures, each with the same probability; all randomness comes from the generator (on the CPU)."""
    raise NotImplementedError("your turn")


def neighbours(space: Space, architecture: Architecture) -> list[Architecture]:
    """All valid architectures that are one edit away, each once, in any order; the architecture itself is none of them.

    An edit changes one of width, activation and skip of one layer, or removes one layer, or puts one new layer anywhere.
    """
    raise NotImplementedError("your turn")


def mutate(space: Space, architecture: Architecture, generator: torch.Generator) -> Architecture:
    """One of the neighbours, each with the same probability; all randomness comes from the generator. The architecture stays as it is."""
    raise NotImplementedError("your turn")


def build(space: Space, architecture: Architecture) -> nn.Module:
    """The network, (batch, in_features) to (batch, out_features). Raises ValueError for an architecture that is not valid.

    Each layer is activation(linear(x)), plus x when it has a skip; at the end comes a linear map to out_features. All linear maps have a
    bias. The parameters are weight and bias of each of them, in the order in which they are used, as nn.Linear makes them. Gradients reach x and the
    parameters.
    """
    raise NotImplementedError("your turn")


def cost(space: Space, architecture: Architecture) -> tuple[int, int]:
    """(parameters, multiplications): of the network that build makes, and of its linear maps for one sample. The architecture is valid."""
    raise NotImplementedError("your turn")


def random_search(
    space: Space, score: Callable[[Architecture], float], budget: int, max_parameters: int, generator: torch.Generator
) -> tuple[Architecture, float]:
    """The best of `budget` different random architectures with at most max_parameters parameters, and its score; the higher the better.

    Draws with sample until so many have been scored: an architecture that is too large, or has been scored already, is not scored. There are at
    least `budget` that fit, and budget >= 1. score is called exactly `budget` times. Of equally good ones the first counts.
    """
    raise NotImplementedError("your turn")
