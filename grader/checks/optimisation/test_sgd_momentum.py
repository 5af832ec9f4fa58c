"""The reference is torch.optim.SGD, over up to fifty steps with the same gradients."""

import pytest
import torch

from grader.compare import assert_raises, assert_same

SHAPES = [(3, 2), (4,), ()]


def trajectory(make, starts, gradients, settings, rates):
    """The parameters after each step of the optimiser, for the gradients of each step."""
    parameters = [start.clone().requires_grad_() for start in starts]
    optimiser = make(parameters, **settings)
    path = []
    for number, step in enumerate(gradients):
        for parameter, gradient in zip(parameters, step, strict=True):
            parameter.grad = None if gradient is None else gradient.clone()
        if rates:
            getattr(optimiser, "param_groups", [vars(optimiser)])[0]["lr"] = rates[number]
        optimiser.step()
        path.append([parameter.detach().clone() for parameter in parameters])
    return path


def problem(draw, steps, dtype=torch.float64):
    """Start values and a list of gradients for each step, which share a direction, so that momentum shows."""
    starts = [draw.normal(*shape, dtype=dtype) for shape in SHAPES]
    drift = [draw.normal(*shape, dtype=dtype) for shape in SHAPES]
    return starts, [[d + draw.normal(*shape, dtype=dtype) for d, shape in zip(drift, SHAPES, strict=True)] for _ in range(steps)]


def compare(answer, worker, starts, gradients, rates=(), **settings):
    actual = worker.define(trajectory)(answer.SGD, starts, gradients, settings, list(rates))
    expected = trajectory(torch.optim.SGD, starts, gradients, settings, rates)
    named = ", ".join(f"{name}={value}" for name, value in settings.items())
    for step, (yours, right) in enumerate(zip(actual, expected, strict=True)):
        for number, (mine, wanted) in enumerate(zip(yours, right, strict=True)):
            assert_same(mine, wanted, f"SGD(parameters, {named}): parameter {number} after step {step + 1}")


@pytest.mark.parametrize("lr", [0.1, 2.0, 0.0])
def test_plain(answer, draw, worker, lr):
    """Plain gradient descent
    普通梯度下降"""
    compare(answer, worker, *problem(draw, 3), lr=lr)


@pytest.mark.after("test_plain")
@pytest.mark.parametrize("momentum", [0.9, 0.5])
def test_momentum(answer, draw, worker, momentum):
    """Momentum
    动量"""
    compare(answer, worker, *problem(draw, 4), lr=0.1, momentum=momentum)


@pytest.mark.after("test_momentum")
@pytest.mark.parametrize("dampening", [0.3, 1.0])
def test_dampening(answer, draw, worker, dampening):
    """Dampening, from the second step on
    阻尼，从第二步开始"""
    compare(answer, worker, *problem(draw, 4), lr=0.1, momentum=0.8, dampening=dampening)
    compare(answer, worker, *problem(draw, 2), lr=0.1, dampening=dampening)


@pytest.mark.after("test_momentum")
def test_nesterov(answer, draw, worker):
    """Nesterov
    Nesterov 动量"""
    compare(answer, worker, *problem(draw, 4), lr=0.1, momentum=0.9, nesterov=True)


@pytest.mark.after("test_momentum")
def test_weight_decay(answer, draw, worker):
    """Weight decay
    权重衰减"""
    compare(answer, worker, *problem(draw, 2), lr=0.1, weight_decay=0.3)
    compare(answer, worker, *problem(draw, 4), lr=0.1, momentum=0.9, weight_decay=0.3)


@pytest.mark.after("test_momentum", "test_weight_decay")
def test_maximize(answer, draw, worker):
    """Going uphill
    向上走"""
    compare(answer, worker, *problem(draw, 2), lr=0.1, maximize=True)
    compare(answer, worker, *problem(draw, 3), lr=0.1, momentum=0.9, weight_decay=0.2, maximize=True)


@pytest.mark.after("test_momentum", "test_weight_decay")
def test_no_gradient(answer, draw, worker):
    """A parameter without grad is passed by
    没有 grad 的参数被跳过"""
    starts, gradients = problem(draw, 5)
    for step, number in ((0, 1), (2, 0), (3, 0), (3, 2), (4, 1)):
        gradients[step][number] = None
    compare(answer, worker, starts, gradients, lr=0.1, momentum=0.9, weight_decay=0.3, dampening=0.5)
    compare(answer, worker, starts, gradients, lr=0.1, weight_decay=0.3)


@pytest.mark.after("test_momentum")
def test_changed_rate(answer, draw, worker):
    """lr changed between steps
    步与步之间改变 lr"""
    compare(answer, worker, *problem(draw, 4), rates=[0.1, 0.5, 0.02, 0.0], lr=0.1, momentum=0.9)


@pytest.mark.after("test_dampening", "test_nesterov", "test_maximize", "test_no_gradient", "test_changed_rate")
def test_fifty_steps(answer, draw, worker):
    """Fifty steps, in float32 too
    五十步，也用 float32"""
    compare(answer, worker, *problem(draw, 50), lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.1)
    starts, gradients = problem(draw, 5, torch.float32)
    compare(answer, worker, starts, gradients, lr=0.05, momentum=0.9, weight_decay=0.1, dampening=0.25)


