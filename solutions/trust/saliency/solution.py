"""Four ways to ask a network which part of the image its score came from: a slope, a path of slopes, a layer's slopes, and covering up."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def _scores(model: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    """The logit of its class for each sample, (batch,)."""
    return model(x).gather(1, classes[:, None])[:, 0]


def input_gradient(model: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    """Gradient of each sample's logit of its class, in the input.

    x: (batch, ...); classes: (batch,), int64. Returns a tensor like x, with signs. The model is used in the mode it is in.
    """
    x = x.detach().requires_grad_()
    return torch.autograd.grad(_scores(model, x, classes).sum(), x)[0]


def integrated_gradients(model: nn.Module, x: Tensor, classes: Tensor, baseline: Tensor, steps: int = 50) -> Tensor:
    """(x - baseline) times the mean input gradient on the straight way from baseline to x.

    baseline: a tensor like x. The mean is over the points baseline + a * (x - baseline), a = (k + 1/2) / steps for k = 0 ... steps - 1 (midpoints).
    Returns a tensor like x; its sum over a sample's entries tends to the difference of the logits at x and at baseline as steps grows.
    """
    total = torch.zeros_like(x)
    for k in range(steps):
        total = total + input_gradient(model, baseline + (k + 0.5) / steps * (x - baseline), classes)
    return (x - baseline) * total / steps


def grad_cam(model: nn.Module, layer: nn.Module, x: Tensor, classes: Tensor) -> Tensor:
    """Grad-CAM: relu(sum over channels of weight * activation), a map for each sample as large as the layer's output.

    layer: a part of the model whose output is (batch, channels, height, width), used once in a forward pass. Each channel's weight is the mean over
    height and width of the gradient of the logit in that channel. Returns (batch, height, width), without a graph. No hook stays behind, not
    even when the model raises an exception.
    """
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        kept.append(output)

    hook = layer.register_forward_hook(keep)
    try:
        score = _scores(model, x, classes).sum()
    finally:
        hook.remove()
    gradient = torch.autograd.grad(score, kept[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * kept[0].detach()).sum(dim=1))


def occlusion(model: nn.Module, x: Tensor, classes: Tensor, size: int, value: float = 0.0) -> Tensor:
    """How much the logit falls when a square is covered: one number for each position of the square.

    x: (batch, channels, height, width). For each position (i, j) of the upper left corner, stride 1, the pixels
    x[:, :, i : i + size, j : j + size] are set to value in all channels.
    Returns (batch, height - size + 1, width - size + 1): logit of x minus logit of the covered x, without a graph.
    """
    with torch.no_grad():
        whole = _scores(model, x, classes)
        drops = []
        for i in range(x.shape[2] - size + 1):
            for j in range(x.shape[3] - size + 1):
                covered = x.clone()
                covered[:, :, i : i + size, j : j + size] = value
                drops.append(whole - _scores(model, covered, classes))
    return torch.stack(drops, dim=1).reshape(len(x), -1, x.shape[3] - size + 1)
