import torch
import torch.nn.functional as F
from torch import Tensor, nn


class LoRALinear(nn.Module):
    """A linear layer W x + b, frozen, plus a trained detour: W x + b + (alpha / rank) * B A x.

    base: the nn.Linear (out_features, in_features), with or without a bias; it is used itself, not copied. A: (rank, in_features). B:
    (out_features, rank). merged: whether base.weight holds W + (alpha / rank) * B A at the moment.
    """

    def __init__(self, base: nn.Linear, rank: int, alpha: float) -> None:
        """Freeze the base; A is drawn at random, B is zero, both of base.weight's dtype and on its device.

        So the layer computes at first what the base does. Raises ValueError unless rank >= 1.
        """
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """x: (..., in_features). Returns (..., out_features), the same whether merged or not. Gradients reach x, and A and B when not merged."""
        raise NotImplementedError("your turn")

    @torch.no_grad()
    def merge(self) -> None:
        """Add (alpha / rank) * B A to base.weight, in place; nothing happens when it is merged already."""
        raise NotImplementedError("your turn")

    def unmerge(self) -> None:
        """Put back, in place, exactly the weight from before merge, bit by bit; nothing happens when it is not merged."""
        raise NotImplementedError("your turn")


def add_lora(model: nn.Module, rank: int, alpha: float) -> None:
    """Freeze all parameters of the model and put a LoRALinear around each nn.Linear in it, at any depth, in place."""
    raise NotImplementedError("your turn")


class Adapter(nn.Module):
    """A bottleneck adapter: x + up(relu(down(x))), with down an nn.Linear(dim, bottleneck) and up an nn.Linear(bottleneck, dim).

    Weight and bias of up begin at zero, so the adapter is the identity at first; down begins as nn.Linear does.
    """

    def __init__(self, dim: int, bottleneck: int) -> None:
        """Make down and up."""
        raise NotImplementedError("your turn")

    def forward(self, x: Tensor) -> Tensor:
        """x: (..., dim). Returns the same shape."""
        raise NotImplementedError("your turn")


def count_parameters(model: nn.Module) -> tuple[int, int]:
    """(trained, all): how many numbers the parameters with requires_grad hold, and all parameters; one that is used twice counts once."""
    raise NotImplementedError("your turn")
