"""The references are closed forms, projections written out, and torch.autograd on the same network."""

from itertools import pairwise

import pytest
import torch

from grader.compare import assert_same, assert_same_gradient

F64 = torch.float64
SIZES = {"trunk": (3, 4), "depth": (4, 2), "normals": (4, 3), "edges": (4, 1)}


def twins(worker, draw, device):
    """Trunk and heads there, as modules by name, and their weights."""
    there, weights = {}, {}
    for name, sizes in SIZES.items():
        layers = [worker.torch.nn.Linear(a, b, dtype=F64, device=device) for a, b in pairwise(sizes)]
        there[name] = worker.torch.nn.Sequential(*layers, worker.torch.nn.Tanh())
        weights[name] = {"0.weight": draw.normal(sizes[1], sizes[0], dtype=F64), "0.bias": draw.normal(sizes[1], dtype=F64)}
        there[name].load_state_dict(weights[name])
    return there, weights


def build(answer, there):
    return answer.MultiTask(there["trunk"], {name: module for name, module in there.items() if name != "trunk"})


def layer(weights, x):
    return torch.tanh(x @ weights["0.weight"].T + weights["0.bias"])


def counted(model, x):
    calls = []
    hook = model.trunk.register_forward_hook(lambda *_: calls.append(1))
    model(x)
    hook.remove()
    return len(calls), sorted(model.state_dict())


def test_multi_task(answer, worker, draw, device):
    """MultiTask: one trunk, all heads
    MultiTask：一个主干，所有任务头"""
    there, weights = twins(worker, draw, device)
    model, x = build(answer, there), draw.normal(5, 3, dtype=F64)
    features = layer(weights["trunk"], x)
    assert_same(model(x), {name: layer(weights[name], features) for name in SIZES if name != "trunk"}, "model(x)")
    entries = sorted(f"{'' if name == 'trunk' else 'heads.'}{name}.0.{part}" for name in SIZES for part in ("weight", "bias"))
    assert_same(worker.define(counted)(model, x), (1, entries), "passes through the trunk in one call, and names in the state_dict")


def reference_mse(prediction, target):
    known = ~torch.isnan(target)
    return ((prediction[known] - target[known]) ** 2).sum() / max(1, int(known.sum()))


@pytest.mark.parametrize("dtype", [F64, torch.float32], ids=str)
@pytest.mark.parametrize("share", [0.5, 1.0, 0.05, 0.0])
def test_masked_mse(answer, draw, worker, share, dtype):
    """masked_mse: only known targets count
    masked_mse：只计已知目标"""
    prediction, target = draw.normal(6, 3, dtype=dtype), draw.normal(6, 3, dtype=dtype)
    missing = draw.permutation(18).reshape(6, 3) >= 18 * share
    target = target.masked_fill(missing, torch.nan)
    assert_same(answer.masked_mse(prediction, target), reference_mse(prediction, target), f"masked_mse, {share:.0%} known")
    assert_same_gradient(answer.masked_mse, reference_mse, (prediction, target), 0, f"gradient of masked_mse, {share:.0%} known", worker=worker)


def reference_weighting(log_var, losses):
    return sum(torch.exp(-s) * loss / 2 + s / 2 for s, loss in zip(log_var, losses, strict=True))


def slope(weighting, losses):
    weighting.log_var.grad = None
    weighting(losses).backward()
    return weighting.log_var.grad


def test_uncertainty_weighting(answer, draw, worker, device):
    """UncertaintyWeighting: value and gradients
    UncertaintyWeighting：数值与梯度"""
    weighting = answer.UncertaintyWeighting(4).to(device)
    assert_same(dict(weighting.state_dict()), {"log_var": torch.zeros(4)}, "UncertaintyWeighting(4).state_dict()")
    weighting.double()
    log_var, losses = draw.normal(4, dtype=F64), draw.uniform(4, low=0.1, high=3.0, dtype=F64)
    weighting.load_state_dict({"log_var": log_var})
    leaf = log_var.clone().requires_grad_()
    assert_same(weighting(losses), reference_weighting(log_var, losses), "weighting(losses)")
    reference_weighting(leaf, losses).backward()
    assert_same(worker.define(slope)(weighting, losses), leaf.grad, "log_var.grad")
    assert_same_gradient(weighting, lambda losses: reference_weighting(log_var, losses), (losses,), 0, "gradient of the losses", worker=worker)


