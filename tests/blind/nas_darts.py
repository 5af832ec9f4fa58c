# blind: passed at try 1
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Loss = Callable[[Tensor, Tensor], Tensor]


def later_nodes(edges: int) -> int:
    """The n for which n (n + 1) / 2 is the number of edges."""
    return (math.isqrt(8 * edges + 1) - 1) // 2


def cell(x: Tensor, alphas: Tensor, operations: Sequence[Callable[[Tensor], Tensor]]) -> Tensor:
    """A relaxed cell: each later node is the sum over all earlier ones, each passed through the mixture of its edge."""
    rows = iter(alphas.softmax(dim=1))
    nodes = [x]
    for _ in range(later_nodes(len(alphas))):
        terms = [weight * operation(source) for source in nodes for weight, operation in zip(next(rows), operations, strict=True)]
        nodes.append(torch.stack(terms).sum(dim=0))
    return torch.cat(nodes[1:], dim=-1)


def both_gradients(loss: Loss, w: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of loss(w, alpha) in w and in alpha; zeros where it does not depend on one."""
    w, alpha = (t.detach().clone().requires_grad_() for t in (w, alpha))
    with torch.enable_grad():
        value = loss(w, alpha)
    found = torch.autograd.grad(value, (w, alpha), allow_unused=True)
    in_w, in_alpha = (torch.zeros_like(t) if g is None else g for g, t in zip(found, (w, alpha)))
    return in_w.detach(), in_alpha.detach()


def alpha_gradient(train_loss: Loss, val_loss: Loss, w: Tensor, alpha: Tensor, xi: float = 0.0) -> Tensor:
    """The gradient for the architecture: of val_loss(w - xi * d train_loss / d w, alpha) in alpha."""
    w = w.detach()
    if xi == 0:
        return both_gradients(val_loss, w, alpha)[1]
    ahead = w - xi * both_gradients(train_loss, w, alpha)[0]
    v, direct = both_gradients(val_loss, ahead, alpha)
    norm = v.double().square().sum().sqrt().item()
    if norm == 0:
        return direct
    eps = 0.01 / norm
    above, below = (both_gradients(train_loss, w + side * eps * v, alpha)[1] for side in (1, -1))
    return direct - xi * (above - below) / (2 * eps)


def search_step(
    train_loss: Loss, val_loss: Loss, w: Tensor, alpha: Tensor, learning_rate: float, alpha_rate: float, second_order: bool = False
) -> tuple[Tensor, Tensor]:
    """One step of the search: first alpha, on the validation split, then w, on the training split and with the new alpha."""
    xi = learning_rate if second_order else 0.0
    alpha = alpha.detach() - alpha_rate * alpha_gradient(train_loss, val_loss, w, alpha, xi)
    return w.detach() - learning_rate * both_gradients(train_loss, w, alpha)[0], alpha


def strongest(row: list[float], names: Sequence[str]) -> tuple[float, str]:
    """(logarithm of the softmax weight, name) of the best operation other than "none"."""
    top = max(row)
    total = top + math.log(math.fsum(math.exp(a - top) for a in row))  # fsum: no matter in which order
    best = max((o for o, name in enumerate(names) if name != "none"), key=row.__getitem__)
    return row[best] - total, names[best]


def discretise(alphas: Tensor, names: Sequence[str]) -> list[list[tuple[int, str]]]:
    """For each later node the two strongest edges, each with its best operation."""
    rows = iter(alphas.detach().double().tolist())
    result = []
    for node in range(1, later_nodes(len(alphas)) + 1):
        edges = [(source, *strongest(next(rows), names)) for source in range(node)]
        chosen = sorted(edges, key=lambda edge: -edge[1])[:2]  # stable: the smaller source wins
        result.append([(source, name) for source, _, name in sorted(chosen)])
    return result
