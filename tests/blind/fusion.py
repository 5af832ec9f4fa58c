# blind: passed at try 1
import copy
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@torch.no_grad()
def fold_batch_norm(layer: nn.Module, norm: nn.Module) -> nn.Module:
    """One layer that does what layer and then norm do in eval mode."""
    scale = (norm.running_var.double() + norm.eps).rsqrt()
    if norm.affine:
        scale = scale * norm.weight
    bias = -norm.running_mean.double() if layer.bias is None else layer.bias - norm.running_mean.double()
    bias = bias * scale
    if norm.affine:
        bias = bias + norm.bias
    weight = (layer.weight.double().movedim(0, -1) * scale).movedim(-1, 0)
    folded = copy.deepcopy(layer)
    folded.weight = nn.Parameter(weight.to(layer.weight.dtype).contiguous())
    folded.bias = nn.Parameter(bias.to(layer.weight.dtype))
    return folded


def merge_branches(branches: Sequence[tuple[Tensor, Tensor | None]], *, identity: bool = False) -> tuple[Tensor, Tensor]:
    """One convolution (kernel, bias) that does what several parallel ones do together."""
    first = branches[0][0]
    height = max(kernel.shape[2] for kernel, _ in branches)
    width = max(kernel.shape[3] for kernel, _ in branches)
    merged = first.new_zeros(*first.shape[:2], height, width)
    total = first.new_zeros(len(first))
    for kernel, bias in branches:
        top, left = (height - kernel.shape[2]) // 2, (width - kernel.shape[3]) // 2
        merged = merged + F.pad(kernel, (left, left, top, top))
        if bias is not None:
            total = total + bias
    if identity:
        unit = torch.zeros_like(merged)
        unit[:, :, height // 2, width // 2] = torch.eye(len(first), dtype=first.dtype, device=first.device)
        merged = merged + unit
    return merged, total


@torch.no_grad()
def factorise(layer: nn.Linear, error: float) -> nn.Sequential:
    """Two thin linear layers in place of a wide one, of the smallest rank whose relative error is at most `error`."""
    weight = layer.weight
    U, s, Vh = torch.linalg.svd(weight.double(), full_matrices=False)
    # left_out[r]: what is missing with rank r, summed from the small end
    left_out = s.square().flip(0).cumsum(0).flip(0).sqrt()
    r = int((left_out > error * left_out[0]).sum())
    root = s[:r].sqrt()
    options = {"dtype": weight.dtype, "device": weight.device}
    inner = nn.Linear(layer.in_features, r, bias=False, **options)
    outer = nn.Linear(r, layer.out_features, bias=layer.bias is not None, **options)
    inner.weight.copy_(root[:, None] * Vh[:r])
    outer.weight.copy_(U[:, :r] * root)
    if layer.bias is not None:
        outer.bias.copy_(layer.bias)
    return nn.Sequential(inner, outer)