def reference_pcgrad(gradients):
    rows = []
    for i in range(len(gradients)):
        g = gradients[i]
        for j in range(len(gradients)):
            product = float((g * gradients[j]).sum())
            if j != i and product < 0:
                g = g - product / float((gradients[j] ** 2).sum()) * gradients[j]
        rows.append(g)
    return sum(rows)


@pytest.mark.parametrize(("tasks", "n", "dtype"), [(2, 3, F64), (4, 3, F64), (6, 2, F64), (1, 4, F64), (3, 2, torch.float32)], ids=str)
def test_pcgrad(answer, draw, tasks, n, dtype):
    """pcgrad: against the original gradients, in turn
    pcgrad：依次与原始梯度比较"""
    for _ in range(3):
        gradients = draw.normal(tasks, n, dtype=dtype)
        assert_same(
            answer.pcgrad(gradients), reference_pcgrad(gradients), "pcgrad(gradients)", **({} if dtype == F64 else {"rtol": 1e-4, "atol": 1e-5})
        )


@pytest.mark.after("test_pcgrad")
def test_pcgrad_by_hand(answer):
    """pcgrad: agreement, conflict, opposition and a zero
    pcgrad：一致、冲突、完全相反与零梯度"""
    for rows, expected in (
        ([[1.0, 0.0], [1.0, 1.0]], [2.0, 1.0]),
        ([[1.0, 0.0], [-1.0, 1.0]], [0.5, 1.5]),
        ([[1.0, 2.0], [-1.0, -2.0]], [0.0, 0.0]),
        ([[0.0, 0.0], [-1.0, 2.0], [0.0, 0.0]], [-1.0, 2.0]),
        ([[-3.0, 0.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0]),
    ):
        gradients = torch.tensor(rows, dtype=F64)
        assert_same(answer.pcgrad(gradients), torch.tensor(expected, dtype=F64), f"pcgrad({rows})")


def stain(model):
    for parameter in model.parameters():
        parameter.grad = (0 * parameter + 3).detach()


def step_of(shared_step, model, x, learning_rate):
    import torch  # noqa: PLC0415

    outputs = list(model(x).values())
    loss = [(outputs[0] ** 2).sum(), outputs[1].exp().sum(), (outputs[2] * x[:, :1]).sum()]
    shared_step(model, torch.stack(loss), learning_rate)
    return [parameter.grad.clone() for parameter in model.parameters()]


@pytest.mark.after("test_multi_task", "test_pcgrad")
def test_shared_step(answer, worker, draw, device):
    """shared_step: the trunk moves, the heads do not
    shared_step：主干移动，任务头不动"""
    there, weights = twins(worker, draw, device)
    model, x = build(answer, there), draw.normal(5, 3, dtype=F64)
    trunk = {name: value.clone().requires_grad_() for name, value in weights["trunk"].items()}
    features = layer(trunk, x)
    heads = [layer(weights[name], features) for name in ("depth", "normals", "edges")]
    losses = (heads[0] ** 2).sum(), heads[1].exp().sum(), (heads[2] * x[:, :1]).sum()
    rows = [torch.cat([part.flatten() for part in torch.autograd.grad(loss, list(trunk.values()), retain_graph=True)]) for loss in losses]
    step = 0.1 * reference_pcgrad(torch.stack(rows))
    worker.define(stain)(model)
    grads = worker.define(step_of)(answer.shared_step, model, x, 0.1)
    expected = {"0.weight": weights["trunk"]["0.weight"] - step[:12].reshape(4, 3), "0.bias": weights["trunk"]["0.bias"] - step[12:]}
    assert_same(dict(there["trunk"].state_dict()), expected, "the trunk after shared_step")
    for name in ("depth", "normals", "edges"):
        assert_same(dict(there[name].state_dict()), weights[name], f"head {name} after shared_step")
    assert_same(grads, [torch.full_like(grad, 3.0) for grad in grads], ".grad of all parameters")
