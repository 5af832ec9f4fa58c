from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class Affine(nn.Module):
    """x @ weight.T + bias, with parameters named and shaped as in nn.Linear: weight (n_out, n_in) and bias (n_out,).

    Both are float32 and all entries are drawn independently and uniformly from the interval between -1 / sqrt(n_in) and 1 / sqrt(n_in).
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        """Make the two parameters."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """x: (..., n_in), any number of leading dimensions, none included. Returns (..., n_out)."""
        raise NotImplementedError("your turn")


class MLP(nn.Module):
    """A fully connected network of any depth: Affine layers with the activation between them, none after the last.

    Its state_dict has exactly the entries layers.0.weight, layers.0.bias, layers.1.weight and so on, from input to output.
    """

    def __init__(self, sizes: Sequence[int], activation: str = "relu") -> None:
        """Make the layers, each with parameters of its own.

        sizes: the widths from input to output, two or more, fewer raise ValueError; (3, 5, 2) has one hidden layer of 5 units.
        activation: "relu", "tanh" or "sigmoid"; any other raises ValueError, here and not only in forward.
        """
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """Pass x through all layers.

        x: (..., sizes[0]), any number of leading dimensions, which may be empty. Returns (..., sizes[-1]): logits, without an activation.
        Works in float32, and after model.double() in float64. x is left unchanged; gradients reach x and all parameters.
        """
        raise NotImplementedError("your turn")
