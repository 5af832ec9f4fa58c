# blind: passed at try 1
import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}


class Affine(nn.Module):
    """x @ weight.T + bias, with parameters named and shaped as in nn.Linear: weight (n_out, n_in) and bias (n_out,).

    Both are float32 and all entries are drawn independently and uniformly from the interval between -1 / sqrt(n_in) and 1 / sqrt(n_in).
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        """Make the two parameters."""
        super().__init__()
        bound = 1 / math.sqrt(n_in)
        self.weight = nn.Parameter(torch.empty(n_out, n_in, dtype=torch.float32).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(n_out, dtype=torch.float32).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        """x: (..., n_in), any number of leading dimensions, none included. Returns (..., n_out)."""
        return torch.einsum("...i,oi->...o", x, self.weight) + self.bias


class MLP(nn.Module):
    """A fully connected network of any depth: Affine layers with the activation between them, none after the last.

    Its state_dict has exactly the entries layers.0.weight, layers.0.bias, layers.1.weight and so on, from input to output.
    """

    def __init__(self, sizes: Sequence[int], activation: str = "relu") -> None:
        """Make the layers, each with parameters of its own.

        sizes: the widths from input to output, two or more, fewer raise ValueError; (3, 5, 2) has one hidden layer of 5 units.
        activation: "relu", "tanh" or "sigmoid"; any other raises ValueError, here and not only in forward.
        """
        super().__init__()
        if len(sizes) < 2:
            raise ValueError("an MLP needs an input and an output width")
        if activation not in ACTIVATIONS:
            raise ValueError(f"unknown activation {activation!r}")
        self.activation = activation
        self.layers = nn.ModuleList(Affine(n_in, n_out) for n_in, n_out in pairwise(sizes))

    def forward(self, x: Tensor) -> Tensor:
        """Pass x through all layers.

        x: (..., sizes[0]), any number of leading dimensions, which may be empty. Returns (..., sizes[-1]): logits, without an activation.
        Works in float32, and after model.double() in float64. x is left unchanged; gradients reach x and all parameters.
        """
        f = ACTIVATIONS[self.activation]
        h = self.layers[0](x)
        for layer in self.layers[1:]:
            h = layer(f(h))
        return h
