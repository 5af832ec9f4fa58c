# blind: passed at try 1
import torch
import torch.nn.functional as F
from torch import Tensor, nn


def class_logits(model: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    return model(x).gather(1, classes[:, None])[:, 0]


@torch.enable_grad()
def input_gradient(model: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    """Gradient of each sample's logit of its class, in the input."""
    leaf = x.detach().clone().requires_grad_()
    # clone again: a first layer that works in place may not touch a leaf
    (gradient,) = torch.autograd.grad(class_logits(model, leaf.clone(), classes).sum(), leaf)
    return gradient


def integrated_gradients(model: nn.Module, x: Tensor, classes: Tensor, baseline: Tensor, steps: int = 50) -> Tensor:
    """(x - baseline) times the mean input gradient on the straight way from baseline to x."""
    start = baseline.detach()
    way = x.detach() - start
    total = torch.zeros_like(way)
    for k in range(steps):
        total += input_gradient(model, start + (k + 0.5) / steps * way, classes)
    return way * total / steps


def grad_cam(model: nn.Module, layer: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    """Grad-CAM: relu(sum over channels of weight * activation)."""
    seen = []

    def cut(module: nn.Module, args: tuple, output: Tensor) -> Tensor:
        """The rest of the model starts from a leaf of its own."""
        seen.append(output.detach().clone().requires_grad_())
        return seen[-1].clone()

    hook = layer.register_forward_hook(cut)
    try:
        with torch.enable_grad():
            score = class_logits(model, x.detach().clone(), classes).sum()
    finally:
        hook.remove()
    (activation,) = seen
    (slope,) = torch.autograd.grad(score, activation)
    return torch.einsum("bc,bchw->bhw", slope.mean(dim=(2, 3)), activation.detach()).relu()


@torch.no_grad()
def occlusion(model: nn.Module, x: Tensor, classes: Tensor, size: int, value: float = 0.0) -> Tensor:
    """How much the logit falls when a square is covered: one number for each position of the square."""
    height, width = x.shape[2] - size + 1, x.shape[3] - size + 1
    whole = class_logits(model, x.clone(), classes)
    falls = whole.new_empty(len(x), height, width)
    for i in range(height):
        for j in range(width):
            covered = x.clone()
            covered[..., i : i + size, j : j + size] = value
            falls[:, i, j] = whole - class_logits(model, covered, classes)
    return falls
