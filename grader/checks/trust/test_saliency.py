"""The references are autograd for one sample after another, the completeness axiom, and covering up square by square."""

import pytest
import torch

from grader.compare import assert_raises, assert_same, assert_true

F64 = {"dtype": torch.float64}


def build(channels=1, height=4, width=5):
    """A small smooth network of images, three classes."""
    from torch import nn  # noqa: PLC0415 - this runs in the learner's process

    first, second = nn.Conv2d(channels, 4, 3, padding=1), nn.Conv2d(4, 3, 2)
    return nn.Sequential(first, nn.Tanh(), second, nn.Softplus(), nn.Flatten(), nn.Linear(3 * (height - 1) * (width - 1), 3)).double()


def pair(draw, worker, device, *sizes):
    """The network in the learner's process and here, with the same weights."""
    theirs = build(*sizes)
    state = {name: draw.normal(*value.shape, **F64) for name, value in theirs.state_dict().items()}
    theirs.load_state_dict(state)
    ours = worker.define(build)(*sizes).to(device)
    ours.load_state_dict(state)
    return ours, theirs


def slope(model, x, label):
    """The input gradient of one sample."""
    leaf = x[None].clone().requires_grad_()
    model(leaf)[0, label].backward()
    return leaf.grad[0]


def count_hooks(model):
    return sum(len(part._forward_hooks) + len(part._backward_hooks) + len(part._forward_pre_hooks) for part in model.modules())


def gradients(model):
    return [parameter.grad for parameter in model.parameters()]


def broken():
    """A model whose last part fails."""
    import torch  # noqa: PLC0415 - this runs in the learner's process

    class Failing(torch.nn.Module):
        def forward(self, x):
            raise ValueError("broken")

    return torch.nn.Sequential(torch.nn.Conv2d(1, 2, 2), Failing()).double()


def test_input_gradient(answer, draw, worker, device):
    """Input gradient
    输入梯度"""
    ours, theirs = pair(draw, worker, device, 2, 4, 5)
    x, classes = draw.normal(4, 2, 4, 5, **F64), torch.tensor([2, 0, 1, 2])
    expected = torch.stack([slope(theirs, one, label) for one, label in zip(x, classes, strict=True)])
    assert_same(answer.input_gradient(ours, x, classes), expected, "input_gradient(model, x, classes)")


@pytest.mark.after("test_input_gradient")
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_path(answer, draw, worker, device, steps):
    """Integrated gradients: the points of the path
    积分梯度：路径上的点"""
    ours, theirs = pair(draw, worker, device)
    x, baseline, classes = draw.normal(2, 1, 4, 5, **F64), draw.normal(2, 1, 4, 5, **F64), torch.tensor([2, 0])
    expected = []
    for one, origin, label in zip(x, baseline, classes, strict=True):
        slopes = [slope(theirs, origin + (k + 0.5) / steps * (one - origin), label) for k in range(steps)]
        expected.append((one - origin) * torch.stack(slopes).mean(0))
    result = answer.integrated_gradients(ours, x, classes, baseline, steps)
    assert_same(result, torch.stack(expected), f"integrated_gradients(model, x, classes, baseline, {steps})")


@pytest.mark.after("test_path")
def test_completeness(answer, draw, worker, device):
    """Integrated gradients: they add up
    积分梯度：完备性"""
    ours, theirs = pair(draw, worker, device)
    x, baseline, classes = draw.uniform(3, 1, 4, 5, **F64), draw.uniform(3, 1, 4, 5, **F64), torch.tensor([1, 2, 0])
    difference = (theirs(x) - theirs(baseline)).gather(1, classes[:, None])[:, 0]
    total = answer.integrated_gradients(ours, x, classes, baseline).flatten(1).sum(1)
    # the midpoint rule with 50 points errs by the second derivative along the path / (24 * 50**2)
    assert_same(total, difference, "sums of integrated_gradients(model, x, classes, baseline)", rtol=0.02, atol=0.05)
    points = [slope(theirs, baseline[0] + (k + 0.5) / 50 * (x[0] - baseline[0]), 1) for k in range(50)]
    expected = (x[0] - baseline[0]) * torch.stack(points).mean(0)
    assert_same(answer.integrated_gradients(ours, x[:1], classes[:1], baseline[:1])[0], expected, "integrated_gradients with 50 steps by default")


def reference_cam(model, place, x, classes):
    """The map of one sample after another."""
    maps = []
    for one, label in zip(x, classes, strict=True):
        features = model[: place + 1](one[None]).detach().requires_grad_()
        model[place + 1 :](features)[0, label].backward()
        weights = features.grad.mean((2, 3))[0]
        maps.append(sum(w * f for w, f in zip(weights, features.detach()[0], strict=True)).clamp(min=0))
    return torch.stack(maps)


