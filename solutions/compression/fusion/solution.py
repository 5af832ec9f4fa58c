"""What is linear at inference can be multiplied out beforehand: affine after linear, a sum of convolutions, a product of thin matrices."""

import copy
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def fold_batch_norm(layer: nn.Module, norm: nn.Module) -> nn.Module:
    """One layer that does what layer and then norm do in eval mode.

    layer: nn.Linear or nn.Conv2d, with or without a bias; norm: nn.BatchNorm1d or nn.BatchNorm2d over its outputs, in either mode, with running
    statistics, with or without gain and bias (affine). Returns a new layer of layer's type, dtype and settings (stride, padding, groups,
    ...), always with a bias, whose parameters can be trained further. layer and norm stay as they are.
    """
    scale = (norm.running_var + norm.eps).rsqrt()
    if norm.affine:
        scale = scale * norm.weight
    bias = -norm.running_mean if layer.bias is None else layer.bias - norm.running_mean
    bias = bias * scale
    if norm.affine:
        bias = bias + norm.bias
    folded = copy.deepcopy(layer)
    folded.weight = nn.Parameter(layer.weight * scale.reshape(-1, *[1] * (layer.weight.dim() - 1)))
    folded.bias = nn.Parameter(bias)
    return folded


def merge_branches(branches: Sequence[tuple[Tensor, Tensor | None]], *, identity: bool = False) -> tuple[Tensor, Tensor]:
    """One convolution (kernel, bias) that does what several parallel ones do together: their outputs are added.

    branches: at least one pair (kernel, bias): kernel (out, in, height, width) with odd height and width, bias (out,) or None; all with the same
    out, in and dtype, stride 1 and zero padding of half the kernel (height // 2, width // 2), so that outputs have the input's size.
    identity: the input itself is added too; then out equals in. Returns a kernel (out, in, H, W), H and W being the largest height and the
    largest width, to be padded by (H // 2, W // 2), and a bias (out,), zeros when no branch has one.
    """
    height, width = (max(kernel.shape[axis] for kernel, _ in branches) for axis in (2, 3))
    first, total = branches[0][0], 0
    bias = first.new_zeros(len(first))
    for kernel, shift in branches:
        rows, columns = (height - kernel.shape[2]) // 2, (width - kernel.shape[3]) // 2
        total = total + F.pad(kernel, (columns, columns, rows, rows))
        bias = bias if shift is None else bias + shift
    if identity:
        total[:, :, height // 2, width // 2].diagonal().add_(1)
    return total, bias


def factorise(layer: nn.Linear, error: float) -> nn.Sequential:
    """Two thin linear layers in place of a wide one, of the smallest rank r whose relative error is at most `error`.

    The relative error is |W - BA| / |W| in the Frobenius norm; 0 < error < 1, and W is not zero. Returns
    nn.Sequential(nn.Linear(in, r, bias=False), nn.Linear(r, out)) with weights A (r, in) and B (out, r), in layer's dtype: BA is the matrix of
    rank r nearest to W. The second layer has layer's bias, or none if layer has none. layer stays as it is.
    """
    U, S, Vh = torch.linalg.svd(layer.weight, full_matrices=False)
    left_out = S.square().flip(0).cumsum(0).flip(0)  # squared error of rank 0, 1, ...
    r = int((left_out > error**2 * left_out[0]).sum())
    narrow, wide = nn.Linear(layer.in_features, r, bias=False), nn.Linear(r, layer.out_features, bias=layer.bias is not None)
    narrow.weight = nn.Parameter(Vh[:r])
    wide.weight = nn.Parameter(U[:, :r] * S[:r])
    if layer.bias is not None:
        wide.bias = nn.Parameter(layer.bias.clone())
    return nn.Sequential(narrow, wide)
