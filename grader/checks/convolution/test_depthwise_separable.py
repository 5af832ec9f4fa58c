"""The references are F.conv2d with groups, a loop over the channels, and the block written with functions of PyTorch."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same, assert_same_gradient

F64 = {"dtype": torch.float64}
SIZES = [(3, 5, 2, 1), (4, 4, 3, 1), (4, 4, 2, 2), (2, 3, 1, 3)]  # in_channels, out_channels, expansion, stride


def each_channel(x, weight, stride=1, padding=0):
    """Channel after channel, filter after filter."""
    channels, multiplier = weight.shape[:2]
    maps = [F.conv2d(x[:, [c]], weight[c, j][None, None], None, stride, padding) for c in range(channels) for j in range(multiplier)]
    return torch.cat(maps, dim=1)


def separable(x, depthwise, pointwise, bias=None, stride=1, padding=0):
    hidden = each_channel(x, depthwise, stride, padding)
    result = torch.einsum("oc,nchw->nohw", pointwise, hidden)
    return result if bias is None else result + bias[:, None, None]


def expected_shapes(in_channels, out_channels, expansion, _stride):
    hidden = expansion * in_channels
    squeezed = max(1, hidden // 4)
    shapes = {"expand.weight": (hidden, in_channels, 1, 1), "depthwise.weight": (hidden, 1, 3, 3), "project.weight": (out_channels, hidden, 1, 1)}
    shapes |= {"squeeze.weight": (squeezed, hidden), "squeeze.bias": (squeezed,), "excite.weight": (hidden, squeezed), "excite.bias": (hidden,)}
    for name, channels in (("bn1", hidden), ("bn2", hidden), ("bn3", out_channels)):
        shapes |= {f"{name}.{kind}": (channels,) for kind in ("weight", "bias", "running_mean", "running_var")}
        shapes[f"{name}.num_batches_tracked"] = ()
    return shapes


def block(answer, draw, device, sizes):
    """The learner's block in evaluation mode, and its state: values such that relu6 cuts off at both ends."""
    state = {}
    for name, shape in expected_shapes(*sizes).items():
        value = draw.normal(*shape, **F64)
        if name.endswith("running_var"):
            value = 0.2 + value.abs()
        elif name in {"bn1.bias", "bn2.bias"}:
            value = 2 + 3 * value
        state[name] = torch.tensor(0) if name.endswith("tracked") else value
    ours = answer.InvertedResidual(*(sizes[:3] if sizes[3] == 1 else sizes)).to(device).double()  # the stride is 1 by default
    ours.load_state_dict(state)
    return ours.eval(), state


def reference(x, state, sizes, training=False):
    in_channels, out_channels, expansion, stride = sizes

    def norm(y, name):
        mean, var = state[f"{name}.running_mean"], state[f"{name}.running_var"]
        return F.batch_norm(y, mean, var, state[f"{name}.weight"], state[f"{name}.bias"], training, 0.1, 1e-5)

    h = norm(F.conv2d(x, state["expand.weight"]), "bn1").clamp(0, 6)
    h = norm(F.conv2d(h, state["depthwise.weight"], None, stride, 1, 1, expansion * in_channels), "bn2").clamp(0, 6)
    gate = F.linear(h.mean((2, 3)), state["squeeze.weight"], state["squeeze.bias"]).relu()
    gate = torch.sigmoid(F.linear(gate, state["excite.weight"], state["excite.bias"]))
    out = norm(F.conv2d(h * gate[..., None, None], state["project.weight"]), "bn3")
    return out + x if stride == 1 and in_channels == out_channels else out


def state_shapes(model):
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


@pytest.mark.parametrize(("channels", "multiplier", "kernel"), [(3, 1, (3, 3)), (4, 1, (2, 5))])
def test_depthwise(answer, draw, channels, multiplier, kernel):
    """One filter for each channel
    每个通道一个滤波器"""
    x, weight = draw.normal(2, channels, 6, 7, **F64), draw.normal(channels, multiplier, *kernel, **F64)
    assert_same(answer.depthwise_conv(x, weight), each_channel(x, weight), "depthwise_conv(x, weight)")


@pytest.mark.after("test_depthwise")
def test_stride_and_padding(answer, draw):
    """Stride and padding
    步长与填充"""
    x, weight = draw.normal(2, 3, 7, 8, **F64), draw.normal(3, 1, 3, 2, **F64)
    for stride, padding in [(2, 0), (1, 1), (3, 2)]:
        expected = each_channel(x, weight, stride, padding)
        assert_same(answer.depthwise_conv(x, weight, stride, padding), expected, f"depthwise_conv(x, weight, {stride}, {padding})")


@pytest.mark.after("test_depthwise")
@pytest.mark.parametrize(("channels", "multiplier"), [(2, 3), (3, 2), (1, 4)])
def test_multiplier(answer, draw, channels, multiplier):
    """Several filters for each channel
    每个通道多个滤波器"""
    x, weight = draw.normal(2, channels, 5, 6, **F64), draw.normal(channels, multiplier, 3, 3, **F64)
    assert_same(answer.depthwise_conv(x, weight), each_channel(x, weight), f"depthwise_conv, {channels} channels, {multiplier} filters for each")


