"""The references are the classes of torch.optim.lr_scheduler, stepped through."""

import math

import pytest
import torch
from torch.optim import lr_scheduler

from grader.compare import assert_raises, assert_same


def optimiser(lr):
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)


def stepped(make, lr, steps):
    """The rate of a scheduler of PyTorch at steps 0, 1, ..."""
    model = optimiser(lr)
    scheduler, rates = make(model), []
    for _ in range(steps):
        rates.append(float(model.param_groups[0]["lr"]))
        model.step()
        if len(rates) < steps:
            scheduler.step()
    return rates


def rates_of(function, steps, args, settings):
    return [function(step, *args, **settings) for step in range(steps)]


def compare(answer, worker, name, make, lr, steps, *args, **settings):
    found = worker.define(rates_of)(getattr(answer, name), steps, [lr, *args], settings)
    call = f"{name}(step, {', '.join([f'{lr:g}', *map(str, args), *(f'{key}={value:g}' for key, value in settings.items())])})"
    for step, (mine, right) in enumerate(zip(found, stepped(make, lr, steps), strict=True)):
        assert_same(mine, right, f"{call}, step {step}", atol=1e-15)


@pytest.mark.parametrize(("size", "gamma"), [(3, 0.5), (1, 0.8), (4, None)])
def test_step_decay(answer, draw, worker, size, gamma):
    """step_decay
    step_decay：阶梯衰减"""
    settings = {} if gamma is None else {"gamma": gamma}
    lr = float(draw.uniform(1, low=0.01, high=2.0))
    compare(answer, worker, "step_decay", lambda model: lr_scheduler.StepLR(model, size, **settings), lr, 10, size, **settings)


def test_exponential(answer, draw, worker):
    """exponential
    exponential：指数衰减"""
    lr = float(draw.uniform(1, low=0.01, high=2.0))
    for gamma in (0.9, 0.5):
        compare(answer, worker, "exponential", lambda model, gamma=gamma: lr_scheduler.ExponentialLR(model, gamma), lr, 8, gamma)


@pytest.mark.parametrize(("steps", "start"), [(4, 0.25), (1, 0.5), (5, None), (3, 1e-8)])
def test_linear_warmup(answer, draw, worker, steps, start):
    """linear_warmup
    linear_warmup：线性预热"""
    lr = float(draw.uniform(1, low=0.01, high=2.0))
    settings = {} if start is None else {"start_factor": start}
    make = lambda model: lr_scheduler.LinearLR(model, **{"start_factor": 1 / 3} | settings, total_iters=steps)  # noqa: E731
    compare(answer, worker, "linear_warmup", make, lr, steps + 4, steps, **settings)


def test_linear_warmup_from_zero(answer, draw):
    """linear_warmup: from 0
    linear_warmup：从 0 开始"""
    lr = float(draw.uniform(1, low=0.01, high=2.0))
    for step in range(7):
        found = answer.linear_warmup(step, lr, 4, start_factor=0.0)
        assert_same(found, lr * min(step, 4) / 4, f"linear_warmup({step}, {lr:g}, 4, start_factor=0)")


def test_cosine(answer, draw, worker):
    """cosine_restarts: descents of equal length
    cosine_restarts：等长的周期"""
    lr = float(draw.uniform(1, low=0.1, high=2.0))
    for period in (5, 1):
        make = lambda model, period=period: lr_scheduler.CosineAnnealingWarmRestarts(model, period)  # noqa: E731
        compare(answer, worker, "cosine_restarts", make, lr, 13, period)
    make = lambda model: lr_scheduler.CosineAnnealingWarmRestarts(model, 4, eta_min=0.05)  # noqa: E731
    compare(answer, worker, "cosine_restarts", make, lr, 10, 4, lr_min=0.05)


@pytest.mark.after("test_cosine")
@pytest.mark.parametrize(("period", "factor"), [(3, 2), (1, 3), (2, 2)])
def test_cosine_longer(answer, draw, worker, period, factor):
    """cosine_restarts: longer and longer descents
    cosine_restarts：越来越长的周期"""
    lr = float(draw.uniform(1, low=0.1, high=2.0))
    make = lambda model: lr_scheduler.CosineAnnealingWarmRestarts(model, period, factor, eta_min=0.01)  # noqa: E731
    compare(answer, worker, "cosine_restarts", make, lr, 25, period, factor=factor, lr_min=0.01)


