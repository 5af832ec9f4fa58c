# blind: passed at try 1
import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """Silences single entries while training, and does nothing in evaluation mode."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"p is a probability, not {p}")
        self.p = p

    def draws(self, x: Tensor) -> tuple[int, ...]:
        """The shape of the mask, which is broadcast to x."""
        return tuple(x.shape)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        dropped = torch.rand(self.draws(x), device=x.device) < self.p
        survivors = x.masked_fill(dropped, 0.0)
        return survivors if self.p == 1 else survivors / (1 - self.p)


class Dropout2d(Dropout):
    """Silences whole channels while training, and does nothing in evaluation mode."""

    def draws(self, x: Tensor) -> tuple[int, ...]:
        return (*x.shape[:2], 1, 1)


@torch.no_grad()
def mc_predict(model: nn.Module, x: Tensor, samples: int) -> tuple[Tensor, Tensor]:
    """Mean and variance of `samples` calls of model(x) with dropout on, and everything else as at evaluation."""
    before = {module: module.training for module in model.modules()}
    try:
        for module in before:
            module.training = isinstance(module, Dropout)
        answers = torch.stack([model(x) for _ in range(samples)])
    finally:
        for module, flag in before.items():
            module.training = flag
    return answers.mean(dim=0), answers.var(dim=0, correction=0)
