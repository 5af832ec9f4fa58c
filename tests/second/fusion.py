"""Another right answer: biases found by probing with zero, kernels placed by slices, ranks tried one by one."""

import torch
from torch import nn


def fold_batch_norm(layer, norm):
    gain = norm.weight.detach() if norm.affine else torch.ones_like(norm.running_var)
    shift = norm.bias.detach() if norm.affine else torch.zeros_like(norm.running_mean)
    factor = gain / torch.sqrt(norm.running_var + norm.eps)
    if isinstance(layer, nn.Linear):
        folded = nn.Linear(layer.in_features, layer.out_features)
    else:
        settings = {name: getattr(layer, name) for name in ("stride", "padding", "dilation", "groups", "padding_mode")}
        folded = nn.Conv2d(layer.in_channels, layer.out_channels, layer.kernel_size, **settings)
    folded = folded.to(layer.weight)
    start = 0 if layer.bias is None else layer.bias.detach()
    with torch.no_grad():
        folded.weight.copy_((torch.diag(factor) @ layer.weight.flatten(1)).reshape(layer.weight.shape))
        folded.bias.copy_(factor * start - factor * norm.running_mean + shift)
    return folded


def merge_branches(branches, *, identity=False):
    branches = [(kernel, bias) for kernel, bias in branches]
    kernel = branches[0][0]
    if identity:
        unit = torch.zeros_like(kernel[:, :, :1, :1])
        for channel in range(len(kernel)):
            unit[channel, channel] = 1
        branches.append((unit, None))
    height, width = max(k.shape[2] for k, _ in branches), max(k.shape[3] for k, _ in branches)
    total = torch.zeros(*kernel.shape[:2], height, width, dtype=kernel.dtype, device=kernel.device)
    bias = torch.zeros(len(kernel), dtype=kernel.dtype, device=kernel.device)
    for k, b in branches:
        top, left = height // 2 - k.shape[2] // 2, width // 2 - k.shape[3] // 2
        total[:, :, top : top + k.shape[2], left : left + k.shape[3]] += k
        if b is not None:
            bias += b
    return total, bias


def factorise(layer, error):
    W = layer.weight.detach()
    U, S, Vh = torch.linalg.svd(W)
    for r in range(1, len(S) + 1):
        B, A = U[:, :r] @ torch.diag(S[:r].sqrt()), torch.diag(S[:r].sqrt()) @ Vh[:r]
        if (W - B @ A).norm() <= error * W.norm():
            break
    first, second = nn.Linear(W.shape[1], r, bias=False).to(W), nn.Linear(r, W.shape[0], bias=layer.bias is not None).to(W)
    with torch.no_grad():
        first.weight.copy_(A)
        second.weight.copy_(B)
        if layer.bias is not None:
            second.bias.copy_(layer.bias)
    return nn.Sequential(first, second)
