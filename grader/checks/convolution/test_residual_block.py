"""The reference is the same block written with functions of PyTorch: convolutions and batch norms, one after another."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same, assert_same_gradient

BLOCKS = {
    "BasicBlock": [(1, 3, "stride"), (2, 3, 1)],  # number, kernel and stride of each convolution
    "Bottleneck": [(1, 1, 1), (2, 3, "stride"), (3, 1, 1)],
}
# in_channels, channels, stride: the shortcut is the input itself, or a projection
IDENTITY = {"BasicBlock": (4, 4, 1), "Bottleneck": (8, 2, 1)}
PROJECTIONS = {"BasicBlock": [(3, 5, 1), (4, 4, 2), (2, 3, 3)], "Bottleneck": [(3, 3, 1), (8, 2, 2), (5, 2, 3)]}
both = pytest.mark.parametrize("kind", list(BLOCKS))
each_projection = pytest.mark.parametrize(("kind", "sizes"), [(kind, sizes) for kind, cases in PROJECTIONS.items() for sizes in cases])


def norm_shapes(name, channels):
    kinds = {"weight": (channels,), "bias": (channels,), "running_mean": (channels,), "running_var": (channels,), "num_batches_tracked": ()}
    return {f"{name}.{kind}": shape for kind, shape in kinds.items()}


def expected_shapes(kind, in_channels, channels, stride):
    result, inputs = {}, in_channels
    for number, kernel, _ in BLOCKS[kind]:
        outputs = 4 * channels if number == 3 else channels
        result |= {f"conv{number}.weight": (outputs, inputs, kernel, kernel)} | norm_shapes(f"bn{number}", outputs)
        inputs = outputs
    if stride != 1 or in_channels != inputs:
        result |= {"downsample.0.weight": (inputs, in_channels, 1, 1)} | norm_shapes("downsample.1", inputs)
    return result


def random_state(draw, shapes, dtype):
    state = {}
    for name, shape in shapes.items():
        value = draw.normal(*shape, dtype=dtype)
        if name.endswith("running_var"):
            value = 0.5 + value.abs()
        state[name] = torch.tensor(0) if name.endswith("tracked") else value
    return state


def block(answer, draw, device, kind, sizes, dtype=torch.float64):
    """The learner's block in evaluation mode, and its state, freshly drawn."""
    state = random_state(draw, expected_shapes(kind, *sizes), dtype)
    ours = getattr(answer, kind)(*(sizes[:2] if sizes[2] == 1 else sizes)).to(device).to(dtype)  # the stride is 1 by default
    ours.load_state_dict(state)
    return ours.eval(), state