def test_refusals(answer, worker):
    """What makes no sense raises ValueError
    没有意义的设置抛出 ValueError"""
    p = worker.hold(torch.ones(2), requires_grad=True)
    assert_raises(ValueError, answer.SGD, [p], lr=-0.1)
    assert_raises(ValueError, answer.SGD, [p], lr=0.1, nesterov=True)
    assert_raises(ValueError, answer.SGD, [p], lr=0.1, momentum=0.9, dampening=0.1, nesterov=True)


def from_generator(make, start):
    """Two steps of an optimiser that was given a generator; a view of the parameter, and the gradient afterwards."""
    parameter = start.clone().requires_grad_()
    view = parameter.detach()
    optimiser = make((p for p in [parameter]), lr=0.5, momentum=0.5, weight_decay=0.5)
    for _ in range(2):
        parameter.grad = start.clone()
        optimiser.step()
    return parameter.detach().clone(), view.clone(), parameter.grad.clone()


@pytest.mark.after("test_weight_decay")
def test_in_place(answer, draw, worker):
    """Parameters change in place, grads not at all
    参数原地改变，grad 保持不变"""
    start = draw.normal(3, dtype=torch.float64)
    parameter, view, gradient = worker.define(from_generator)(answer.SGD, start)
    right, _, _ = from_generator(torch.optim.SGD, start)
    assert_same(parameter, right, "the parameter after two steps, from a generator of parameters")
    assert_same(view, right, "a view of the parameter after two steps")
    assert_same(gradient, start, "parameter.grad after step()")


def emptied(make, start, set_to_none):
    """grad after zero_grad, of three parameters; the tensor that was grad; and the parameter after two steps with zero_grad between them."""
    first, idle, parameter = (start.clone().requires_grad_() for _ in range(3))
    optimiser = make([first, idle, parameter], lr=0.5, momentum=0.5)
    gradient = start.clone()
    first.grad, parameter.grad = 2 * start, gradient
    optimiser.step()
    optimiser.zero_grad() if set_to_none is None else optimiser.zero_grad(set_to_none)
    seen = None if parameter.grad is None else parameter.grad.clone()
    if parameter.grad is None:
        parameter.grad = 3 * start
    else:
        parameter.grad += 3 * start
    optimiser.step()
    return seen, idle.grad, gradient.clone(), parameter.detach().clone(), first.grad


@pytest.mark.after("test_momentum")
def test_zero_grad(answer, draw, worker):
    """zero_grad: None, or zeros in place
    zero_grad：置为 None，或原地填零"""
    start = draw.normal(3, dtype=torch.float64)
    for set_to_none in (None, True, False):
        actual = worker.define(emptied)(answer.SGD, start, set_to_none)
        expected = emptied(torch.optim.SGD, start, set_to_none)
        call = f"zero_grad({'' if set_to_none is None else set_to_none})"
        assert_same(actual[0], expected[0], f"parameter.grad after {call}")
        assert_same(actual[1], expected[1], f"grad of a parameter that had none, after {call}")
        assert_same(actual[2], expected[2], f"the tensor that was parameter.grad, after {call} and another gradient")
        assert_same(actual[3], expected[3], f"parameter after step(), {call}, step()")
        assert_same(actual[4], expected[4], f"grad of the first of three parameters after {call}")


def resumed(make, starts, gradients, settings, others):
    """State saved after two steps, then two steps more; two steps of another optimiser that loads it; the state, before and after those."""
    import copy  # noqa: PLC0415 - runs in the worker

    parameters = [start.clone().requires_grad_() for start in starts]
    optimiser = make(parameters, **settings)

    def walk(optimiser, parameters, gradients):
        for step in gradients:
            for parameter, gradient in zip(parameters, step, strict=True):
                parameter.grad = gradient
            optimiser.step()
        return [parameter.detach().clone() for parameter in parameters]

    middle = walk(optimiser, parameters, gradients[:2])
    state = optimiser.state_dict()
    before = copy.deepcopy(state)
    ends = [walk(optimiser, parameters, gradients[2:])]
    for _ in range(2):
        parameters = [value.clone().requires_grad_() for value in middle]
        optimiser = make(parameters, **others)
        optimiser.load_state_dict(state)
        ends.append(walk(optimiser, parameters, gradients[2:]))
    return ends, before, state


@pytest.mark.after("test_fifty_steps")
@pytest.mark.parametrize(
    "settings",
    [
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.5},
        {"lr": 0.2, "momentum": 0.5, "nesterov": True, "weight_decay": 0.3, "maximize": True},
        {"lr": 0.3, "weight_decay": 0.2},
    ],
    ids=["dampening", "nesterov", "plain"],
)
def test_state_dict(answer, draw, worker, settings):
    """state_dict: go on where another one stopped
    state_dict：从另一个优化器停下的地方继续"""
    starts, gradients = problem(draw, 5)
    gradients[0][1] = gradients[1][1] = None
    others = {"lr": 1.0, "momentum": 0.1}
    ends, before, state = worker.define(resumed)(answer.SGD, starts, gradients, settings, others)
    assert_same(isinstance(state, dict), True, "isinstance(state_dict(), dict), made of plain values")
    assert_same(state, before, "the state that state_dict() returned, after later steps")
    expected = trajectory(torch.optim.SGD, starts, gradients, settings, ())[-1]
    names = ("the optimiser itself, after state_dict()", "another one, after load_state_dict", "a third one, from the same state")
    for who, end in zip(names, ends, strict=True):
        assert_same(end, expected, f"parameters after five steps, {who}")
