# blind: passed at try 1
from collections.abc import Sequence

import torch
from torch import Tensor


ACTIVATIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}


def outputs(x: Tensor, weights: Sequence[Tensor], activation: str, residual: bool = False) -> list[Tensor]:
    """The outputs of all layers, first to last: h_k = f(h_{k-1} @ W_k.T), with residual h_k = h_{k-1} + f(h_{k-1} @ W_k.T); h_0 = x.

    x: (batch, width). weights: at least one matrix (width, width), (out, in) as in nn.Linear. activation: "sigmoid", "tanh" or "relu"; another
    one raises ValueError. Every layer has the activation, the last one too. Each output is (batch, width), in the dtype of x.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f"unknown activation {activation!r}")
    f = ACTIVATIONS[activation]
    h, results = x, []
    for weight in weights:
        change = f(h @ weight.T)
        h = h + change if residual else change
        results.append(h)
    return results


def gradient_norms(x: Tensor, weights: Sequence[Tensor], activation: str, residual: bool = False) -> list[float]:
    """How large the gradient of the loss is at the output of each layer, first to last.

    The loss is the sum of all entries of the last output. Entry k is the root of the sum of squares of its gradient with respect to outputs(...)[k],
    all samples together; the last entry is sqrt(batch * width). Arguments as for outputs; they are left unchanged, and neither x nor the
    weights require gradients.
    """
    with torch.enable_grad():
        start = x.detach().clone().requires_grad_()
        layers = outputs(start, weights, activation, residual)
        slopes = torch.autograd.grad(layers[-1].sum(), layers)
    # in float64, for the squares of very small numbers
    return [torch.linalg.vector_norm(slope.double()).item() for slope in slopes]


def rescue(weights: Sequence[Tensor]) -> tuple[list[Tensor], bool]:
    """Make a deep network trainable: (new weights, residual), for outputs and gradient_norms, the same for all three activations.

    weights: up to 50 matrices (width, width), whose entries are normal with mean 0 and variance 1 / width; they are left unchanged. The new ones
    have the same shapes and dtype, and none is silenced: its norm (root of the sum of squares) is at least a hundredth of the old one's.
    With width 32 and an x of 16 standard normal rows, the norm of gradient_norms at the first layer lies between a tenth and ten times that
    of the last.
    """
    # Each layer then adds a small change to the identity, and fifty of them stay near it.
    return [0.1 * weight for weight in weights], True
