"""A gradient passes through every layer between the loss and its place: what each one multiplies it by decides whether it arrives."""

from collections.abc import Sequence

import torch
from torch import Tensor


def outputs(x: Tensor, weights: Sequence[Tensor], activation: str, residual: bool = False) -> list[Tensor]:
    """The outputs of all layers, first to last: h_k = f(h_{k-1} @ W_k.T), with residual h_k = h_{k-1} + f(h_{k-1} @ W_k.T); h_0 = x.

    x: (batch, width). weights: at least one matrix (width, width), (out, in) as in nn.Linear. activation: "sigmoid", "tanh" or "relu"; another
    one raises ValueError. Every layer has the activation, the last one too. Each output is (batch, width), in the dtype of x.
    """
    if activation not in ("sigmoid", "tanh", "relu"):
        raise ValueError(f"activation must be 'sigmoid', 'tanh' or 'relu', not {activation!r}")
    f = getattr(torch, activation)
    hidden = [x]
    for W in weights:
        change = f(hidden[-1] @ W.T)
        hidden.append(hidden[-1] + change if residual else change)
    return hidden[1:]


def gradient_norms(x: Tensor, weights: Sequence[Tensor], activation: str, residual: bool = False) -> list[float]:
    """How large the gradient of the loss is at the output of each layer, first to last.

    The loss is the sum of all entries of the last output. Entry k is the root of the sum of squares of its gradient with respect to outputs(...)[k],
    all samples together; the last entry is sqrt(batch * width). Arguments as for outputs; they are left unchanged, and neither x nor the
    weights require gradients.
    """
    hidden = outputs(x.detach().requires_grad_(), weights, activation, residual)
    gradients = torch.autograd.grad(hidden[-1].sum(), hidden)
    return [gradient.norm().item() for gradient in gradients]


def rescue(weights: Sequence[Tensor]) -> tuple[list[Tensor], bool]:
    """Make a deep network trainable: (new weights, residual), for outputs and gradient_norms, the same for all three activations.

    weights: up to 50 matrices (width, width), whose entries are normal with mean 0 and variance 1 / width; they are left unchanged. The new ones
    have the same shapes and dtype, and none is silenced: its norm (root of the sum of squares) is at least a hundredth of the old one's.
    With width 32 and an x of 16 standard normal rows, the norm of gradient_norms at the first layer lies between a tenth and ten times that
    of the last.
    """
    return [W / len(weights) for W in weights], True
