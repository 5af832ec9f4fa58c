"""The references are nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm and nn.RMSNorm with the same state."""

import pytest
import torch
from torch import nn

from grader.compare import assert_raises, assert_same, assert_same_gradient

DEFAULTS = {"BatchNorm2d": {"eps": 1e-5, "momentum": 0.1}, "LayerNorm": {"eps": 1e-5}, "GroupNorm": {"eps": 1e-5}, "RMSNorm": {"eps": 1e-6}}
DOUBLE = torch.float64


def pair(answer, draw, device, name, *args, dtype=DOUBLE, **settings):
    """The learner's layer and PyTorch's, with the same fresh state; eps and momentum are PyTorch's own unless given."""
    theirs = getattr(nn, name)(*args, **{**DEFAULTS[name], **settings}, dtype=dtype)
    state = {key: draw.uniform(*value.shape, low=0.5, high=2.0, dtype=dtype) for key, value in theirs.state_dict().items()}
    if "num_batches_tracked" in state:
        state["num_batches_tracked"] = draw.integers(3, 90)
    theirs.load_state_dict(state)
    ours = getattr(answer, name)(*args, **settings).to(device)
    if dtype == DOUBLE:
        ours.double()
    ours.load_state_dict(state)
    return ours, theirs


def state(module):
    return {name: value.detach() for name, value in module.state_dict().items()}


def trainable(module):
    return sorted(name for name, _ in module.named_parameters())


def graphs(module):
    return sorted(name for name, buffer in module.named_buffers() if buffer.requires_grad)


def skewed(draw, *shape, dtype=DOUBLE):
    """Numbers with a different mean and spread at every place, so that pooling the wrong ones shows."""
    return draw.normal(*shape, dtype=dtype) * draw.uniform(*shape, low=0.3, high=3.0, dtype=dtype) + 2 * draw.normal(*shape, dtype=dtype) + 1


@pytest.mark.parametrize(
    ("name", "args"),
    [("BatchNorm2d", (3,)), ("LayerNorm", (5,)), ("LayerNorm", ((2, 3),)), ("GroupNorm", (2, 6)), ("RMSNorm", (4,)), ("RMSNorm", ((3, 2),))],
)
def test_state(answer, worker, name, args):
    """Names, shapes and initial values of the state
    状态的名称、形状与初始值"""
    ours, theirs = getattr(answer, name)(*args), getattr(nn, name)(*args)
    call = f"{name}({', '.join(map(str, args))})"
    assert_same(worker.define(state)(ours), state(theirs), f"{call}.state_dict()")
    assert_same(worker.define(trainable)(ours), trainable(theirs), f"names of {call}.named_parameters()")


@pytest.mark.after("test_state")
@pytest.mark.parametrize(("size", "shape"), [(5, (4, 5)), (3, (2, 4, 3)), ((4, 3), (2, 5, 4, 3)), ((3, 4), (3, 4))])
def test_layer_norm(answer, draw, device, size, shape):
    """LayerNorm: over the last dimensions
    LayerNorm：沿最后几维"""
    ours, theirs = pair(answer, draw, device, "LayerNorm", size)
    for scale in (1.0, 1e-2):
        x = scale * skewed(draw, *shape)
        assert_same(ours(x), theirs(x), f"LayerNorm({size})(x)")
    ours, theirs = pair(answer, draw, device, "LayerNorm", size, eps=0.5)
    assert_same(ours(x), theirs(x), f"LayerNorm({size}, eps=0.5)(x)")


@pytest.mark.after("test_state")
@pytest.mark.parametrize(("size", "shape"), [(5, (4, 5)), ((4, 3), (2, 5, 4, 3))])
def test_rms_norm(answer, draw, device, size, shape):
    """RMSNorm: no mean is subtracted
    RMSNorm：不减均值"""
    ours, theirs = pair(answer, draw, device, "RMSNorm", size)
    for scale in (1.0, 1e-3):
        x = scale * skewed(draw, *shape)
        assert_same(ours(x), theirs(x), f"RMSNorm({size})(x)")
    ours, theirs = pair(answer, draw, device, "RMSNorm", size, eps=0.5)
    assert_same(ours(x), theirs(x), f"RMSNorm({size}, eps=0.5)(x)")


@pytest.mark.after("test_state")
@pytest.mark.parametrize(("groups", "shape"), [(2, (3, 6, 4, 5)), (3, (2, 6, 7)), (1, (3, 4, 2, 2)), (4, (2, 4, 3, 2)), (2, (3, 6))])
def test_group_norm(answer, draw, device, groups, shape):
    """GroupNorm: neighbouring channels together
    GroupNorm：相邻通道为一组"""
    ours, theirs = pair(answer, draw, device, "GroupNorm", groups, shape[1])
    for scale in (1.0, 1e-2):
        x = scale * skewed(draw, *shape)
        assert_same(ours(x), theirs(x), f"GroupNorm({groups}, {shape[1]})(x), x {shape}")
    ours, theirs = pair(answer, draw, device, "GroupNorm", groups, shape[1], eps=0.5)
    assert_same(ours(x), theirs(x), f"GroupNorm({groups}, {shape[1]}, eps=0.5)(x)")


