"""The reference takes the same steps by autograd with the same weights; the digits are real, and the judge attacks by itself."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_between, assert_same, assert_same_gradient
from grader.data import digits

F64 = {"dtype": torch.float64}


def build():
    """A small network whose batch norm tells training from evaluation."""
    from torch import nn  # noqa: PLC0415 - this runs in the learner's process

    return nn.Sequential(nn.Flatten(), nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 3)).double()


def pair(draw, worker, device):
    """The network in the learner's process and here, with the same weights."""
    theirs = build()
    state = {name: value if value.dim() == 0 else draw.normal(*value.shape, **F64) for name, value in theirs.state_dict().items()}
    state["2.running_var"] = 0.5 + state["2.running_var"].abs()
    theirs.load_state_dict(state)
    ours = worker.define(build)().to(device)
    ours.load_state_dict(state)
    return ours, theirs


def batch(draw, n, eps):
    x = draw.uniform(n, 2, 3, **F64)
    return x, draw.integers(0, 3, (n,)), (x + eps * (2 * draw.uniform(n, 2, 3, **F64) - 1)).clamp(0, 1)


def strike(model, x, labels, eps, step, steps, start):
    """The attack, by autograd.grad, in the mode the model is in."""
    import torch  # noqa: PLC0415 - this runs in the learner's process too

    moved = start
    for _ in range(steps):
        leaf = moved.detach().clone().requires_grad_()
        slope = torch.autograd.grad(torch.nn.functional.cross_entropy(model(leaf), labels), leaf)[0]
        moved = (x + (moved + step * slope.sign() - x).clamp(-eps, eps)).clamp(0, 1)
    return moved.detach()


def leave_gradients(model):
    for parameter in model.parameters():
        parameter.grad = parameter.detach().clone()


def measure(strike, model, x, labels, eps):
    model.eval()
    return (model(strike(model, x, labels, eps, eps / 4, 10, x)).argmax(dim=1) == labels).double().mean().item()


def compare_steps(answer, draw, worker, device, settings):
    """One step for each (learning rate, steps of the attack); from the second on gradients are left over, and the model comes in evaluation mode."""
    ours, theirs = pair(draw, worker, device)
    for count, (rate, steps) in enumerate(settings):
        x, labels, start = batch(draw, 5, 0.1)
        if count:
            worker.define(leave_gradients)(ours)
            ours.eval()
        attacked = strike(theirs.eval(), x, labels, 0.1, 0.05, steps, start)
        loss = F.cross_entropy(theirs.train()(attacked), labels)
        slopes = torch.autograd.grad(loss, list(theirs.parameters()))
        for parameter, slope in zip(theirs.parameters(), slopes, strict=True):
            parameter.data -= rate * slope
        # 1e-7: rounding grows with the steps
        actual = answer.adversarial_step(ours, x, labels, rate, 0.1, 0.05, steps, start)
        assert_same(actual, loss.item(), "loss before the step", rtol=1e-7)
    expected = theirs.state_dict()
    for name, value in ours.state_dict().items():
        assert_same(value, expected[name], f"{name} after {count + 1} steps", rtol=1e-7, atol=1e-9)
    assert_same(ours.training, True, "model.training after adversarial_step")


def test_trades(answer, draw):
    """trades_loss
    TRADES 损失"""
    for beta, n in ((0.0, 5), (1.0, 5), (6.0, 1)):
        clean, attacked, labels = 2 * draw.normal(n, 4, **F64), 2 * draw.normal(n, 4, **F64), draw.integers(0, 4, (n,))
        p, q = clean.softmax(1), attacked.softmax(1)
        expected = F.cross_entropy(clean, labels) + beta * (p * (p / q).log()).sum() / n
        assert_same(answer.trades_loss(clean, attacked, labels, beta), expected, f"trades_loss(clean, attacked, labels, {beta})")


