"""The references are the formulas in plain loops, normal densities by torch, and a zero gradient by autograd for logistic regression."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_between, assert_same, assert_true


def classes(draw, n, d, n_classes):
    """Classes of unequal size, place and spread; every one has three samples at least."""
    y = np.minimum(draw.numpy.integers(0, n_classes, n), draw.numpy.integers(0, n_classes, n))
    y[: 3 * n_classes] = np.repeat(np.arange(n_classes), 3)
    X = draw.numpy.normal(size=(n, d)) * draw.numpy.uniform(0.5, 2.0, size=(n_classes, d))[y] + 2 * draw.numpy.normal(size=(n_classes, d))[y]
    X[:, 0] += 0.7 * X[:, -1] * (d > 1)
    return X, y


def model(draw, d, n_classes):
    """Priors, means and variances, each number different."""
    priors = draw.numpy.uniform(0.2, 1.0, size=n_classes) * np.arange(1, n_classes + 1)
    return priors / priors.sum(), draw.numpy.normal(size=(n_classes, d)), draw.numpy.uniform(0.2, 3.0, size=(n_classes, d))


def log_softmax(rows):
    return torch.log_softmax(torch.tensor(rows, dtype=torch.float64), dim=1).numpy()


def reference_naive_bayes(X, y, n_classes, smoothing):
    priors, means, variances = [], [], []
    columns = [column.tolist() for column in X.T]
    widest = max(sum((v - sum(c) / len(c)) ** 2 for v in c) / len(c) for c in columns)
    for k in range(n_classes):
        own = [[v for v, label in zip(c, y.tolist(), strict=True) if label == k] for c in columns]
        priors.append(len(own[0]) / len(y))
        means.append([sum(c) / len(c) for c in own])
        variances.append([sum((v - sum(c) / len(c)) ** 2 for v in c) / len(c) + smoothing * widest for c in own])
    return np.array(priors), np.array(means), np.array(variances)


def log_density(x, mean, variance):
    return sum(-0.5 * math.log(2 * math.pi * v) - (a - m) ** 2 / (2 * v) for a, m, v in zip(x, mean, variance, strict=True))


def reference_naive_posterior(X, priors, means, variances):
    each = list(zip(priors.tolist(), means.tolist(), variances.tolist(), strict=True))
    return log_softmax([[math.log(p) + log_density(x, m, v) for p, m, v in each] for x in X.tolist()])


def reference_lda(X, y, n_classes):
    priors, means, _ = reference_naive_bayes(X, y, n_classes, 0.0)
    covariance = sum(np.outer(x - means[k], x - means[k]) for x, k in zip(X, y, strict=True)) / len(y)
    return priors, means, covariance


def reference_lda_posterior(X, priors, means, covariance):
    inverse = torch.linalg.inv(torch.from_numpy(covariance)).numpy()
    return log_softmax([[math.log(p) - 0.5 * float((x - m) @ inverse @ (x - m)) for p, m in zip(priors, means, strict=True)] for x in X])


def reference_logistic(X, y, penalty):
    rows, theta = torch.from_numpy(np.column_stack([X, np.ones(len(y))])), torch.zeros(X.shape[1] + 1, dtype=torch.float64)
    free, target = torch.tensor([penalty] * X.shape[1] + [0.0], dtype=torch.float64), torch.from_numpy(y).double()
    for _ in range(60):
        leaf = theta.clone().requires_grad_()
        loss = F.binary_cross_entropy_with_logits(rows @ leaf, target, reduction="sum") + (free * leaf**2).sum() / 2
        (gradient,) = torch.autograd.grad(loss, leaf)
        if gradient.abs().max() < 1e-11:
            break
        p = torch.sigmoid(rows @ theta)
        theta = theta - torch.linalg.solve(rows.T @ ((p * (1 - p))[:, None] * rows) + torch.diag(free), gradient)
    assert gradient.abs().max() < 1e-9  # the reference itself
    return theta[:-1].numpy(), theta[-1].item()


@pytest.mark.parametrize(("n", "d", "n_classes"), [(30, 3, 3), (20, 1, 2), (40, 2, 5)])
def test_fit_naive_bayes(answer, draw, n, d, n_classes):
    """fit_naive_bayes: priors, means and variances
    fit_naive_bayes：先验、均值与方差"""
    X, y = classes(draw, n, d, n_classes)
    names = ("priors", "means", "variances")
    expected = reference_naive_bayes(X, y, n_classes, 1e-9)
    for actual, right, name in zip(answer.fit_naive_bayes(X, y, n_classes), expected, names, strict=True):
        # 1e-6: the smoothing has a check of its own
        assert_same(actual, right, f"{name} of fit_naive_bayes(X, y, {n_classes})", rtol=1e-6)


@pytest.mark.after("test_fit_naive_bayes")
def test_variance_of_zero(answer, draw):
    """fit_naive_bayes: smoothing, constant features, one sample
    fit_naive_bayes：平滑、常数特征、单个样本"""
    X, y = classes(draw, 20, 3, 2)
    X[y == 1, 1] = 4.0  # constant within a class
    X, y = np.append(X, [[1.0, 2.0, 3.0]], axis=0), np.append(y, 2)  # a class of one sample
    X *= 100  # the largest variance is far from 1
    for smoothing in (1e-9, 0.1):
        expected = reference_naive_bayes(X, y, 3, smoothing)[2]
        settings = {} if smoothing == 1e-9 else {"smoothing": smoothing}
        actual = answer.fit_naive_bayes(X, y, 3, **settings)[2]
        # 1e-7: the variance of a constant feature may be as large as the rounding of its mean
        assert_same(actual / expected, np.ones((3, 3)), f"variances / expected variances, smoothing {smoothing:g}", rtol=1e-7)


@pytest.mark.parametrize(("d", "n_classes"), [(3, 3), (1, 2), (2, 5)])
def test_naive_bayes_posterior(answer, draw, d, n_classes):
    """naive_bayes_log_posterior: Bayes' rule
    naive_bayes_log_posterior：贝叶斯公式"""
    X, parameters = 2 * draw.numpy.normal(size=(7, d)), model(draw, d, n_classes)
    expected = reference_naive_posterior(X, *parameters)
    assert_same(answer.naive_bayes_log_posterior(X, *parameters), expected, "naive_bayes_log_posterior(X, priors, means, variances)")


@pytest.mark.after("test_naive_bayes_posterior")
def test_no_underflow(answer, draw):
    """naive_bayes_log_posterior: a thousand features, far samples
    naive_bayes_log_posterior：一千个特征，很远的样本"""
    X, parameters = draw.numpy.normal(size=(3, 1000)), model(draw, 1000, 2)
    assert_same(answer.naive_bayes_log_posterior(X, *parameters), reference_naive_posterior(X, *parameters), "naive_bayes_log_posterior, d = 1000")
    X, parameters = 1e4 * draw.numpy.normal(size=(3, 2)), model(draw, 2, 3)
    expected = reference_naive_posterior(X, *parameters)
    # 1e-5: differences of squares of size 1e9, each rounded
    assert_same(answer.naive_bayes_log_posterior(X, *parameters), expected, "naive_bayes_log_posterior(1e4 * X, …)", atol=1e-5)


@pytest.mark.parametrize(("n", "d", "n_classes"), [(30, 3, 3), (20, 1, 2)])
def test_fit_lda(answer, draw, n, d, n_classes):
    """fit_lda: a covariance for all classes
    fit_lda：各类共用一个协方差"""
    X, y = classes(draw, n, d, n_classes)
    expected = reference_lda(X, y, n_classes)
    for actual, right, name in zip(answer.fit_lda(X, y, n_classes), expected, ("priors", "means", "covariance"), strict=True):
        assert_same(actual, right, f"{name} of fit_lda(X, y, {n_classes})")


@pytest.mark.parametrize(("d", "n_classes"), [(3, 3), (1, 2), (2, 4)])
def test_lda_posterior(answer, draw, d, n_classes):
    """lda_log_posterior: Bayes' rule, far samples too
    lda_log_posterior：贝叶斯公式，很远的样本也要算对"""
    priors, means, _ = model(draw, d, n_classes)
    root = draw.numpy.normal(size=(d, d))
    covariance = root @ root.T + np.diag(np.linspace(0.3, 1.0, d))
    for scale, atol in ((2, 1e-9), (1000, 1e-5)):  # far away, large squares cancel
        X = scale * draw.numpy.normal(size=(6, d))
        expected = reference_lda_posterior(X, priors, means, covariance)
        # 1e-8: the inverse of a covariance loses a few digits
        assert_same(answer.lda_log_posterior(X, priors, means, covariance), expected, f"lda_log_posterior, x of size {scale}", rtol=1e-8, atol=atol)


@pytest.mark.parametrize("penalty", [1.0, 0.01])
def test_fit_logistic(answer, draw, penalty):
    """fit_logistic: the least loss
    fit_logistic：损失最小"""
    X = draw.numpy.normal(size=(40, 2))
    y = (X[:, 0] - X[:, 1] + 1 + 2 * draw.numpy.normal(size=40) > 0).astype(np.int64)
    y[:4] = 0, 1, 0, 1
    # 1e-6 is what the statement allows
    assert_same(answer.fit_logistic(X, y, penalty), reference_logistic(X, y, penalty), f"fit_logistic(X, y, {penalty})", atol=1e-6)
    X, y = draw.numpy.normal(size=(4, 6)), np.array([0, 1, 1, 0])  # separable, and the data alone do not decide
    expected = reference_logistic(X, y, penalty)
    # 1e-6 is what the statement allows
    assert_same(answer.fit_logistic(X, y, penalty), expected, f"fit_logistic(X, y, {penalty}), four samples of six features", atol=1e-6)


def test_logistic_posterior(answer, draw):
    """logistic_log_posterior: both classes, scores of any size
    logistic_log_posterior：两个类别，任意大小的分数"""
    for scale in (1, 1e4):
        X, w, b = scale * draw.numpy.normal(size=(6, 3)), draw.numpy.normal(size=3), 0.7
        scores = torch.from_numpy(X @ w + b)
        expected = torch.stack([F.logsigmoid(-scores), F.logsigmoid(scores)], dim=1).numpy()
        assert_same(answer.logistic_log_posterior(X, w, b), expected, f"logistic_log_posterior, x of size {scale:g}")


def test_samples(answer, draw):
    """sample_naive_bayes: shapes, decided by the seed
    sample_naive_bayes：形状，由种子决定"""
    parameters, seed = model(draw, 3, 2), int(draw.integers(0, 10_000))
    X, y = answer.sample_naive_bayes(*parameters, 5, seed)
    assert_same((list(X.shape), X.dtype.name, list(y.shape), y.dtype.name), ([5, 3], "float64", [5], "int64"), "shapes and dtypes of (X, y)")
    assert_same(tuple(answer.sample_naive_bayes(*parameters, 5, seed)), (X, y), "sample_naive_bayes with the same seed")
    other = bool((answer.sample_naive_bayes(*parameters, 5, seed + 1)[0] != X).any())
    assert_true(other, "sample_naive_bayes", "two seeds give the same samples", "两个不同的种子给出了相同的样本")


@pytest.mark.after("test_samples")
def test_distribution_of_samples(answer, draw):
    """sample_naive_bayes: priors, means, variances, independence
    sample_naive_bayes：先验、均值、方差、独立性"""
    priors, n = np.array([0.5, 0.3, 0.2]), 8000
    means, variances = np.array([[0.0, 5.0], [-3.0, 1.0], [10.0, -2.0]]), np.array([[0.04, 9.0], [4.0, 0.25], [16.0, 6.25]])
    X, y = answer.sample_naive_bayes(priors, means, variances, n, int(draw.integers(0, 10_000)))
    for k in range(3):
        # eight standard errors of each statistic, of at least 1,300 samples in a class
        share = float((y == k).mean())
        assert_between(share, float(priors[k]) - 0.045, float(priors[k]) + 0.045, f"share of class {k}")
        z = (X[y == k] - means[k]) / np.sqrt(variances[k])
        assert_between(float(z.mean(axis=0).min()), -0.22, 0.22, f"standardised means in class {k}")
        assert_between(float(z.mean(axis=0).max()), -0.22, 0.22, f"standardised means in class {k}")
        assert_between(float(z.std(axis=0).min()), 0.84, 1.16, f"standardised deviations in class {k}")
        assert_between(float(z.std(axis=0).max()), 0.84, 1.16, f"standardised deviations in class {k}")
        assert_between(float((z[:, 0] * z[:, 1]).mean()), -0.23, 0.23, f"correlation of the features in class {k}")
        assert_between(float((z**4).mean()), 2.0, 4.6, f"fourth moment in class {k}, 3 for a normal distribution")
