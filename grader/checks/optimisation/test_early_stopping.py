"""The references are traces worked out by hand, and for random ones a slow loop over all epochs so far."""

import math

import numpy as np
import pytest

from grader.compare import assert_raises, assert_same

NAN, INF = math.nan, math.inf


def run(np, make, trace, settings):
    """For each value what step returns, best and best_epoch."""
    weights = {"w": np.zeros(2)}
    watcher = make(**settings)
    seen = []
    for value in trace:
        stop = watcher.step(value, weights)
        seen.append((bool(stop) if isinstance(stop, (bool, np.bool_)) else stop, watcher.best, watcher.best_epoch))
    return seen


def reference(trace, patience=5, min_delta=0.0, mode="min"):
    sign = 1.0 if mode == "min" else -1.0
    seen, best, best_epoch = [], INF, None
    for epoch, value in enumerate(trace):
        if sign * value < best - min_delta:
            best, best_epoch = sign * value, epoch
        since = epoch - (-1 if best_epoch is None else best_epoch)
        seen.append((since >= patience, sign * best, best_epoch))
    return seen


def compare(answer, worker, trace, **settings):
    found = worker.define(run)(worker.numpy, answer.EarlyStopping, trace, settings)
    named = ", ".join(f"{name}={value!r}" for name, value in settings.items())
    for epoch, (yours, right) in enumerate(zip(found, reference(trace, **settings), strict=True)):
        for mine, wanted, name in zip(yours, right, ("what step returns", "best", "best_epoch"), strict=True):
            shown = ", ".join(f"{value:g}" for value in trace[: epoch + 1][-8:])
            assert_same(mine, wanted, f"EarlyStopping({named}): {name} at epoch {epoch} of … {shown}")


def test_best(answer, draw, worker):
    """The best value and its epoch
    最优值及其所在的轮"""
    compare(answer, worker, [4.0, 3.0, 3.5, 2.0, 2.5, 1.0], patience=9)
    compare(answer, worker, draw.normal(12).double().tolist(), patience=99)


@pytest.mark.after("test_best")
def test_patience(answer, worker):
    """When to stop
    何时停止"""
    for patience in (1, 2, 3):
        compare(answer, worker, [3.0, 2.0, 2.5, 2.25, 2.75, 2.5], patience=patience)
    compare(answer, worker, [3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])


@pytest.mark.after("test_patience")
def test_waiting_begins_anew(answer, draw, worker):
    """An improvement begins the waiting anew
    有改进就重新开始等待"""
    compare(answer, worker, [5.0, 6.0, 6.0, 4.0, 5.0, 5.0, 3.0, 4.0, 4.0, 4.0, 2.0, 3.0], patience=3)
    for patience in (2, 3):
        compare(answer, worker, draw.normal(30).double().tolist(), patience=patience)


@pytest.mark.after("test_patience")
def test_higher_is_better(answer, draw, worker):
    """mode="max": larger is better
    mode="max"：越大越好"""
    compare(answer, worker, [0.5, 0.75, 0.625, 0.875, 0.5, 0.25], patience=2, mode="max")
    compare(answer, worker, draw.normal(20).double().tolist(), patience=3, mode="max")


@pytest.mark.after("test_higher_is_better")
@pytest.mark.parametrize("mode", ["min", "max"])
def test_min_delta(answer, worker, mode):
    """Better by more than min_delta
    改进须超过 min_delta"""
    sign = 1.0 if mode == "min" else -1.0
    creeping = [sign * value for value in (4.0, 3.75, 3.5, 3.25, 3.0, 2.75, 2.5, 2.25)]
    compare(answer, worker, creeping, patience=3, min_delta=0.5, mode=mode)
    compare(answer, worker, [sign * value for value in (4.0, 3.5, 3.0, 2.5, 2.0)], patience=2, min_delta=0.5, mode=mode)
    compare(answer, worker, [sign * value for value in (4.0, 4.0, 4.0)], patience=2, mode=mode)


@pytest.mark.after("test_waiting_begins_anew")
@pytest.mark.parametrize("mode", ["min", "max"])
def test_nan(answer, worker, mode):
    """nan is no improvement
    nan 不算改进"""
    sign = 1.0 if mode == "min" else -1.0
    compare(answer, worker, [3.0, NAN, NAN, sign * -5.0, NAN, NAN, NAN], patience=3, mode=mode)
    compare(answer, worker, [NAN, 3.0, NAN, NAN], patience=2, mode=mode)
    compare(answer, worker, [sign * INF, NAN, sign * INF], patience=3, mode=mode)


def trained(np, make, values, patience):
    """Weights after restore: arrays that were changed in place, one that was exchanged, and the live arrays themselves."""
    weights = {"w": np.zeros((2, 2)), "b": np.zeros(3, dtype=np.float32), "scale": np.zeros(())}
    watcher = make(patience=patience)
    for epoch, value in enumerate(values):
        weights["w"] += 1.0 + epoch
        weights["scale"][...] = -epoch
        weights["b"] = np.full(3, epoch, dtype=np.float32)
        watcher.step(value, weights)
    live = dict(weights)
    watcher.restore(weights)
    first = {name: array.copy() for name, array in live.items()}
    same = [weights[name] is array for name, array in live.items()]
    for array in live.values():
        np.add(array, 100.0, out=array)
    watcher.restore(weights)
    return first, same, {name: array.copy() for name, array in weights.items()}


@pytest.mark.after("test_best")
@pytest.mark.parametrize("best", [0, 2, 4])
def test_restore(answer, worker, best):
    """The weights of the best epoch come back
    恢复最优一轮的权重"""
    values = [5.0] * 5
    values[best] = 1.0
    expected = {
        "w": np.full((2, 2), sum(range(1, best + 2)), dtype=np.float64),
        "b": np.full(3, best, dtype=np.float32),
        "scale": np.array(-best * 1.0),
    }
    first, same, again = worker.define(trained)(worker.numpy, answer.EarlyStopping, values, 9)
    assert_same(first, expected, f"the arrays given, after restore(weights), best epoch {best} of 5")
    assert_same(same, [True] * 3, "whether weights still holds the same arrays after restore(weights)")
    assert_same(again, expected, "weights after more training and restore(weights) once more")


def test_refusals(answer, worker):
    """What has no meaning is refused
    拒绝没有意义的要求"""
    for settings in ({"patience": 0}, {"patience": -1}, {"min_delta": -0.1}, {"mode": "least"}, {"mode": ""}):
        assert_raises(ValueError, answer.EarlyStopping, **settings)
    watcher = answer.EarlyStopping()
    assert_raises(RuntimeError, watcher.restore, {"w": np.zeros(2)})
    watcher.step(NAN, {"w": np.zeros(2)})
    assert_raises(RuntimeError, watcher.restore, {"w": np.zeros(2)})
