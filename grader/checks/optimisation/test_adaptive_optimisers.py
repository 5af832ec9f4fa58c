"""The references are torch.optim.Adagrad, RMSprop, Adam and AdamW, over up to fifty steps with the same gradients."""

import pytest
import torch

from grader.compare import assert_same

SHAPES = [(3, 2), (4,), ()]
SCALES = [1.0, 1e-4, 1e-8]  # gradients as small as eps tell where eps stands
NAMES = ["Adagrad", "RMSprop", "Adam", "AdamW"]


def trajectory(make, starts, gradients, settings, rates):
    """The parameters after each of the first steps of the optimiser, then after every tenth, and the grads after the last one."""
    parameters = [start.clone().requires_grad_() for start in starts]
    views = [parameter.detach() for parameter in parameters]
    optimiser = make((parameter for parameter in parameters), **settings)
    path = []
    for number, step in enumerate(gradients):
        for parameter, gradient in zip(parameters, step, strict=True):
            parameter.grad = None if gradient is None else gradient.clone()
        if rates:
            getattr(optimiser, "param_groups", [vars(optimiser)])[0]["lr"] = rates[number]
        optimiser.step()
        if number < 6 or number % 10 == 9:
            path.append([view.clone() for view in views])
    grads = [parameter.grad for parameter in parameters]
    optimiser.zero_grad()
    return path, grads, [parameter.grad for parameter in parameters]


def problem(draw, steps, dtype=torch.float64):
    """Start values and a list of gradients for each step, which share a direction."""
    starts = [draw.normal(*shape, dtype=dtype) for shape in SHAPES]
    drift = [draw.normal(*shape, dtype=dtype) for shape in SHAPES]
    rows = [[scale * (d + draw.normal(*shape, dtype=dtype)) for d, shape, scale in zip(drift, SHAPES, SCALES, strict=True)] for _ in range(steps)]
    return starts, rows


def compare(answer, worker, name, starts, gradients, rates=(), **settings):
    path, grads, emptied = worker.define(trajectory)(getattr(answer, name), starts, gradients, settings, list(rates))
    expected, right_grads, _ = trajectory(getattr(torch.optim, name), starts, gradients, settings, rates)
    call = f"{name}(parameters{''.join(f', {key}={value}' for key, value in settings.items())})"
    shown = [step + 1 for step in range(len(gradients)) if step < 6 or step % 10 == 9]
    for step, yours, right in zip(shown, path, expected, strict=True):
        for number, (mine, wanted) in enumerate(zip(yours, right, strict=True)):
            assert_same(mine, wanted, f"{call}: parameter {number} after step {step}")
    assert_same(grads, right_grads, f"grads after the steps of {call}")
    assert_same(emptied, [None] * len(grads), f"grads after zero_grad() of {call}")


def test_adagrad(answer, draw, worker):
    """Adagrad
    Adagrad 优化器"""
    compare(answer, worker, "Adagrad", *problem(draw, 3), lr=0.1)
    compare(answer, worker, "Adagrad", *problem(draw, 3), lr=0.1, eps=0.5)


def test_rmsprop(answer, draw, worker):
    """RMSprop
    RMSprop 优化器"""
    compare(answer, worker, "RMSprop", *problem(draw, 3), lr=0.1, alpha=0.9)
    compare(answer, worker, "RMSprop", *problem(draw, 3), lr=0.1, alpha=0.5, eps=0.5)


@pytest.mark.after("test_rmsprop")
def test_rmsprop_centered(answer, draw, worker):
    """RMSprop, centred
    中心化的 RMSprop"""
    compare(answer, worker, "RMSprop", *problem(draw, 4), lr=0.01, alpha=0.8, centered=True)


def test_adam(answer, draw, worker):
    """Adam
    Adam 优化器"""
    compare(answer, worker, "Adam", *problem(draw, 4), lr=0.1, betas=(0.8, 0.95))
    compare(answer, worker, "Adam", *problem(draw, 3), lr=0.1, betas=(0.5, 0.9), eps=0.5)


@pytest.mark.after("test_adam")
def test_amsgrad(answer, draw, worker):
    """Adam with amsgrad
    带 amsgrad 的 Adam"""
    starts, gradients = problem(draw, 6)
    shrinking = [[gradient / 4.0**step for gradient in row] for step, row in enumerate(gradients)]  # the largest v is not the last one
    compare(answer, worker, "Adam", starts, shrinking, lr=0.1, betas=(0.5, 0.6), amsgrad=True)
    compare(answer, worker, "Adam", starts, shrinking[::-1] + shrinking, lr=0.1, betas=(0.5, 0.6), amsgrad=True)


@pytest.mark.after("test_adagrad", "test_rmsprop", "test_adam")
@pytest.mark.parametrize("name", NAMES[:3])
def test_weight_decay(answer, draw, worker, name):
    """Weight decay within the gradient
    梯度中的权重衰减"""
    compare(answer, worker, name, *problem(draw, 3), lr=0.1, weight_decay=0.3)


@pytest.mark.after("test_adam", "test_amsgrad")
def test_adamw(answer, draw, worker):
    """AdamW: decay apart from the gradient
    AdamW：与梯度分开的衰减"""
    compare(answer, worker, "AdamW", *problem(draw, 4), lr=0.1, weight_decay=0.3)
    compare(answer, worker, "AdamW", *problem(draw, 3), lr=0.1, weight_decay=0.0, betas=(0.5, 0.9), eps=0.1)
    compare(answer, worker, "AdamW", *problem(draw, 4), lr=0.1, betas=(0.5, 0.6), weight_decay=0.1, amsgrad=True)


@pytest.mark.after("test_weight_decay", "test_adamw")
@pytest.mark.parametrize("name", NAMES)
def test_defaults(answer, draw, worker, name):
    """Defaults
    默认值"""
    compare(answer, worker, name, *problem(draw, 3))


@pytest.mark.after("test_defaults")
@pytest.mark.parametrize("name", NAMES)
def test_zero_gradients(answer, draw, worker, name):
    """Gradients that are mostly zero
    大多为零的梯度"""
    starts, gradients = problem(draw, 6)
    for step, row in enumerate(gradients):
        row[0] *= draw.boolean(3, 2, p=0.3)
        row[1] *= step == 3
        row[2] *= step > 6
    compare(answer, worker, name, starts, gradients, lr=0.1)


@pytest.mark.after("test_defaults")
@pytest.mark.parametrize("name", NAMES)
def test_no_gradient(answer, draw, worker, name):
    """A parameter without grad keeps value and state
    没有 grad 的参数：值和状态都不变"""
    starts, gradients = problem(draw, 5)
    for step, number in ((0, 1), (1, 1), (2, 0), (3, 0), (4, 2)):
        gradients[step][number] = None
    compare(answer, worker, name, starts, gradients, lr=0.1, weight_decay=0.1)


@pytest.mark.after("test_zero_gradients", "test_no_gradient", "test_amsgrad", "test_rmsprop_centered")
@pytest.mark.parametrize("name", NAMES)
def test_fifty_steps(answer, draw, worker, name):
    """Fifty steps with changing rates, and float32
    学习率变化的五十步，以及 float32"""
    compare(answer, worker, name, *problem(draw, 50), rates=[0.1 / (1 + step) for step in range(50)], lr=0.1, weight_decay=0.01)
    compare(answer, worker, name, *problem(draw, 3, torch.float32), lr=0.01)
