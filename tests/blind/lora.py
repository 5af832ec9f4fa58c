# blind: passed at try 1
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class LoRALinear(nn.Module):
    """A linear layer W x + b, frozen, plus a trained detour: W x + b + (alpha / rank) * B A x."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        if rank < 1:
            raise ValueError(f"rank must be at least 1, not {rank}")
        self.base = base.requires_grad_(False)
        self.scale = alpha / rank
        weight = base.weight
        self.A = nn.Parameter(torch.randn(rank, base.in_features, dtype=weight.dtype, device=weight.device) / base.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, dtype=weight.dtype, device=weight.device))
        self.merged = False
        self.register_buffer("original", None, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        out = self.base(x)
        if not self.merged:
            out = out + self.scale * F.linear(F.linear(x, self.A), self.B)
        return out

    @torch.no_grad()
    def merge(self) -> None:
        if self.merged:
            return
        # adding and subtracting again would leave rounding errors, so the old weight is kept
        self.original = self.base.weight.detach().clone()
        self.base.weight.add_(self.B @ self.A, alpha=self.scale)
        self.merged = True

    @torch.no_grad()
    def unmerge(self) -> None:
        if not self.merged:
            return
        self.base.weight.copy_(self.original)
        self.original = None
        self.merged = False


def add_lora(model: nn.Module, rank: int, alpha: float) -> None:
    """Freeze all parameters of the model and put a LoRALinear around each nn.Linear in it, at any depth, in place."""
    model.requires_grad_(False)
    # the list is complete before the first replacement, so the new layers are not visited
    found = [(parent, name, child) for parent in model.modules() for name, child in parent.named_children() if isinstance(child, nn.Linear)]
    for parent, name, child in found:
        setattr(parent, name, LoRALinear(child, rank, alpha))


class Adapter(nn.Module):
    """A bottleneck adapter: x + up(relu(down(x))); the identity at first."""

    def __init__(self, dim: int, bottleneck: int) -> None:
        super().__init__()
        self.down = nn.Linear(dim, bottleneck)
        self.up = nn.Linear(bottleneck, dim)
        for parameter in self.up.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.up(F.relu(self.down(x)))


def count_parameters(model: nn.Module) -> tuple[int, int]:
    """(trained, all): how many numbers the parameters hold; one that is used twice counts once."""
    sizes = [(p.numel(), p.requires_grad) for p in model.parameters()]
    return sum(n for n, trained in sizes if trained), sum(n for n, _ in sizes)