@pytest.mark.after("test_multiplier", "test_stride_and_padding")
def test_separable(answer, draw):
    """Depthwise, then pointwise
    先逐通道，再逐点"""
    x, depthwise = draw.normal(2, 3, 6, 7, **F64), draw.normal(3, 2, 3, 2, **F64)
    pointwise, bias = draw.normal(5, 6, **F64), draw.normal(5, **F64)
    assert_same(answer.separable_conv(x, depthwise, pointwise), separable(x, depthwise, pointwise), "separable_conv(x, depthwise, pointwise)")
    for stride, padding in [(1, 0), (2, 1), (1, 2)]:
        expected = separable(x, depthwise, pointwise, bias, stride, padding)
        actual = answer.separable_conv(x, depthwise, pointwise, bias, stride, padding)
        assert_same(actual, expected, f"separable_conv(x, depthwise, pointwise, bias, {stride}, {padding})")


@pytest.mark.after("test_separable")
def test_layout(answer, draw):
    """float32, views, an empty batch
    float32、非连续输入、空批次"""
    x, depthwise = draw.normal(7, 6, 3, 2).permute(3, 2, 1, 0), draw.normal(2, 3, 3, 3).transpose(0, 1)
    pointwise = draw.normal(6, 8)[:, ::2].T
    loose = {"rtol": 1e-5, "atol": 1e-5}  # sums of nine and of six products of size 1 to 3
    expected = separable(x.double(), depthwise.double(), pointwise.double()).float()
    assert_same(answer.separable_conv(x, depthwise, pointwise), expected, "separable_conv of views", **loose)
    assert_same(answer.separable_conv(x[:0], depthwise, pointwise), torch.zeros(0, 4, 4, 5), "separable_conv of an empty batch")


@pytest.mark.after("test_separable")
def test_gradients(answer, draw, worker):
    """Gradients of all inputs
    所有输入的梯度"""
    inputs = [draw.normal(*shape, **F64) for shape in [(2, 3, 5, 4), (3, 2, 3, 3), (4, 6), (4,)]]
    assert_same_gradient(answer.separable_conv, separable, inputs, (0, 1, 2, 3), "separable_conv", worker=worker, stride=2, padding=1)


def test_count(answer, draw):
    """Numbers of weights
    权重个数"""
    for _ in range(3):
        inputs, outputs, kernel, multiplier = (int(draw.integers(low, high)) for low, high in [(2, 500), (2, 500), (2, 8), (2, 5)])
        for m in (1, multiplier):
            depthwise, pointwise = torch.empty(inputs, m, kernel, kernel, device="meta"), torch.empty(outputs, inputs * m, device="meta")
            expected = torch.empty(outputs, inputs, kernel, kernel, device="meta").numel(), depthwise.numel() + pointwise.numel()
            counted = answer.count_weights(inputs, outputs, kernel, m) if m > 1 else answer.count_weights(inputs, outputs, kernel)
            assert_same(counted, expected, f"count_weights({inputs}, {outputs}, {kernel}, {m})")


def test_parameters(answer, worker):
    """The block's parameters
    块的参数"""
    for sizes in [*SIZES, (1, 2, 3, 1)]:
        shapes = worker.define(state_shapes)(answer.InvertedResidual(*sizes))
        assert_same(shapes, expected_shapes(*sizes), f"shapes of InvertedResidual{sizes}.state_dict()")
    shapes = worker.define(state_shapes)(answer.InvertedResidual(2, 3))
    assert_same(shapes, expected_shapes(2, 3, 4, 1), "shapes of InvertedResidual(2, 3).state_dict()")


@pytest.mark.after("test_parameters")
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_block(answer, draw, device, sizes):
    """The block's result
    块的输出"""
    ours, state = block(answer, draw, device, sizes)
    for shape in [(2, 5, 6), (3, 1, 4)]:
        x = draw.normal(shape[0], sizes[0], *shape[1:], **F64)
        assert_same(ours(x), reference(x, state, sizes), f"InvertedResidual{sizes}(x), {tuple(x.shape)}")


@pytest.mark.after("test_block")
def test_training_mode(answer, draw, device):
    """Training mode and the running statistics
    训练模式与滑动统计量"""
    ours, state = block(answer, draw, device, SIZES[1])
    ours.train()
    for _ in range(2):
        x = draw.normal(3, 4, 5, 6, **F64)
        assert_same(ours(x), reference(x, state, SIZES[1], training=True), "InvertedResidual(4, 4, 3)(x) in training mode")
    for name, value in ours.state_dict().items():
        if "running" in name:
            assert_same(value, state[name], f"{name} after two batches")


@pytest.mark.after("test_block")
def test_block_gradient(answer, draw, worker, device):
    """Gradient through the block
    穿过块的梯度"""
    for sizes in SIZES[:2]:
        ours, state = block(answer, draw, device, sizes)
        x = draw.normal(2, sizes[0], 4, 5, **F64)

        def same(x, state=state, sizes=sizes):
            return reference(x, state, sizes)

        assert_same_gradient(ours, same, (x,), 0, f"the gradient of x, InvertedResidual{sizes}", worker=worker)