@pytest.mark.parametrize("settings", [{}, {"warm": 0.5}, {"warm": 0.25, "div": 10.0, "final_div": 100.0}], ids=["default", "half", "all"])
@pytest.mark.parametrize("total", [10, 17])
def test_one_cycle(answer, draw, worker, settings, total):
    """one_cycle
    one_cycle：单周期"""
    lr = float(draw.uniform(1, low=0.1, high=2.0))
    names = {"warm": "pct_start", "div": "div_factor", "final_div": "final_div_factor"}
    theirs = {names[key]: value for key, value in settings.items()}
    make = lambda model: lr_scheduler.OneCycleLR(model, lr, total_steps=total, cycle_momentum=False, **theirs)  # noqa: E731
    compare(answer, worker, "one_cycle", make, lr, total, total, **settings)


def test_one_cycle_is_over(answer):
    """one_cycle: steps outside raise ValueError
    one_cycle：超出范围的步抛出 ValueError"""
    for step in (10, 11, -1):
        assert_raises(ValueError, answer.one_cycle, step, 0.1, 10)


def compare_plateau(answer, losses, what, lr=1.0, **settings):
    model = optimiser(lr)
    names = {"lr_min": "min_lr"}
    scheduler = lr_scheduler.ReduceLROnPlateau(model, **{names.get(key, key): value for key, value in settings.items()}, eps=0.0)
    right = []
    for loss in losses:
        scheduler.step(loss)
        right.append(float(model.param_groups[0]["lr"]))
    found = list(answer.reduce_on_plateau(losses, lr, **settings))
    call = f"reduce_on_plateau(losses, {lr:g}{''.join(f', {key}={value:g}' for key, value in settings.items())}), {what}"
    assert_same(len(found), len(right), f"len of {call}")
    for epoch, (mine, wanted) in enumerate(zip(found, right, strict=True)):
        assert_same(mine, wanted, f"{call}, after epoch {epoch}", atol=1e-15)


@pytest.mark.parametrize("patience", [0, 1, 2])
def test_plateau(answer, patience):
    """reduce_on_plateau: the count exceeds patience
    reduce_on_plateau：计数超过 patience"""
    compare_plateau(answer, [5.0, 4.0, 4.5, 4.5, 4.5, 4.5, 4.5, 4.5, 4.5, 4.5], "one best epoch", patience=patience)
    compare_plateau(answer, [2.0] * 9, "constant losses", factor=0.5, patience=patience)


@pytest.mark.after("test_plateau")
def test_plateau_begins_anew(answer, draw):
    """reduce_on_plateau: a good epoch begins anew
    reduce_on_plateau：变好后重新计数"""
    compare_plateau(answer, [5.0, 6.0, 6.0, 4.0, 5.0, 5.0, 3.0, 3.5, 3.25, 3.5, 2.0], "two bad epochs now and then", patience=2, factor=0.5)
    compare_plateau(answer, [5.0, 7.0, 6.0, 5.5, 5.25, 5.125], "falling, but never below the best", patience=1)
    compare_plateau(answer, draw.uniform(40).double().tolist(), "random losses", patience=2, factor=0.7)
    compare_plateau(answer, [3.0] * 25, "constant losses, defaults", lr=0.3)
    compare_plateau(answer, [], "no epoch yet")


@pytest.mark.after("test_plateau")
def test_plateau_threshold(answer):
    """reduce_on_plateau: the relative threshold
    reduce_on_plateau：相对阈值"""
    compare_plateau(answer, [100.0, 95.0, 90.0, 85.0, 80.0, 75.0, 70.0], "falling by 5", patience=1, threshold=0.125)
    compare_plateau(answer, [1.0, 0.99995, 0.9999, 0.99985, 0.9998, 0.99975], "falling by 0.00005", patience=0)
    compare_plateau(answer, [0.01, 0.0098, 0.0096, 0.0094], "small losses, falling by 0.0002", patience=0)
    compare_plateau(answer, [4.0, 3.0, 2.0], "falling to three quarters, then to two thirds", patience=0, threshold=0.25)


@pytest.mark.after("test_plateau")
def test_plateau_special(answer):
    """reduce_on_plateau: lr_min and nan
    reduce_on_plateau：lr_min 与 nan"""
    compare_plateau(answer, [1.0] * 8, "constant losses", lr=0.4, factor=0.5, patience=0, lr_min=0.15)
    compare_plateau(answer, [math.nan, 3.0, math.nan, math.nan, 2.0, math.nan, math.nan, math.nan], "losses with nan", patience=1, factor=0.5)
