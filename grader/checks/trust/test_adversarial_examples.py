"""The reference takes the same steps by autograd, sample by sample, with the same weights; the ball is checked as it is."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from grader.compare import assert_between, assert_raises, assert_same, assert_true

F64 = {"dtype": torch.float64}
SHAPE = (1, 3, 4)


def build():
    """A small network with parts that behave differently in training."""
    from torch import nn  # noqa: PLC0415 - this runs in the learner's process

    return nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.5), nn.Linear(8, 3)).double()


def modes(model):
    return [module.training for module in model.modules()]


def put_gradient(model, value):
    for parameter in model.parameters():
        parameter.grad = value.to(parameter).expand_as(parameter).clone()


def gradients(model):
    return [parameter.grad for parameter in model.parameters()]


def state_of(model):
    return {name: value for name, value in model.state_dict().items()}  # noqa: C416 - an OrderedDict is no value


def pair(draw, worker, device):
    """The network in the learner's process and here, with the same weights, in evaluation mode."""
    theirs = build().eval()
    state = {name: value if value.dim() == 0 else draw.normal(*value.shape, **F64) for name, value in theirs.state_dict().items()}
    state["2.running_var"] = 0.5 + state["2.running_var"].abs()
    theirs.load_state_dict(state)
    ours = worker.define(build)().to(device)
    ours.load_state_dict(state)
    ours.eval()
    return ours, theirs


def images(draw, n):
    """Pixels in [0, 1], some of them at the ends of the range."""
    return (1.4 * draw.uniform(n, *SHAPE, **F64) - 0.2).clamp(0, 1), draw.integers(0, 3, (n,))


def slope(model, x, label, targeted):
    """The gradient for one sample, upwards or, targeted, downwards."""
    leaf = x[None].clone().requires_grad_()
    F.cross_entropy(model(leaf), label[None]).backward()
    return -leaf.grad[0] if targeted else leaf.grad[0]


def one_step(model, x, label, eps, step, norm, at, targeted):
    g = slope(model, at, label, targeted)
    if norm == "linf":
        return (x + (at + step * g.sign() - x).clamp(-eps, eps)).clamp(0, 1)
    delta = at + (step * g / g.norm() if g.norm() > 0 else 0 * g) - x
    return (x + (delta * eps / delta.norm() if delta.norm() > eps else delta)).clamp(0, 1)


def reference(model, x, labels, eps, step, steps, norm="linf", start=None, targeted=False):
    results = []
    for i in range(len(x)):
        at = x[i] if start is None else start[i]
        for _ in range(steps):
            at = one_step(model, x[i], labels[i], eps, step, norm, at, targeted)
        results.append(at)
    return torch.stack(results)


def test_fgsm(answer, draw, worker, device):
    """fgsm: one step of the sign
    fgsm：按符号走一步"""
    ours, theirs = pair(draw, worker, device)
    for eps in (0.1, 0.02):
        x, labels = images(draw, 5)
        assert_same(answer.fgsm(ours, x, labels, eps), reference(theirs, x, labels, eps, eps, 1), f"fgsm(model, x, labels, {eps})")


@pytest.mark.after("test_fgsm")
def test_fgsm_targeted(answer, draw, worker, device):
    """fgsm: towards a class
    fgsm：有目标"""
    ours, theirs = pair(draw, worker, device)
    x, labels = images(draw, 5)
    expected = reference(theirs, x, labels, 0.1, 0.1, 1, targeted=True)
    assert_same(answer.fgsm(ours, x, labels, 0.1, targeted=True), expected, "fgsm(model, x, labels, 0.1, targeted=True)")


@pytest.mark.after("test_fgsm")
@pytest.mark.parametrize(("norm", "eps", "step"), [("linf", 0.1, 0.04), ("l2", 0.5, 0.2)])
def test_pgd(answer, draw, worker, device, norm, eps, step):
    """pgd: several steps
    pgd：走若干步"""
    ours, theirs = pair(draw, worker, device)
    for steps in (1, 2, 6):
        x, labels = images(draw, 4)
        moved = answer.pgd(ours, x, labels, eps, step, steps, norm)
        what = f'pgd(model, x, labels, {eps}, {step}, {steps}, "{norm}")'
        # 1e-7: differences of the last digit grow with the steps
        assert_same(moved, reference(theirs, x, labels, eps, step, steps, norm), what, rtol=1e-7, atol=1e-9)
        delta = (moved - x).flatten(1)
        size = delta.abs().max() if norm == "linf" else delta.norm(dim=1).max()
        assert_between(size.item(), 0.0, eps * (1 + 1e-9), f"distance from x, {what}")


