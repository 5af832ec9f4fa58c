"""The references are the layers themselves in eval mode, one after the other or side by side, and the truncated SVD (Eckart and Young)."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from grader.compare import assert_between, assert_same, assert_true

F64 = torch.float64
CONVOLUTIONS = [
    {"in_channels": 3, "out_channels": 4, "kernel_size": 3, "bias": False},
    {"in_channels": 4, "out_channels": 6, "kernel_size": (3, 2), "stride": 2, "padding": 1, "groups": 2, "dilation": (1, 2)},
]


def names(layer):
    return sorted(layer.state_dict()), [parameter.requires_grad and parameter.is_leaf for parameter in layer.parameters()]


def twins(worker, draw, device, kind, settings, dtype=F64):
    """The same module there and here, with fresh parameters, and fresh positive variances where it has them."""
    here, there = getattr(nn, kind)(**settings, dtype=dtype), getattr(worker.torch.nn, kind)(**settings, dtype=dtype, device=device)
    state = {name: draw.normal(*value.shape, dtype=dtype) if value.is_floating_point() else value for name, value in here.state_dict().items()}
    if "running_var" in state:
        state["running_var"] = state["running_var"].square() + 0.1
    for module in (here, there):
        module.load_state_dict(state)
    return there, here.eval()


def compare_folding(answer, worker, draw, device, layers, shape, dtype=F64, **tolerance):
    """Fold two layers and compare with both in eval mode; neither may change."""
    (layer, layer_here), (norm, norm_here) = (twins(worker, draw, device, kind, settings, dtype) for kind, settings in layers)
    norm.train()
    folded = answer.fold_batch_norm(layer, norm)
    x = draw.normal(*shape, dtype=dtype)
    assert_same(folded(x), norm_here(layer_here(x)), "fold_batch_norm(layer, norm)(x)", **tolerance)
    assert_same(worker.define(names)(folded), (["bias", "weight"], [True, True]), "names in the state_dict, and which parameters can be trained")
    assert_same(dict(layer.state_dict()), dict(layer_here.state_dict()), "layer.state_dict() after fold_batch_norm")
    assert_same(dict(norm.state_dict()), dict(norm_here.state_dict()), "norm.state_dict() after fold_batch_norm")
    assert_same(norm.training, True, "norm.training after fold_batch_norm")


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
def test_fold_linear(answer, worker, draw, device, bias):
    """fold_batch_norm: a linear layer
    fold_batch_norm：线性层"""
    layers = [("Linear", {"in_features": 5, "out_features": 4, "bias": bias}), ("BatchNorm1d", {"num_features": 4, "eps": 0.3})]
    compare_folding(answer, worker, draw, device, layers, (6, 5))


@pytest.mark.parametrize("settings", CONVOLUTIONS, ids=["no bias", "groups, stride, dilation"])
def test_fold_convolution(answer, worker, draw, device, settings):
    """fold_batch_norm: convolutions of all kinds
    fold_batch_norm：各种卷积"""
    layers = [("Conv2d", settings), ("BatchNorm2d", {"num_features": settings["out_channels"]})]
    compare_folding(answer, worker, draw, device, layers, (2, settings["in_channels"], 6, 7))


@pytest.mark.after("test_fold_linear")
def test_fold_without_gain(answer, worker, draw, device):
    """fold_batch_norm: a norm without gain, and float32
    fold_batch_norm：没有增益的归一化，以及 float32"""
    layers = [("Linear", {"in_features": 5, "out_features": 4}), ("BatchNorm1d", {"num_features": 4, "affine": False})]
    compare_folding(answer, worker, draw, device, layers, (6, 5))
    layers[1][1]["affine"] = True
    compare_folding(answer, worker, draw, device, layers, (6, 5), torch.float32, rtol=1e-4, atol=1e-4)  # divided by a deviation of 0.3 or more


def side_by_side(x, branches, identity):
    total = x if identity else 0
    for kernel, bias in branches:
        total = total + F.conv2d(x, kernel, bias, padding=(kernel.shape[2] // 2, kernel.shape[3] // 2))
    return total


def compare_merging(answer, draw, sizes, *, channels=(4, 3), biases=True, identity=False, dtype=F64):
    branches = [(draw.normal(*channels, *size, dtype=dtype), draw.normal(channels[0], dtype=dtype) if biases else None) for size in sizes]
    settings = {"identity": True} if identity else {}
    kernel, bias = answer.merge_branches(branches, **settings)
    height, width = (max(size[axis] for size in sizes) for axis in (0, 1))
    assert_same(list(kernel.shape), [*channels, height, width], "kernel.shape")
    assert_same(bias.shape, torch.Size([channels[0]]), "bias.shape")
    x = draw.normal(2, channels[1], 6, 7, dtype=dtype)
    merged = F.conv2d(x, kernel, bias, padding=(height // 2, width // 2))
    assert_same(merged, side_by_side(x, branches, identity), f"the merged convolution, kernels {sizes}, identity={identity}")


@pytest.mark.parametrize("sizes", [[(3, 3)], [(3, 3), (3, 3)], [(1, 1), (3, 3)], [(3, 3), (5, 5), (1, 1)], [(1, 3), (5, 1)]], ids=str)
def test_merge_branches(answer, draw, sizes):
    """merge_branches: kernels of all sizes
    merge_branches：各种大小的卷积核"""
    compare_merging(answer, draw, sizes)


@pytest.mark.after("test_merge_branches")
@pytest.mark.parametrize("sizes", [[(3, 3), (1, 1)], [(1, 1)], [(5, 3), (1, 1)], [(3, 5)]], ids=str)
def test_merge_with_identity(answer, draw, sizes):
    """merge_branches: with the input itself
    merge_branches：加上输入本身"""
    compare_merging(answer, draw, sizes, channels=(3, 3), identity=True)


@pytest.mark.after("test_merge_branches")
def test_merge_without_biases(answer, draw):
    """merge_branches: some biases or none
    merge_branches：部分或全部没有偏置"""
    compare_merging(answer, draw, [(3, 3), (1, 1)], biases=False)
    kernels, bias = draw.normal(2, 4, 3, 1, 1, dtype=F64), draw.normal(4, dtype=F64)
    for branches in ([(kernels[0], None), (kernels[1], bias)], [(kernels[0], bias), (kernels[1], None)]):
        assert_same(answer.merge_branches(branches), (kernels[0] + kernels[1], bias), "merge_branches, one branch without a bias")


def parts(model):
    return [
        [type(layer).__name__, layer.in_features, layer.out_features, list(layer.weight.shape), layer.bias is not None, layer.weight.requires_grad]
        for layer in model
    ]


def erase(model):
    for parameter in model.parameters():
        parameter.data.zero_()


@pytest.mark.parametrize(("out", "features", "bias"), [(6, 5, True), (4, 7, False)], ids=str)
def test_factorise(answer, worker, draw, device, out, features, bias):
    """factorise: the smallest rank, the nearest matrix
    factorise：最小的秩，最近的矩阵"""
    there, here = twins(worker, draw, device, "Linear", {"in_features": features, "out_features": out, "bias": bias})
    left, _ = torch.linalg.qr(draw.normal(out, out, dtype=F64))
    right, _ = torch.linalg.qr(draw.normal(features, features, dtype=F64))
    values = torch.tensor([8.0, 4.0, 2.0, 1.0], dtype=F64)
    weight = left[:, :4] * values @ right[:4]
    state = dict(here.state_dict()) | {"weight": weight}
    for layer in (there, here):
        layer.load_state_dict(state)
    x = draw.normal(3, features, dtype=F64)
    for r in (1, 2, 3):
        exact = math.sqrt(float(values[r:].square().sum() / values.square().sum()))  # of the best matrix of rank r
        before = math.sqrt(float(values[r - 1 :].square().sum() / values.square().sum()))
        for error in (1.001 * exact, min(0.999 * before, 0.999)):
            model = answer.factorise(there, error)
            shapes = [["Linear", features, r, [r, features], False, True], ["Linear", r, out, [out, r], bias, True]]
            what = f"the two layers of factorise(layer, {error:.3f}): type, in_features, out_features, weight.shape, bias, trainable"
            assert_same(worker.define(parts)(model), shapes, what)
            nearest = left[:, :r] * values[:r] @ right[:r]
            expected = F.linear(x, nearest, state.get("bias"))
            assert_same(model(x), expected, f"factorise(layer, {error:.3f})(x)", rtol=1e-7, atol=1e-7)  # vectors of an SVD are less exact than sums
    worker.define(erase)(model)
    assert_same(dict(there.state_dict()), state, "layer.state_dict() after factorise, and after a change of the new layers")


@pytest.mark.after("test_factorise")
def test_factorise_float32(answer, worker, draw, device):
    """factorise: in float32, within the error asked for
    factorise：float32，误差在要求之内"""
    there, here = twins(worker, draw, device, "Linear", {"in_features": 6, "out_features": 6, "bias": False}, torch.float32)
    model = answer.factorise(there, 0.4)
    x = torch.eye(6)
    product = model(x)
    assert_true(product.dtype == torch.float32, "factorise(layer, 0.4)(x).dtype", "it is not float32", "不是 float32")
    error = ((product - here(x)).norm() / here(x).norm()).item()
    assert_between(error, 0.0, 0.4001, "relative error of factorise(layer, 0.4)")