def reference(x, state, kind, stride, training=False):
    """The block's result; in training it updates the running statistics in state."""

    def norm(y, name):
        mean, var = state[f"{name}.running_mean"], state[f"{name}.running_var"]
        return F.batch_norm(y, mean, var, state[f"{name}.weight"], state[f"{name}.bias"], training, 0.1, 1e-5)

    y = x
    for number, kernel, step in BLOCKS[kind]:
        y = F.relu(y) if number > 1 else y
        y = norm(F.conv2d(y, state[f"conv{number}.weight"], None, stride if step == "stride" else 1, kernel // 2), f"bn{number}")
    if "downsample.0.weight" in state:
        x = norm(F.conv2d(x, state["downsample.0.weight"], None, stride), "downsample.1")
    return F.relu(x + y)


def norm_weights(model):
    return {name: value.detach() for name, value in model.named_parameters() if value.dim() == 1 and name.endswith("weight")}


def state_shapes(model):
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


@both
def test_parameters(answer, worker, kind):
    """Names and shapes of the parameters
    参数的名称与形状"""
    for sizes in [IDENTITY[kind], *PROJECTIONS[kind]]:
        shapes = worker.define(state_shapes)(getattr(answer, kind)(*sizes))
        assert_same(shapes, expected_shapes(kind, *sizes), f"shapes of {kind}{sizes}.state_dict()")


@pytest.mark.after("test_parameters")
@both
def test_identity_shortcut(answer, draw, device, kind):
    """The input itself as the shortcut
    以输入本身为捷径"""
    ours, state = block(answer, draw, device, kind, IDENTITY[kind])
    for shape in [(2, 5, 6), (1, 3, 1)]:
        x = draw.normal(shape[0], IDENTITY[kind][0], *shape[1:], dtype=torch.float64)
        assert_same(ours(x), reference(x, state, kind, 1), f"{kind}{IDENTITY[kind]}(x)")


@pytest.mark.after("test_parameters")
@each_projection
def test_projection(answer, draw, device, kind, sizes):
    """A projection as the shortcut
    以投影为捷径"""
    ours, state = block(answer, draw, device, kind, sizes)
    x = draw.normal(2, sizes[0], 7, 8, dtype=torch.float64)
    assert_same(ours(x), reference(x, state, kind, sizes[2]), f"{kind}{sizes}(x)")


@pytest.mark.after("test_parameters")
@both
def test_initial_norms(answer, worker, kind):
    """The last norm begins at zero
    最后一个归一化从零开始"""
    for sizes in [IDENTITY[kind], PROJECTIONS[kind][1]]:
        last = f"bn{len(BLOCKS[kind])}.weight"
        shapes = {name: shape for name, shape in expected_shapes(kind, *sizes).items() if len(shape) == 1 and name.endswith("weight")}
        expected = {name: torch.zeros(shape) if name == last else torch.ones(shape) for name, shape in shapes.items()}
        assert_same(worker.define(norm_weights)(getattr(answer, kind)(*sizes)), expected, f"the weights of the norms of a new {kind}{sizes}")


@pytest.mark.after("test_initial_norms", "test_identity_shortcut")
@both
def test_new_block(answer, draw, device, kind):
    """A new block passes its input on, float32
    新建的块原样传递输入，float32"""
    model = getattr(answer, kind)(*IDENTITY[kind]).to(device)
    for mode in (True, False):
        model.train(mode)
        x = draw.normal(2, IDENTITY[kind][0], 4, 3)
        assert_same(model(x), x.relu(), f"a new {kind}{IDENTITY[kind]}(x), training={mode}")


@pytest.mark.after("test_identity_shortcut", "test_projection")
@both
def test_training_mode(answer, draw, device, kind):
    """Training mode and the running statistics
    训练模式与滑动统计量"""
    sizes = PROJECTIONS[kind][1]
    ours, state = block(answer, draw, device, kind, sizes)
    ours.train()
    for _ in range(2):
        x = draw.normal(3, sizes[0], 5, 6, dtype=torch.float64)
        assert_same(ours(x), reference(x, state, kind, sizes[2], training=True), f"{kind}{sizes}(x) in training mode")
    for name, value in ours.state_dict().items():
        if "running" in name:
            assert_same(value, state[name], f"{name} after two batches")


@pytest.mark.after("test_identity_shortcut", "test_projection")
@both
def test_gradients(answer, draw, worker, device, kind):
    """Gradients of the input and the weights
    输入与权重的梯度"""
    for sizes in (IDENTITY[kind], PROJECTIONS[kind][0]):
        ours, state = block(answer, draw, device, kind, sizes)
        x, weights = draw.normal(2, sizes[0], 4, 5, dtype=torch.float64), draw.normal(2, (1 if kind == "BasicBlock" else 4) * sizes[1], 4, 5)

        def same(x, state=state, stride=sizes[2]):
            return reference(x, state, kind, stride)

        assert_same_gradient(ours, same, (x,), 0, f"the gradient of x, {kind}{sizes}", worker=worker)

        first = state["conv1.weight"].requires_grad_()
        (reference(x, state, kind, sizes[2]) * weights.double()).sum().backward()
        (worker.keep(ours, x) * weights.double()).sum().backward()
        assert_same(worker.fetch(worker.ref(ours).conv1.weight.grad), first.grad, f"conv1.weight.grad, {kind}{sizes}")