def reference_trades(clean, attacked, labels, beta):
    p, q = F.log_softmax(clean, 1), F.log_softmax(attacked, 1)
    return F.cross_entropy(clean, labels) + beta * F.kl_div(q, p, reduction="batchmean", log_target=True)


@pytest.mark.after("test_trades")
def test_trades_gradients(answer, draw, worker):
    """trades_loss: gradients of both logits
    TRADES 损失：两种 logits 的梯度"""
    inputs = (draw.normal(4, 3, **F64), draw.normal(4, 3, **F64), draw.integers(0, 3, (4,)), 2.5)
    assert_same_gradient(answer.trades_loss, reference_trades, inputs, (0, 1), "gradient of trades_loss", worker=worker)


@pytest.mark.after("test_trades")
def test_trades_large_logits(answer, draw):
    """trades_loss: logits of 1,000, float32
    TRADES 损失：大小为 1,000 的 logits，float32"""
    clean, labels = 1e3 * torch.eye(3), torch.tensor([0, 1, 0])
    for attacked in (clean, clean.roll(1, 0), draw.normal(3, 3)):
        expected = reference_trades(clean, attacked, labels, 2.0)
        assert_same(answer.trades_loss(clean, attacked, labels, 2.0), expected, "trades_loss with logits of 1,000")


def test_step(answer, draw, worker, device):
    """adversarial_step: one step
    adversarial_step：一步"""
    compare_steps(answer, draw, worker, device, [(0.3, 3)])


@pytest.mark.after("test_step")
def test_more_steps(answer, draw, worker, device):
    """adversarial_step: several in a row, gradients left, either mode
    adversarial_step：连续几步，之前留有梯度，两种模式"""
    compare_steps(answer, draw, worker, device, [(0.3, 1), (0.1, 3), (0.5, 0)])


def test_robust_accuracy(answer, draw, worker, device):
    """robust_accuracy
    鲁棒准确率"""
    ours, theirs = pair(draw, worker, device)
    theirs.eval()
    x, _, start = batch(draw, 200, 0.4)
    labels = theirs(x).argmax(1)
    labels[::10] = (labels[::10] + 1) % 3
    for steps, mode in [(0, True), (1, False), (4, True)]:
        right = theirs(strike(theirs, x, labels, 0.4, 0.1, steps, start)).argmax(1) == labels
        ours.train(mode)
        accuracy = answer.robust_accuracy(ours, x, labels, 0.4, 0.1, steps, start)
        assert_same(accuracy, right.double().mean().item(), f"robust_accuracy, {steps} steps")
        assert_same(ours.training, mode, f"model.training after robust_accuracy, {mode} before")
    expected = theirs.state_dict()
    for name, value in ours.state_dict().items():
        assert_same(value, expected[name], f"{name} after robust_accuracy")


@pytest.mark.after("test_trades_gradients", "test_trades_large_logits", "test_more_steps", "test_robust_accuracy")
def test_fit(answer, draw, worker):
    """fit: withstands attacks on unseen digits
    fit：在新数字上抵挡攻击"""
    x, labels, test_x, test_labels = digits(draw)
    x, labels = x[:1000], labels[:1000]
    worker.seed(int(draw.integers(0, 2**31)))
    attacked = worker.define(measure)
    model = answer.fit(x, labels, 0.15)
    assert_same(tuple(model(test_x[:3]).shape), (3, 10), "shape of the logits of three digits")
    robust = attacked(worker.define(strike), model, test_x, test_labels, 0.15)
    # some 0.56 with a standard deviation of 0.03, and 0.15 with one of 0.02: the bounds lie eight standard deviations away
    assert_between(robust, 0.35, 1.0, "accuracy under attack of fit(x, labels, 0.15)")
    plain = attacked(worker.define(strike), answer.fit(x, labels, 0.0), test_x, test_labels, 0.15)
    assert_between(robust - plain, 0.1, 1.0, "accuracy under attack, fit(x, labels, 0.15) minus fit(x, labels, 0)")
