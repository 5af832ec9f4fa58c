"""The references are torch.linalg.lstsq on augmented matrices, gradients by autograd, and for logistic regression a zero gradient."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same


def data(draw, n, d):
    """Columns of different mean and scale, a target with an offset; all float64."""
    X = draw.normal(n, d, dtype=torch.float64) * torch.linspace(0.5, 2.0, d, dtype=torch.float64) + torch.linspace(3.0, -1.0, d, dtype=torch.float64)
    return X, X @ draw.normal(d, dtype=torch.float64) + 5 + draw.normal(n, dtype=torch.float64)


def with_ones(X):
    return torch.cat([X, torch.ones(len(X), 1, dtype=X.dtype)], dim=1)


def reference_ridge(X, y, penalty):
    """Least squares with one more row sqrt(penalty) * w_k = 0 for each weight, and none for the intercept."""
    d = X.shape[1]
    rows = torch.cat([with_ones(X), penalty**0.5 * torch.eye(d, d + 1, dtype=X.dtype)])
    theta = torch.linalg.lstsq(rows, torch.cat([y, torch.zeros(d, dtype=X.dtype)])[:, None], driver="gelsd").solution[:, 0]
    return theta[:-1].numpy(), theta[-1].item()


def fitted(answer, name, X, y, *arguments):
    w, b = getattr(answer, name)(X.numpy(), y.numpy(), *arguments)
    return w, b


@pytest.mark.parametrize(("n", "d"), [(20, 3), (8, 1), (12, 5)])
def test_linear(answer, draw, n, d):
    """linear: weights and intercept
    linear：权重与截距"""
    X, y = data(draw, n, d)
    assert_same(fitted(answer, "linear", X, y), reference_ridge(X, y, 0.0), f"linear(X, y), X ({n}, {d})")


@pytest.mark.after("test_linear")
def test_linear_without_a_unique_answer(answer, draw):
    """linear: repeated columns, fewer samples than features
    linear：重复的列，样本少于特征"""
    X, y = data(draw, 15, 3)
    wide, few = data(draw, 4, 7)
    repeated = torch.cat([X, X[:, :1] - 2 * X[:, 1:2]], dim=1)
    constant = torch.cat([X, torch.full((15, 1), 2.0, dtype=torch.float64)], dim=1)
    for case, target, what in [(repeated, y, "a column that follows from others"), (constant, y, "a constant column"), (wide, few, "four samples")]:
        w, b = fitted(answer, "linear", case, target)
        assert_same(list(w.shape), [case.shape[1]], f"w.shape, {what}")
        rows = with_ones(case)
        best = rows @ torch.linalg.lstsq(rows, target[:, None], driver="gelsd").solution[:, 0]
        # 1e-6: a solution of the normal equations has half the digits
        assert_same(case.numpy() @ w + b, best.numpy(), f"X @ w + b, {what}", rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("penalty", [0.5, 20.0])
def test_ridge(answer, draw, penalty):
    """ridge: the intercept is free
    ridge：截距不受惩罚"""
    for n, d in [(20, 3), (5, 8)]:
        X, y = data(draw, n, d)
        assert_same(fitted(answer, "ridge", X, y, penalty), reference_ridge(X, y, penalty), f"ridge(X, y, {penalty}), X ({n}, {d})")


def reference_descent(X, y, learning_rate, steps):
    w, b = torch.zeros(X.shape[1], dtype=X.dtype, requires_grad=True), torch.zeros((), dtype=X.dtype, requires_grad=True)
    for _ in range(steps):
        gradients = torch.autograd.grad(((X @ w + b - y) ** 2).mean(), (w, b))
        w, b = ((value - learning_rate * gradient).detach().requires_grad_() for value, gradient in zip((w, b), gradients, strict=True))
    return w.detach().numpy(), b.item()


def test_gradient_descent(answer, draw):
    """gradient_descent: step by step
    gradient_descent：逐步比较"""
    X, y = data(draw, 10, 3)
    for learning_rate, steps in [(0.02, 1), (0.03, 2), (0.01, 0), (0.01, 25)]:
        what = f"gradient_descent(X, y, {learning_rate}, {steps})"
        assert_same(fitted(answer, "gradient_descent", X, y, learning_rate, steps), reference_descent(X, y, learning_rate, steps), what)


def reference_logistic(X, y, penalty):
    rows, theta = with_ones(X), torch.zeros(X.shape[1] + 1, dtype=torch.float64)
    free = torch.tensor([penalty] * X.shape[1] + [0.0], dtype=torch.float64)
    for _ in range(60):
        leaf = theta.clone().requires_grad_()
        loss = F.binary_cross_entropy_with_logits(rows @ leaf, y.double(), reduction="sum") + (free * leaf**2).sum() / 2
        (gradient,) = torch.autograd.grad(loss, leaf)
        p = torch.sigmoid(rows @ theta)
        if gradient.abs().max() < 1e-11:
            break
        theta = theta - torch.linalg.solve(rows.T @ ((p * (1 - p))[:, None] * rows) + torch.diag(free), gradient)
    assert gradient.abs().max() < 1e-9  # the reference itself
    return theta[:-1].numpy(), theta[-1].item()


def classes(draw, n, d):
    """Overlapping classes of unequal size."""
    X = draw.normal(n, d, dtype=torch.float64)
    y = (X @ torch.linspace(2.0, -1.0, d, dtype=torch.float64) + 1.5 + 2 * draw.normal(n, dtype=torch.float64) > 0).long()
    y[:4] = torch.tensor([0, 1, 0, 1])
    return X, y


def compare_logistic(answer, X, y, penalty, what):
    # 1e-6 is what the statement allows
    expected = reference_logistic(X, y, penalty)
    assert_same(fitted(answer, "logistic", X, y, penalty), expected, f"logistic(X, y, {penalty}), {what}", rtol=1e-8, atol=1e-6)


@pytest.mark.parametrize("penalty", [1.0, 0.05])
def test_logistic(answer, draw, penalty):
    """logistic: classes that overlap
    logistic：互有重叠的两类"""
    for n, d in [(40, 3), (25, 1)]:
        compare_logistic(answer, *classes(draw, n, d), penalty, f"X ({n}, {d})")


@pytest.mark.after("test_logistic")
def test_logistic_on_separable_classes(answer, draw):
    """logistic: classes that a plane separates, few samples
    logistic：可以用平面分开的两类，样本很少"""
    for penalty in (1.0, 1e-3):
        X = draw.normal(30, 2, dtype=torch.float64)
        y = (torch.arange(30) < 18).long()
        X[:, 0] = X[:, 0].abs() * (2 * y - 1) + 0.5 * (2 * y - 1) + 0.25
        compare_logistic(answer, X, y, penalty, "separable")
    compare_logistic(answer, draw.normal(5, 8, dtype=torch.float64), torch.tensor([0, 1, 1, 0, 1]), 0.1, "fewer samples than features")
