"""The references are the central quotient written out for one entry, and torch.autograd for the true gradient."""

from itertools import product

import pytest
import torch

from grader.compare import assert_raises, assert_same, assert_true


def true_gradient(f, x):
    leaf = x.double().requires_grad_()
    f(leaf).backward()
    return leaf.grad


def quotient(f, x, step):
    """(f(x + step) - f(x - step)) / (2 step), for each entry of x moved alone."""
    slopes = torch.zeros(x.shape, dtype=torch.float64)
    for index in product(*map(range, x.shape)):
        move = torch.zeros(x.shape, dtype=torch.float64)
        move[index] = step
        slopes[index] = (f(x.double() + move).item() - f(x.double() - move).item()) / (2 * step)
    return slopes


def error(a, b, floor=1e-4):
    a, b = a.double(), b.double()
    return (a - b).abs() / torch.stack([a.abs(), b.abs(), torch.full_like(a, floor)]).amax(dim=0)


def cubes(z):
    return (z**3).sum()


def mixed(z):
    """Every entry takes part in the slope of every other one."""
    return (1 + z.reshape(-1)).prod() + z.exp().sum()


def smooth(z):
    return (z.sin() * z.exp()).sum() + z.sum() ** 2


@pytest.mark.parametrize("step", [0.5, 0.125])
def test_central_quotient(answer, draw, step):
    """numeric_grad: a step to either side
    numeric_grad：向两边各走一步"""
    x = draw.normal(4, dtype=torch.float64)
    assert_same(answer.numeric_grad(cubes, x, step), 3 * x**2 + step**2, f"numeric_grad(sum of cubes, x, step={step})")


@pytest.mark.after("test_central_quotient")
def test_one_entry_at_a_time(answer, draw):
    """numeric_grad: one entry at a time
    numeric_grad：每次只动一个元素"""
    for shape in ((5,), (2, 3)):
        x = draw.uniform(*shape, low=0.5, high=1.5, dtype=torch.float64)
        assert_same(answer.numeric_grad(mixed, x, 0.25), quotient(mixed, x, 0.25), f"numeric_grad(f, x, step=0.25), {shape}")


@pytest.mark.after("test_central_quotient")
def test_default_step(answer, draw):
    """numeric_grad: nine digits by default
    numeric_grad：默认精确到九位"""
    x = draw.normal(6, dtype=torch.float64)
    # rounding gives up to 1e-16 * 50 / 1e-5, the neglected third derivative 1e-11 * 20; a step of 1e-4 is off by more than 1e-9
    assert_same(answer.numeric_grad(smooth, x), true_gradient(smooth, x), "numeric_grad(f, x)", rtol=1e-8, atol=2e-9)
    x = 10 + draw.uniform(5, dtype=torch.float64)
    # cubes of 1000 to 1331: rounding up to 6000 * 1.1e-16 / 1e-5 = 7e-8; the step itself adds 1e-10
    assert_same(answer.numeric_grad(cubes, x), true_gradient(cubes, x), "numeric_grad(sum of cubes, x)", rtol=2e-9, atol=0.0)


@pytest.mark.after("test_default_step")
def test_float32(answer, draw):
    """numeric_grad: float32 is measured in float64
    numeric_grad：float32 也用 float64 测量"""
    x = 1 + draw.uniform(4)
    assert_same(answer.numeric_grad(smooth, x), true_gradient(smooth, x), "numeric_grad(f, x), x in float32", rtol=1e-7, atol=1e-7)


@pytest.mark.after("test_one_entry_at_a_time")
def test_shapes(answer, draw):
    """numeric_grad: any shape
    numeric_grad：任意形状"""
    wide = draw.normal(4, 6, dtype=torch.float64)
    for x in (wide.T, wide[::2, 1::2], wide.reshape(2, 3, 4), wide[0, 0], wide[:, :1], wide[:0]):
        what = f"numeric_grad(f, x, step=0.25), x of shape {tuple(x.shape)}"
        assert_same(answer.numeric_grad(cubes, x, 0.25), quotient(cubes, x, 0.25), what)


@pytest.mark.after("test_one_entry_at_a_time")
def test_calls(answer, draw):
    """numeric_grad: what f is called with
    numeric_grad：用什么去调用 f"""
    x, seen = draw.normal(2, 3), []

    def f(z):
        seen.append(z)
        return z.square().sum().item()  # a float

    expected = 2 * x.double()
    assert_same(answer.numeric_grad(f, x, 0.25), expected, "numeric_grad(f, x, step=0.25), f returns a float")
    message = f"it is called {len(seen)} times, with 6 entries at most 12 are needed", f"它被调用了 {len(seen)} 次，6 个元素至多需要 12 次"
    assert_true(len(seen) <= 12, "f", *message)
    for z in seen:
        assert_same(z.dtype, torch.float64, "dtype of what f is called with")
        assert_same(list(z.shape), [2, 3], "shape of what f is called with")
        moved = (z - x.double()).abs()
        message = "it is called with more than one entry moved, or by another distance than step", "调用时动了不止一个元素，或移动的距离不是 step"
        assert_true(bool((moved > 1e-12).sum() <= 1 and (moved < 0.25 + 1e-12).all()), "f", *message)
    seen.clear()
    answer.numeric_grad(f, x[0])
    for z in seen:
        assert_same((z - x[0].double()).abs().max().item(), 1e-5, "how far f is called from x, by default", rtol=1e-6)  # 1e-16 / 1e-5 by rounding


