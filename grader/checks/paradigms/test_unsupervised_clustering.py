"""The references are Lloyd's algorithm in plain loops, the eigenvectors of the covariance by torch, and the probabilities of k-means++."""

import numpy as np
import pytest
import torch

from grader.compare import assert_between, assert_same, assert_true


def groups(draw, n, d, k, spread=1.0):
    """Samples around k places, and k of them as a start."""
    X = spread * draw.numpy.normal(size=(n, d)) + 4 * draw.numpy.normal(size=(k, d))[draw.numpy.integers(0, k, n)]
    return X, X[draw.numpy.permutation(n)[:k]]


def squared(x, c):
    return sum((a - b) ** 2 for a, b in zip(x.tolist(), c.tolist(), strict=True))


def nearest(X, centroids):
    return [min(range(len(centroids)), key=lambda j, x=x: squared(x, centroids[j])) for x in X]


def reference_kmeans(X, start, max_iter=100):
    centroids, labels = start.copy(), nearest(X, start)
    for _ in range(max_iter):
        for j in range(len(centroids)):
            members = [x for x, label in zip(X, labels, strict=True) if label == j]
            if members:
                centroids[j] = sum(members) / len(members)
        before, labels = labels, nearest(X, centroids)
        if before == labels:
            break
    return centroids, np.array(labels), float(sum(squared(x, centroids[j]) for x, j in zip(X, labels, strict=True)))


def compare_kmeans(answer, X, start, what, **settings):
    said = "".join(f", {key}={value}" for key, value in settings.items())
    centroids, labels, inertia = answer.kmeans(X, start, **settings)
    expected = reference_kmeans(X, start, **settings)
    assert_same(centroids, expected[0], f"centroids of kmeans(X, start{said}), {what}")
    assert_same(labels, expected[1], f"labels of kmeans(X, start{said}), {what}")
    assert_same(inertia, expected[2], f"inertia of kmeans(X, start{said}), {what}")


def test_kmeans(answer, draw):
    """kmeans: centroids, labels and inertia
    kmeans：质心、标签与惯性"""
    for n, d, k in [(25, 2, 3), (20, 4, 2), (9, 1, 3), (7, 3, 1)]:
        compare_kmeans(answer, *groups(draw, n, d, k), f"X ({n}, {d}), k = {k}")


@pytest.mark.after("test_kmeans")
def test_kmeans_stopped_early(answer, draw):
    """kmeans: max_iter, labels of the last centroids
    kmeans：max_iter，标签对应最后的质心"""
    line = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [20.0]])
    for max_iter in (1, 2, 3, 0):
        compare_kmeans(answer, line, np.array([[0.0], [0.75]]), "a line of points", max_iter=max_iter)
        compare_kmeans(answer, *groups(draw, 20, 2, 4, spread=3.0), "", max_iter=max_iter)


@pytest.mark.after("test_kmeans")
def test_empty_cluster(answer, draw):
    """kmeans: a centroid without samples stays
    kmeans：没有样本的质心留在原处"""
    X, start = groups(draw, 15, 2, 3)
    far = np.array([[1000.0, -1000.0]])
    compare_kmeans(answer, X, np.concatenate([start[:1], far, start[1:]]), "one centroid far away")
    compare_kmeans(answer, np.array([[0.0], [1.0], [5.0]]), np.array([[0.25], [0.25], [4.0]]), "two equal centroids")


@pytest.mark.parametrize(("n", "d", "k"), [(20, 4, 2), (6, 3, 3), (4, 6, 3), (12, 2, 1)])
def test_pca(answer, draw, n, d, k):
    """pca: components, variances and coordinates
    pca：主成分、方差与坐标"""
    X = draw.numpy.normal(size=(n, d)) * np.linspace(3, 1, d) + np.linspace(20, -10, d)
    values, vectors = torch.linalg.eigh(torch.cov(torch.from_numpy(X.T).reshape(d, n)))
    components = vectors.T.flip(0)[:k].numpy()
    components *= np.array([[1.0 if max(row, key=abs) > 0 else -1.0] for row in components.tolist()])
    actual = answer.pca(X, k)
    what = f"pca(X, {k}), X ({n}, {d})"
    # 1e-7: the covariance has twice the condition number of an SVD
    assert_same(np.abs(actual[0] @ components.T).round(6), np.eye(k), f"|components @ expected components|, {what}")
    assert_same(actual[0], components, f"components, {what}", rtol=1e-7, atol=1e-7)
    assert_same(actual[1], values.flip(0)[:k].numpy(), f"variances, {what}", rtol=1e-7)
    assert_same(actual[2], (X - X.mean(axis=0)) @ components.T, f"projected, {what}", rtol=1e-7, atol=1e-6)


def test_start_is_made_of_samples(answer, draw):
    """kmeans_plus_plus: k different samples, decided by the seed
    kmeans_plus_plus：k 个不同的样本，由种子决定"""
    X, _ = groups(draw, 10, 2, 3)
    for k in (1, 4, 10):
        seed = int(draw.integers(0, 10_000))
        start = answer.kmeans_plus_plus(X, k, seed)
        assert_same(list(start.shape), [k, 2], f"kmeans_plus_plus(X, {k}, seed).shape")
        rows = [int(np.abs(X - c).sum(axis=1).argmin()) for c in start]
        assert_same(start, X[rows], f"kmeans_plus_plus(X, {k}, seed), compared with the nearest samples")
        assert_same(len(set(rows)), k, f"number of different samples in kmeans_plus_plus(X, {k}, seed)")
        assert_same(answer.kmeans_plus_plus(X, k, seed), start, f"kmeans_plus_plus(X, {k}, seed) once more")


def many(function, X, k, seeds):
    import numpy as np  # noqa: PLC0415 - it runs in the other process

    return np.stack([function(X, k, seed)[:, 0] for seed in seeds])


@pytest.mark.after("test_start_is_made_of_samples")
def test_probabilities_of_the_start(answer, draw, worker):
    """kmeans_plus_plus: squared distances decide
    kmeans_plus_plus：概率与平方距离成正比"""
    first = int(draw.integers(0, 1_000_000))
    pairs = worker.define(many)(answer.kmeans_plus_plus, np.array([[0.0], [1.0], [10.0]]), 2, list(range(first, first + 2000)))
    share = {(a, b): float(((pairs[:, 0] == a) & (pairs[:, 1] == b)).mean()) for a in (0, 1, 10) for b in (0, 1, 10)}
    for a in (0, 1, 10):
        assert_between(
            sum(share[a, b] for b in (0, 1, 10)), 0.26, 0.407, f"share of starts with {a} as the first of 0, 1, 10"
        )  # 1/3, seven standard errors
    # (1 / 101 + 1 / 82) / 3 = 0.0074 expected, 15 of 2000; more than 55 happens less than once in 10^13, with plain distances there are 127
    assert_between(share[0, 1] + share[1, 0], 0.0, 0.0275, "share of starts with 0 and 1 of 0, 1, 10")
    # 81 / 181 / 3 = 0.149 expected, standard error 0.008
    assert_between(share[10, 1], 0.093, 0.205, "share of starts with first 10, then 1 of 0, 1, 10")
    distinct = bool((pairs[:, 0] != pairs[:, 1]).all())
    assert_true(distinct, "kmeans_plus_plus(X, 2, seed)", "a sample was drawn twice: its distance is 0", "同一个样本被抽了两次：它的距离是 0")