@pytest.mark.after("test_pgd")
@pytest.mark.parametrize(("norm", "eps", "step"), [("linf", 0.1, 0.03), ("l2", 0.4, 0.15)])
def test_pgd_start_and_target(answer, draw, worker, device, norm, eps, step):
    """pgd: another start, a target
    pgd：另给起点与目标"""
    ours, theirs = pair(draw, worker, device)
    x, labels = images(draw, 4)
    noise = draw.normal(4, *SHAPE, **F64)
    start = (x + eps * noise / noise.flatten(1).norm(dim=1)[:, None, None, None]).clamp(0, 1)
    for settings in ({"start": start}, {"targeted": True}, {"start": start, "targeted": True}):
        expected = reference(theirs, x, labels, eps, step, 3, norm, **settings)
        what = f'pgd(model, x, labels, {eps}, {step}, 3, "{norm}"), {" and ".join(settings)}'
        assert_same(answer.pgd(ours, x, labels, eps, step, 3, norm, **settings), expected, what, rtol=1e-7, atol=1e-9)  # as above
    expected = reference(theirs, x, labels, eps, step, 2)
    assert_same(answer.pgd(ours, x, labels, eps, step, 2), expected, "pgd without a norm", rtol=1e-7, atol=1e-9)


@pytest.mark.after("test_pgd")
def test_no_gradient(answer, draw, worker, device):
    """A gradient of zero
    梯度为零"""
    ours, theirs = pair(draw, worker, device)
    state = {name: 0 * value if name.startswith("5") else value for name, value in theirs.state_dict().items()}
    ours.load_state_dict(state)
    x, labels = images(draw, 3)
    for norm in ("linf", "l2"):
        assert_same(answer.pgd(ours, x, labels, 0.1, 0.05, 2, norm), x, f'pgd, gradient 0, "{norm}"')
    assert_same(answer.fgsm(ours, x, labels, 0.1), x, "fgsm, gradient 0")


def attacks(answer, model, x, labels):
    yield "fgsm", lambda: answer.fgsm(model, x, labels, 0.1)
    yield "pgd", lambda: answer.pgd(model, x, labels, 0.1, 0.05, 2)


@pytest.mark.after("test_pgd")
def test_training_mode(answer, draw, worker, device):
    """A model in training mode
    处于训练模式的模型"""
    ours, theirs = pair(draw, worker, device)
    before, x_and_labels = worker.define(state_of)(ours), images(draw, 4)
    worker.seed(int(draw.integers(0, 2**31)))  # for the dropout of an attack in training mode
    for frozen in (False, True):
        ours.train()
        if frozen:
            worker.ref(ours)[2].eval()  # the batch norm alone
        expected = worker.define(modes)(ours)
        for steps, (name, attack) in enumerate(attacks(answer, ours, *x_and_labels), start=1):
            right = reference(theirs, *x_and_labels, 0.1, 0.1 / steps, steps)
            assert_same(attack(), right, f"{name} with a model in training mode", rtol=1e-7, atol=1e-9)  # as above
            assert_same(worker.define(modes)(ours), expected, f"modes of the model's parts after {name}")
    assert_same(worker.define(state_of)(ours), before, "state_dict of the model after the attacks")


@pytest.mark.after("test_pgd")
def test_weights_untouched(answer, draw, worker, device):
    """No gradient is left on the weights, no graph on the results
    权重上不留梯度，结果不带计算图"""
    ours, _ = pair(draw, worker, device)
    x, labels = images(draw, 4)
    for _, attack in attacks(answer, ours, x, labels):
        attack()
    assert_same(worker.define(gradients)(ours), [None] * 6, "parameter.grad after the attacks")
    for name, arguments in (("fgsm", (0.1,)), ("pgd", (0.1, 0.05, 2))):
        has_graph = worker.fetch(worker.keep(getattr(answer, name), ours, x, labels, *arguments).requires_grad)
        assert_true(not has_graph, name, "the result still carries a graph", "结果仍带有计算图")
    worker.define(put_gradient)(ours, torch.tensor(3.0))
    for name, attack in attacks(answer, ours, x, labels):
        attack()
        for grad in worker.define(gradients)(ours):
            assert_same(grad, torch.full_like(grad, 3.0), f"parameter.grad after {name}, 3 before")