@pytest.mark.parametrize("place", [3, 2, 1, 0])
def test_grad_cam(answer, draw, worker, device, place):
    """Grad-CAM at each layer
    各层的 Grad-CAM"""
    ours, theirs = pair(draw, worker, device, 2, 4, 5)
    x, classes = draw.normal(5, 2, 4, 5, **F64), torch.tensor([2, 0, 1, 1, 0])
    layer = worker.ref(ours)[place]
    assert_same(answer.grad_cam(ours, layer, x, classes), reference_cam(theirs, place, x, classes), f"grad_cam(model, model[{place}], x, classes)")


@pytest.mark.after("test_grad_cam")
def test_hooks(answer, draw, worker, device):
    """Nothing is left behind
    什么都不留下"""
    ours, _ = pair(draw, worker, device)
    x, classes = draw.normal(2, 1, 4, 5, **F64), torch.tensor([2, 0])
    held = worker.hold(x)
    answer.grad_cam(ours, worker.ref(ours)[2], held, classes)
    assert_same(worker.define(count_hooks)(ours), 0, "number of hooks after grad_cam")
    answer.input_gradient(ours, held, classes)
    answer.integrated_gradients(ours, held, classes, 0 * x, 2)
    answer.occlusion(ours, held, classes, 3)
    assert_same(worker.fetch(held.requires_grad), False, "x.requires_grad after all four")
    assert_same(worker.define(gradients)(ours), [None] * 6, "parameter.grad after all four")
    failing = worker.define(broken)().to(device)
    assert_raises(ValueError, answer.grad_cam, failing, worker.ref(failing)[0], x, classes)
    assert_same(worker.define(count_hooks)(failing), 0, "number of hooks after grad_cam of a model that raises ValueError")


@pytest.mark.parametrize(("size", "value"), [(1, 0.0), (2, 0.0), (3, 0.7), (4, -1.5)])
def test_occlusion(answer, draw, worker, device, size, value):
    """Occlusion, square by square
    逐块遮挡"""
    ours, theirs = pair(draw, worker, device, 2, 4, 5)
    x, classes = draw.normal(3, 2, 4, 5, **F64), torch.tensor([2, 0, 1])
    expected = torch.zeros(3, 5 - size, 6 - size, **F64)
    with torch.no_grad():
        for n in range(3):
            for i in range(5 - size):
                for j in range(6 - size):
                    covered = x[n : n + 1].clone()
                    covered[0, :, i : i + size, j : j + size] = value
                    expected[n, i, j] = (theirs(x[n : n + 1]) - theirs(covered))[0, classes[n]]
    arguments = (size, value) if value else (size,)
    assert_same(answer.occlusion(ours, x, classes, *arguments), expected, f"occlusion(model, x, classes, {', '.join(map(str, arguments))})")


@pytest.mark.after("test_input_gradient", "test_path", "test_grad_cam", "test_occlusion")
def test_float32(answer, draw, worker, device):
    """float32, views, no graph on the results
    float32、非连续输入、结果不带计算图"""
    ours, theirs = pair(draw, worker, device, 2, 4, 5)
    ours.float()
    theirs.float()
    x, classes = draw.normal(5, 4, 2, 3).permute(3, 2, 1, 0), torch.tensor([2, 0, 1])
    loose = {"rtol": 1e-4, "atol": 1e-4}  # three layers of sums of up to 36 products of size 1
    expected = torch.stack([slope(theirs, one, label) for one, label in zip(x, classes, strict=True)])
    assert_same(answer.input_gradient(ours, x, classes), expected, "input_gradient in float32", **loose)
    assert_same(answer.grad_cam(ours, worker.ref(ours)[2], x, classes), reference_cam(theirs, 2, x, classes), "grad_cam in float32", **loose)
    for name, arguments in [("input_gradient", ()), ("integrated_gradients", (0 * x, 2)), ("occlusion", (3,))]:
        held = worker.keep(getattr(answer, name), ours, x, classes, *arguments)
        value = worker.fetch(held)
        assert_same(value.dtype, torch.float32, f"{name}(...).dtype")
        has_graph = worker.fetch(held.requires_grad)
        assert_true(not has_graph, name, "the result still carries a graph", "结果仍带有计算图")
    has_graph = worker.fetch(worker.keep(answer.grad_cam, ours, worker.ref(ours)[2], x, classes).requires_grad)
    assert_true(not has_graph, "grad_cam", "the result still carries a graph", "结果仍带有计算图")
