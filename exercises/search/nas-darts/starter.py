from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Loss = Callable[[Tensor, Tensor], Tensor]


def cell(x: Tensor, alphas: Tensor, operations: Sequence[Callable[[Tensor], Tensor]]) -> Tensor:
    """A relaxed cell: node 0 is x, and each later node is the sum over all earlier nodes, each passed through the mixture of its edge.

    x: (..., features). alphas: (edges, operations), a row for each edge, in the order 0-1, 0-2, 1-2, 0-3, 1-3, 2-3, ...; so n later nodes have
    n (n + 1) / 2 edges, and n >= 1 follows from their number. The mixture of an edge is the sum of softmax(its row)[o] * operations[o](source);
    every edge uses the same operations, which keep the shape. Returns the nodes 1 to n side by side on the last axis,
    (..., n * features). Gradients reach x and alphas.
    """
    raise NotImplementedError("your turn")


def alpha_gradient(train_loss: Loss, val_loss: Loss, w: Tensor, alpha: Tensor, xi: float = 0.0) -> Tensor:
    """The gradient for the architecture: of val_loss(w - xi * d train_loss / d w, alpha) in alpha.

    train_loss, val_loss: functions of (w, alpha), a differentiable scalar; a loss may depend on only one of them. w, alpha: tensors of any
    shape, float32 or float64. xi = 0 is the first order: the gradient of val_loss at w. Otherwise w also depends on alpha through the step, and
    that part, -xi * d/dalpha (d train_loss / d w) v with v = d val_loss / d w at the new weights, is taken by a central
    difference of d train_loss / d alpha at w + eps * v and w - eps * v, eps = 0.01 / norm(v), norm being the Euclidean one; it is zero when v is.
    Returns a tensor like alpha. w and alpha stay as they are.
    """
    raise NotImplementedError("your turn")


def search_step(
    train_loss: Loss, val_loss: Loss, w: Tensor, alpha: Tensor, learning_rate: float, alpha_rate: float, second_order: bool = False
) -> tuple[Tensor, Tensor]:
    """One step of the search: first alpha, on the validation split, then w, on the training split and with the new alpha.

    Both are plain gradient steps, alpha's by alpha_gradient with xi = learning_rate for the second order and 0 for the first. Returns the new
    (w, alpha), without a graph; the old ones stay as they are.
    """
    raise NotImplementedError("your turn")


def discretise(alphas: Tensor, names: Sequence[str]) -> list[list[tuple[int, str]]]:
    """The cell that is left: for each of the nodes 1 to n its two strongest edges (node 1 has only one), each with its best operation.

    alphas: (edges, operations) in the order of cell; names: of the operations, different from each other. The strength of an edge is the
    largest softmax weight of its operations, "none" left out; the softmax itself includes it. Of equal ones the smaller source, and the
    operation that comes first, win. Returns for each node a list of (source, name), sources ascending. There are two operations or more.
    """
    raise NotImplementedError("your turn")
