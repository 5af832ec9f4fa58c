"""Fine-tuning moves a weight by a matrix of low rank: train only the two thin factors, and add them to the weight when done."""

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
        super().__init__()
        if rank < 1:
            raise ValueError(f"a rank of {rank} leaves nothing to train")
        weight = base.weight
        self.base = base.requires_grad_(False)
        self.A = nn.Parameter(torch.randn(rank, weight.shape[1], dtype=weight.dtype, device=weight.device))
        self.B = nn.Parameter(torch.zeros(weight.shape[0], rank, dtype=weight.dtype, device=weight.device))
        self.scale = alpha / rank
        self.merged = False

    def forward(self, x: Tensor) -> Tensor:
        """x: (..., in_features). Returns (..., out_features), the same whether merged or not. Gradients reach x, and A and B when not merged."""
        if self.merged:
            return self.base(x)
        return self.base(x) + self.scale * (x @ self.A.T @ self.B.T)

    @torch.no_grad()
    def merge(self) -> None:
        """Add (alpha / rank) * B A to base.weight, in place; nothing happens when it is merged already."""
        if not self.merged:
            self._weight = self.base.weight.clone()
            self.base.weight += self.scale * (self.B @ self.A)
            self.merged = True

    def unmerge(self) -> None:
        """Put back, in place, exactly the weight from before merge, bit by bit; nothing happens when it is not merged."""
        if self.merged:
            self.base.weight.copy_(self._weight)
            self.merged = False


def add_lora(model: nn.Module, rank: int, alpha: float) -> None:
    """Freeze all parameters of the model and put a LoRALinear around each nn.Linear in it, at any depth, in place."""
    model.requires_grad_(False)
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.Linear):
                setattr(parent, name, LoRALinear(child, rank, alpha))


class Adapter(nn.Module):
    """A bottleneck adapter: x + up(relu(down(x))), with down an nn.Linear(dim, bottleneck) and up an nn.Linear(bottleneck, dim).

    Weight and bias of up begin at zero, so the adapter is the identity at first; down begins as nn.Linear does.
    """

    def __init__(self, dim: int, bottleneck: int) -> None:
        """Make down and up."""
        super().__init__()
        self.down = nn.Linear(dim, bottleneck)
        self.up = nn.Linear(bottleneck, dim)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x: Tensor) -> Tensor:
        """x: (..., dim). Returns the same shape."""
        return x + self.up(F.relu(self.down(x)))


def count_parameters(model: nn.Module) -> tuple[int, int]:
    """(trained, all): how many numbers the parameters with requires_grad hold, and all parameters; one that is used twice counts once."""
    sizes = [(p.numel(), p.requires_grad) for p in model.parameters()]
    return sum(size for size, trained in sizes if trained), sum(size for size, _ in sizes)