def interrupted(numeric_grad, x):
    """x after a call whose f raises."""

    def f(_z):
        raise ArithmeticError("f has no value here")

    try:
        numeric_grad(f, x)
    except ArithmeticError:
        return x
    return None


@pytest.mark.after("test_one_entry_at_a_time")
def test_x_unchanged(answer, draw, worker):
    """numeric_grad: x is unchanged when f raises
    numeric_grad：f 抛出异常时 x 也不变"""
    for dtype in (torch.float32, torch.float64):
        x = draw.normal(3, dtype=dtype)
        with worker.allow_changes():
            after = worker.define(interrupted)(answer.numeric_grad, x)
        assert_same(after, x, "x after numeric_grad(f, x), where f raised", rtol=0.0, atol=0.0)  # the very same numbers


def test_relative_error(answer, draw):
    """relative_error: divided by the larger of both
    relative_error：除以两者中较大的"""
    a = draw.uniform(2, 4, low=0.5, high=2.0, dtype=torch.float64) * torch.tensor([1.0, -1.0, 1e5, -1e-2], dtype=torch.float64)
    for factor in (1.25, 0.5, -1.0, 1.0 + 1e-6):
        # the difference of near numbers loses digits: 1e-16 / 1e-6
        assert_same(answer.relative_error(a, factor * a), error(a, factor * a), "relative_error(a, b)", rtol=1e-8, atol=1e-14)
    assert_same(answer.relative_error(a.float(), a.float() + 1), error(a.float(), a.float() + 1), "relative_error(a, b), float32", rtol=1e-12)


@pytest.mark.after("test_relative_error")
def test_relative_error_near_zero(answer, draw):
    """relative_error: the floor
    relative_error：下限 floor"""
    a = torch.tensor([0.0, 0.0, 1e-9, -3e-5, 2e-4, -1.0], dtype=torch.float64)
    b = torch.tensor([0.0, 1e-7, -1e-9, 2e-5, -1e-4, 0.0], dtype=torch.float64)
    assert_same(answer.relative_error(a, b), error(a, b), "relative_error(a, b)")
    for floor in (1e-8, 0.5):
        assert_same(answer.relative_error(a, b, floor), error(a, b, floor), f"relative_error(a, b, floor={floor:g})")
    nan = torch.tensor([float("nan"), 1.0], dtype=torch.float64)
    assert_same(answer.relative_error(nan, torch.ones(2).double()), torch.tensor([float("nan"), 0.0]).double(), "relative_error([nan, 1], [1, 1])")


def indices(answer, *args, **kwargs):
    """The list that check returns, each index as a tuple of int."""
    return [tuple(int(place) for place in index) for index in answer.check(*args, **kwargs)]


@pytest.mark.after("test_default_step", "test_relative_error", "test_float32")
def test_check_right_gradients(answer, draw):
    """check: a right gradient passes
    check：正确的梯度应通过"""
    for x in (draw.normal(2, 3, dtype=torch.float64), draw.normal(5), draw.normal(2, 0), draw.normal(1)[0]):
        assert_same(answer.check(smooth, lambda z: true_gradient(smooth, z), x), [], f"check(f, grad_f, x), grad_f right, {tuple(x.shape)}")
    weights = torch.tensor([1e6, -1e6, 3e5], dtype=torch.float64)
    x = draw.uniform(3, low=1.0, high=2.0, dtype=torch.float64)
    assert_same(answer.check(lambda z: (weights * z**2).sum(), lambda z: 2 * weights * z, x), [], "check, gradients of a million")
    weights = torch.tensor([1e-9, 0.0, 1.0], dtype=torch.float64)
    what = "check, gradients of 1e-9, 0 and 1"
    assert_same(answer.check(lambda z: (weights * z.sin()).sum() + 3, lambda z: weights * z.cos(), x - 1), [], what)