@pytest.mark.after("test_pgd")
def test_float32(answer, draw, worker, device):
    """float32 and any shape
    float32 与任意形状"""
    model = worker.torch.nn.Linear(5, 3).to(device)
    theirs = nn.Linear(5, 3)
    state = {"weight": draw.normal(3, 5), "bias": draw.normal(3)}
    model.load_state_dict(state)
    theirs.load_state_dict(state)
    x, labels = draw.uniform(10, 3).T[:, ::2], draw.integers(0, 3, (3,))
    assert_same(answer.fgsm(model, x, labels, 0.1), reference(theirs, x, labels, 0.1, 0.1, 1), "fgsm in float32", atol=1e-5)  # a few roundings
    for norm in ("linf", "l2"):
        expected = reference(theirs, x, labels, 0.2, 0.1, 3, norm)
        assert_same(answer.pgd(model, x, labels, 0.2, 0.1, 3, norm), expected, f'pgd in float32, "{norm}"', rtol=1e-4, atol=1e-5)  # as above


def test_random_start_linf(answer, draw, worker):
    """random_start: even over the cube
    random_start：立方体内均匀"""
    worker.seed(int(draw.integers(0, 2**31)))
    x = torch.full((4, 50, 50), 0.5, **F64)
    noise = answer.random_start(x, 0.1) - x
    # more than six standard errors of each statistic over 10,000 entries
    assert_between(noise.abs().max().item(), 0.0995, 0.1 * (1 + 1e-9), "largest noise, eps = 0.1")
    assert_between(noise.mean().item(), -0.0037, 0.0037, "mean of the noise, eps = 0.1")
    assert_between(noise.square().mean().item() / 0.01, 0.314, 0.353, "mean of (noise / eps) ** 2, 1 / 3 for even noise")
    overlap = (noise[0] * noise[1]).mean().item() / 0.01  # standard error 0.0067
    assert_between(overlap, -0.042, 0.042, "correlation of two samples' noise")
    edge = torch.tensor([[0.0, 1.0, 0.02, 0.99] * 50], **F64)
    moved = answer.random_start(edge, 0.1, "linf")
    assert_same(moved, moved.clamp(0, 1), "random_start(x, 0.1), the range of pixels")
    assert_between((moved - edge).abs().max().item(), 0.03, 0.1 * (1 + 1e-9), "largest noise near the ends of the range")


def test_random_start_l2(answer, draw, worker):
    """random_start: even over the ball
    random_start：球内均匀"""
    worker.seed(int(draw.integers(0, 2**31)))
    x = torch.full((900, 2, 2), 0.5, **F64)
    noise = ((answer.random_start(x, 0.1, "l2") - x) / 0.1).flatten(1)
    # more than six standard errors of each statistic over 900 samples of 4 entries
    filled = noise.norm(dim=1) ** 4
    assert_between(filled.max().item(), 0.9, 1 + 1e-8, "largest (length / eps) ** 4 of the noise")
    assert_between(filled.mean().item(), 0.44, 0.56, "mean of (length / eps) ** 4, 1 / 2 for even noise in 4 dimensions")
    assert_between(noise.mean(dim=0).abs().max().item(), 0.0, 0.085, "mean of the noise / eps, entry by entry")
    direction = (noise / noise.norm(dim=1, keepdim=True)) ** 4
    assert_between(direction.mean().item(), 0.108, 0.142, "mean fourth power of the direction, 1 / 8 for a uniform one")
    for edge in (torch.zeros(20, 3, **F64), torch.ones(1, 3, **F64)):
        moved = answer.random_start(edge, 0.5, "l2")
        assert_same(moved, moved.clamp(0, 1), f'random_start(x, 0.5, "l2"), the range of pixels, {len(edge)} samples')


def test_errors(answer, draw, worker, device):
    """Another norm raises ValueError
    其他范数抛出 ValueError"""
    ours, _ = pair(draw, worker, device)
    x, labels = draw.uniform(2, *SHAPE, **F64), torch.tensor([0, 1])
    for norm in ("L2", "linfty", ""):
        assert_raises(ValueError, answer.random_start, x, 0.1, norm)
        assert_raises(ValueError, answer.pgd, ours, x, labels, 0.1, 0.1, 1, norm)
