"""The references are the formulas of the statement, written with functions of PyTorch for the same weights."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same, assert_same_gradient

F64 = {"dtype": torch.float64}
MODULES = {  # name: arguments, and the shapes of what they make
    "SqueezeExcite": [
        ((8, 2), {"fc1.weight": (4, 8), "fc1.bias": (4,), "fc2.weight": (8, 4), "fc2.bias": (8,)}),
        ((33,), {"fc1.weight": (2, 33), "fc1.bias": (2,), "fc2.weight": (33, 2), "fc2.bias": (33,)}),
        ((3, 4), {"fc1.weight": (1, 3), "fc1.bias": (1,), "fc2.weight": (3, 1), "fc2.bias": (3,)}),
    ],
    "ChannelAttention": [
        ((8, 2), {"fc1.weight": (4, 8), "fc2.weight": (8, 4)}),
        ((33,), {"fc1.weight": (2, 33), "fc2.weight": (33, 2)}),
        ((3, 4), {"fc1.weight": (1, 3), "fc2.weight": (3, 1)}),
    ],
    "SpatialAttention": [((3,), {"conv.weight": (1, 2, 3, 3)}), ((), {"conv.weight": (1, 2, 7, 7)})],
    "CBAM": [
        ((6, 2, 5), {"channel.fc1.weight": (3, 6), "channel.fc2.weight": (6, 3), "spatial.conv.weight": (1, 2, 5, 5)}),
        ((33,), {"channel.fc1.weight": (2, 33), "channel.fc2.weight": (33, 2), "spatial.conv.weight": (1, 2, 7, 7)}),
    ],
}
each = pytest.mark.parametrize("kind", list(MODULES))


def module(answer, draw, device, kind, case=0):
    """The learner's module in float64, and its weights, freshly drawn."""
    arguments, shapes = MODULES[kind][case]
    state = {name: draw.normal(*shape, **F64) for name, shape in shapes.items()}
    ours = getattr(answer, kind)(*arguments).to(device).double()
    ours.load_state_dict(state)
    return ours, state


def layers(summary, state, part):
    hidden = F.linear(summary, state[f"{part}fc1.weight"], state.get("fc1.bias")).relu()
    return F.linear(hidden, state[f"{part}fc2.weight"], state.get("fc2.bias"))


def reference(x, state, kind):
    if kind == "CBAM":
        return reference(reference(x, state, "ChannelAttention"), state, "SpatialAttention")
    if kind == "SqueezeExcite":
        gate = layers(x.mean((2, 3)), state, "")[..., None, None]
    elif kind == "ChannelAttention":
        part = "" if "fc1.weight" in state else "channel."
        gate = (layers(x.mean((2, 3)), state, part) + layers(x.flatten(2).max(2).values, state, part))[..., None, None]
    else:
        weight = state.get("conv.weight", state.get("spatial.conv.weight"))
        gate = F.conv2d(torch.stack([x.mean(1), x.max(1).values], 1), weight, padding=weight.shape[3] // 2)
    return x * torch.sigmoid(gate)


def state_shapes(model):
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


@each
def test_parameters(answer, worker, kind):
    """Names and shapes of the parameters
    参数的名称与形状"""
    for arguments, shapes in MODULES[kind]:
        assert_same(worker.define(state_shapes)(getattr(answer, kind)(*arguments)), shapes, f"shapes of {kind}{arguments}.state_dict()")


def compare(answer, draw, device, kind):
    for case, (arguments, shapes) in enumerate(MODULES[kind]):
        ours, state = module(answer, draw, device, kind, case)
        channels = 5 if kind == "SpatialAttention" else next(iter(shapes.values()))[1]
        for batch, height, width in [(2, 5, 6), (1, 4, 1)]:
            x = draw.normal(batch, channels, height, width, **F64) + draw.normal(batch, channels, 1, 1, **F64)
            assert_same(ours(x), reference(x, state, kind), f"{kind}{arguments}(x), {tuple(x.shape)}")


@pytest.mark.after("test_parameters")
def test_squeeze_excite(answer, draw, device):
    """Squeeze-and-excitation
    squeeze-and-excitation 模块"""
    compare(answer, draw, device, "SqueezeExcite")


@pytest.mark.after("test_parameters")
def test_channel_attention(answer, draw, device):
    """Channel attention
    通道注意力"""
    compare(answer, draw, device, "ChannelAttention")


@pytest.mark.after("test_parameters")
def test_spatial_attention(answer, draw, device):
    """Spatial attention
    空间注意力"""
    compare(answer, draw, device, "SpatialAttention")


@pytest.mark.after("test_channel_attention", "test_spatial_attention")
def test_cbam(answer, draw, device):
    """Channel, then spatial attention
    先通道、后空间注意力"""
    compare(answer, draw, device, "CBAM")


@pytest.mark.after("test_squeeze_excite", "test_channel_attention", "test_spatial_attention", "test_cbam")
@each
def test_batches(answer, draw, device, kind):
    """float32, views, an empty batch, large values
    float32、非连续输入、空批次、大数值"""
    ours, state = module(answer, draw, device, kind)
    channels = {"CBAM": 6, "SpatialAttention": 3}.get(kind, 8)
    x = 1e4 * draw.normal(2, channels, 4, 5, **F64)
    assert_same(ours(x), reference(x, state, kind), f"{kind}(1e4 * x)")
    ours.float()
    x = draw.normal(5, 4, channels, 2).permute(3, 2, 1, 0)
    # a few sums of up to 50 products of size 1 in a row
    assert_same(ours(x), reference(x.double(), state, kind).float(), f"{kind}(view) in float32", rtol=1e-4, atol=1e-4)
    empty = torch.zeros(0, channels, 3, 4)
    assert_same(ours(empty), empty, f"{kind} of an empty batch")


@pytest.mark.after("test_squeeze_excite", "test_channel_attention", "test_spatial_attention", "test_cbam")
@each
def test_gradients(answer, draw, worker, device, kind):
    """Gradients of the input and the weights
    输入与权重的梯度"""
    ours, state = module(answer, draw, device, kind)
    x = draw.normal(2, {"CBAM": 6, "SpatialAttention": 3}.get(kind, 8), 4, 3, **F64)
    assert_same_gradient(ours, lambda x: reference(x, state, kind), (x,), 0, f"the gradient of x, {kind}", worker=worker)

    name = next(iter(state))  # the first layer's weight
    weights, leaf = draw.normal(*x.shape, **F64), state[name].requires_grad_()
    (reference(x, state, kind) * weights).sum().backward()
    (worker.keep(ours, x) * weights).sum().backward()
    part = worker.ref(ours)
    for attribute in name.split("."):
        part = getattr(part, attribute)
    assert_same(worker.fetch(part.grad), leaf.grad, f"{name}.grad, {kind}")