@pytest.mark.after("test_check_right_gradients")
def test_check_finds_wrong_entries(answer, draw):
    """check: which entries are wrong
    check：指出哪些元素错了"""
    x = draw.uniform(3, 4, low=1.0, high=2.0, dtype=torch.float64)
    for count in (1, 3, 12):
        wrong = draw.permutation(12)[:count].sort().values.tolist()

        def spoilt(z, wrong=wrong):
            gradient = 3 * z**2
            gradient.view(-1)[wrong] *= 1 + 1e-3
            return gradient

        assert_same(indices(answer, cubes, spoilt, x), [divmod(place, 4) for place in wrong], f"check(f, grad_f, x), {count} of 12 entries wrong")
    assert_same(indices(answer, cubes, lambda z: -3 * z**2, x[0, 0]), [()], "check(f, -grad_f, x), x without axes")


@pytest.mark.after("test_check_finds_wrong_entries")
def test_check_small_gradients(answer, draw):
    """check: a small wrong gradient beside large ones
    check：大梯度旁边错了的小梯度"""
    x = draw.uniform(4, low=1.0, high=2.0, dtype=torch.float64)
    weights = torch.tensor([0.1, 1e3, -0.1, 1e3], dtype=torch.float64)
    factors = torch.tensor([1.0, 1.0, 0.99, 1.0 + 2e-4], dtype=torch.float64)
    found = indices(answer, lambda z: (weights * z**2).sum(), lambda z: 2 * weights * factors * z, x)
    assert_same(found, [(2,), (3,)], "check(f, grad_f, x), the third of the gradients 0.2, 2000, -0.2, 2000 off by 1 %, the fourth by 0.02 %")


@pytest.mark.after("test_check_finds_wrong_entries")
def test_check_settings(answer, draw):
    """check: tolerance and step
    check：容差与步长"""
    x = draw.uniform(3, low=1.0, high=2.0, dtype=torch.float64)
    off = torch.tensor([1.0, 1.01, 1.1], dtype=torch.float64)
    for tolerance, wrong in ((1e-3, [(1,), (2,)]), (0.05, [(2,)]), (0.5, [])):
        assert_same(indices(answer, cubes, lambda z: 3 * off * z**2, x, tolerance), wrong, f"check(f, grad_f, x, tolerance={tolerance})")
    off = torch.tensor([1.0 + 7e-6, 1.0 + 1.5e-5, 1.0 - 1.5e-5], dtype=torch.float64)
    assert_same(indices(answer, cubes, lambda z: 3 * off * z**2, x), [(1,), (2,)], "check(f, grad_f, x), entries off by 7e-6 and twice by 1.5e-5")
    assert_same(indices(answer, torch.sum, torch.ones_like, torch.arange(3.0), 0.0, 0.5), [], "check(torch.sum, torch.ones_like, x, 0.0, 0.5)")
    # with a step of 0.5 the quotient of a cube is 3 x^2 + 0.25: right entries look wrong
    assert_same(indices(answer, cubes, lambda z: 3 * z**2, x, step=0.5), [(0,), (1,), (2,)], "check(f, grad_f, x, step=0.5), of a cube")
    assert_same(indices(answer, cubes, lambda z: 3 * z**2 + 0.25, x, step=0.5), [], "check(f, grad_f + 0.25, x, step=0.5), of a cube")


@pytest.mark.after("test_check_finds_wrong_entries")
def test_check_nan(answer, draw):
    """check: nan is wrong
    check：nan 也算错"""
    x = draw.uniform(4, low=1.0, high=2.0, dtype=torch.float64)
    spoil = torch.tensor([1.0, float("nan"), float("inf"), 1.0], dtype=torch.float64)
    assert_same(indices(answer, cubes, lambda z: 3 * spoil * z**2, x), [(1,), (2,)], "check(f, grad_f, x), nan in the second entry, inf in the third")


@pytest.mark.after("test_check_finds_wrong_entries")
def test_check_calls(answer, draw):
    """check: what f and grad_f are called with
    check：用什么去调用 f 和 grad_f"""
    x, seen, points = 1 + draw.uniform(3), [], []

    def f(z):
        points.append(z.double())
        return smooth(z)

    def gradient(z):
        seen.append(z)
        return true_gradient(smooth, z)

    assert_same(answer.check(f, gradient, x), [], "check(f, grad_f, x), x in float32")
    for z in seen:
        assert_same(z, x.double(), "what grad_f is called with")
    for point in points:
        distance = (point - x.double()).abs().max().item()
        assert_same(distance, 1e-5, "how far f is called from x, by default", rtol=1e-6)  # 1e-16 / 1e-5 by rounding


@pytest.mark.after("test_check_right_gradients")
def test_check_shape(answer, draw):
    """check: a gradient of another shape
    check：形状不符的梯度"""
    x = draw.normal(3, 2, dtype=torch.float64)
    for other in (lambda z: 3 * z.T**2, lambda z: 3 * z[:1] ** 2, lambda z: 3 * z[:, 0] ** 2, cubes):
        assert_raises(ValueError, answer.check, cubes, other, x)