@pytest.mark.after("test_state")
def test_batch_norm_evaluation(answer, draw, device, worker):
    """BatchNorm2d: evaluation uses what is remembered
    BatchNorm2d：评估时使用记下的统计量"""
    for settings in ({}, {"eps": 0.5, "momentum": 0.3}):
        ours, theirs = pair(answer, draw, device, "BatchNorm2d", 3, **settings)
        ours.eval(), theirs.eval()
        for shape in ((4, 3, 2, 5), (1, 3, 1, 1)):
            x = skewed(draw, *shape)
            assert_same(ours(x), theirs(x), f"BatchNorm2d(3).eval()(x), x {shape}")
        assert_same(worker.define(state)(ours), state(theirs), "state_dict() after calls in evaluation mode")


@pytest.mark.after("test_batch_norm_evaluation")
@pytest.mark.parametrize("shape", [(4, 3, 2, 5), (2, 6, 1, 1), (1, 2, 3, 3)])
def test_batch_norm_training(answer, draw, device, shape):
    """BatchNorm2d: training uses the batch
    BatchNorm2d：训练时使用当前批次"""
    for settings in ({}, {"eps": 0.5}):
        ours, theirs = pair(answer, draw, device, "BatchNorm2d", shape[1], **settings)
        for scale in (1.0, 1e-2):
            x = scale * skewed(draw, *shape)
            assert_same(ours(x), theirs(x), f"BatchNorm2d({shape[1]})(x), x {shape}")


@pytest.mark.after("test_batch_norm_training")
@pytest.mark.parametrize("settings", [{}, {"momentum": 0.7}], ids=str)
def test_running_statistics(answer, draw, device, worker, settings):
    """BatchNorm2d: running statistics
    BatchNorm2d：滑动统计量"""
    ours, theirs = pair(answer, draw, device, "BatchNorm2d", 3, **settings)
    for call in range(1, 4):
        x = skewed(draw, 2, 3, 1, 2)
        ours(worker.hold(x, requires_grad=True)), theirs(x)
        found, expected = worker.define(state)(ours), state(theirs)
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            assert_same(found[name], expected[name], f"{name} after {call} calls in training mode")
    hanging = worker.define(graphs)(ours)
    assert_same(hanging, [], "names of the buffers that have a gradient")


@pytest.mark.after("test_layer_norm", "test_group_norm", "test_rms_norm", "test_batch_norm_training")
def test_float32(answer, draw, device):
    """float32, and values around 10,000
    float32，以及 10,000 附近的数值"""
    for name, args in (("BatchNorm2d", (4,)), ("LayerNorm", (6,)), ("GroupNorm", (2, 4)), ("RMSNorm", (6,))):
        ours, theirs = pair(answer, draw, device, name, *args, dtype=torch.float32)
        x = draw.normal(5, 4, 3, 6)
        assert_same(ours(x), theirs(x), f"{name} of float32", rtol=1e-5, atol=1e-5)  # 90 terms of size 1 in each sum
        far = x + 1e4
        # a mean of 10,000 is rounded by 0.001 at most, which shifts all results by that much; variance as E[x^2] - E[x]^2 is off by several
        assert_same(ours(far), theirs.double()(far.double()).float(), f"{name} of values around 10,000", rtol=1e-2, atol=1e-2)


@pytest.mark.after("test_float32")
@pytest.mark.parametrize(
    ("name", "args"), [("BatchNorm2d", (4,)), ("LayerNorm", (6,)), ("LayerNorm", ((3, 6),)), ("GroupNorm", (2, 4)), ("RMSNorm", (6,))]
)
def test_gradients(answer, draw, device, worker, name, args):
    """Gradients of x, weight and bias
    x、weight 与 bias 的梯度"""
    ours, theirs = pair(answer, draw, device, name, *args)
    x, weights = skewed(draw, 2, 4, 3, 6), draw.normal(2, 4, 3, 6, dtype=DOUBLE)
    assert_same_gradient(ours, theirs, (x,), 0, f"gradient of x through {name}", worker=worker)
    (theirs(x) * weights).sum().backward()
    worker.define(backward)(ours, x, weights)
    found = worker.define(parameter_gradients)(ours)
    for key, parameter in theirs.named_parameters():
        assert_same(found[key], parameter.grad, f"gradient of {name}.{key}")
    if name == "BatchNorm2d":
        ours.eval(), theirs.eval()
        assert_same_gradient(ours, theirs, (x,), 0, "gradient of x through BatchNorm2d in evaluation mode", worker=worker)


def backward(layer, x, weights):
    layer.zero_grad()
    (layer(x) * weights).sum().backward()


def parameter_gradients(layer):
    return {name: parameter.grad for name, parameter in layer.named_parameters()}


def test_refusals(answer, draw, device):
    """One value a channel; groups that do not fit
    每通道只有一个值；分组不能整除"""
    assert_raises(ValueError, answer.BatchNorm2d(3).to(device), draw.normal(1, 3, 1, 1))
    for groups, channels in ((4, 6), (3, 4), (5, 4)):
        assert_raises(ValueError, answer.GroupNorm, groups, channels)
