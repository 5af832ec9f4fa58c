"""The references are the formulas of scikit-learn's scalers, computed in float64, and counting: every row once, every class in its share."""

import numpy as np
import pytest
import torch

from grader.compare import assert_between, assert_raises, assert_same, assert_true

DOUBLE = torch.float64


def table(draw, rows, dtype="float64"):
    """Four features of different means and spreads; the third is 0.1 in all rows."""
    x = (draw.normal(rows, 4, dtype=DOUBLE) * torch.tensor([3.0, 0.01, 0.0, 50.0], dtype=DOUBLE) + torch.tensor([5.0, -1.0, 0.1, 0.0])).numpy()
    return x.astype(dtype)


def a_seed(draw):
    return int(draw.integers(0, 10**6))


def rows_of(value, what):
    """Row numbers as they should be, or a failure."""
    fine = isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype == np.int64
    assert_true(fine, what, "this is not a one-dimensional int64 array", "这不是一维 int64 数组")
    return value


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_standardise(answer, draw, dtype):
    """standardise: by mean and deviation of train
    standardise：用训练集的均值与标准差"""
    tolerance = {"rtol": 1e-4, "atol": 1e-4} if dtype == "float32" else {}  # a mean of float32 is rounded relative to a spread of 0.01
    for rows, others in ((30, 7), (5, 1), (1, 2), (60, 20)):
        train, other = table(draw, rows, dtype), 2 * table(draw, others, dtype)
        center, spread = train.astype(float).mean(axis=0), train.astype(float).std(axis=0)
        spread = np.where(np.ptp(train, axis=0) == 0, 1.0, spread)
        found = answer.standardise(train, other)
        expected = tuple(((part - center) / spread).astype(dtype) for part in (train, other))
        assert_same(found, expected, f"standardise(train, other), {rows} training rows", **tolerance)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_min_max(answer, draw, dtype):
    """min_max: by the limits of train
    min_max：用训练集的最小与最大值"""
    tolerance = {"rtol": 1e-4, "atol": 1e-4} if dtype == "float32" else {}  # as above
    for rows, others in ((30, 7), (5, 1), (1, 2)):
        train, other = table(draw, rows, dtype), 2 * table(draw, others, dtype)
        low, high = train.astype(float).min(axis=0), train.astype(float).max(axis=0)
        spread = np.where(high == low, 1.0, high - low)
        found = answer.min_max(train, other)
        expected = tuple(((part - low) / spread).astype(dtype) for part in (train, other))
        assert_same(found, expected, f"min_max(train, other), {rows} training rows", **tolerance)


def labels_of(draw, sizes):
    """Shuffled labels, not numbered without gaps."""
    labels = torch.cat([torch.full((size,), 3 * label + 1) for label, size in enumerate(sizes)])
    return labels[draw.permutation(len(labels))].numpy()


@pytest.mark.parametrize("fraction", [0.2, 0.37, 0.75])
@pytest.mark.parametrize("sizes", [(40, 20, 10), (31, 17, 2), (90, 2, 2, 3), (9,)], ids=str)
def test_stratified_split(answer, draw, sizes, fraction):
    """stratified_split: every class in its share
    stratified_split：每个类别各占其份"""
    labels = labels_of(draw, sizes)
    train, test = answer.stratified_split(labels, fraction, a_seed(draw))
    train, test = rows_of(train, "train"), rows_of(test, "test")
    assert_same(np.sort(np.concatenate([train, test])), np.arange(len(labels)), "all row numbers of train and test, sorted")
    for label, size in enumerate(sizes):
        count = int((labels[test] == 3 * label + 1).sum())
        what = f"number of test rows of a class of {size}, test_fraction={fraction}"
        assert_between(count, max(1, int(fraction * size)), min(size - 1, int(fraction * size) + 1), what)


@pytest.mark.after("test_stratified_split")
def test_stratified_split_is_random(answer, draw):
    """stratified_split: the seed decides
    stratified_split：由种子决定"""
    labels, seed = np.repeat([0, 1], 60), a_seed(draw)
    first, again, other = (answer.stratified_split(labels, 0.4, s)[1] for s in (seed, seed, seed + 1))
    assert_same(np.sort(again), np.sort(first), "test rows from the same seed, sorted")
    for label, rows in enumerate((np.arange(60), np.arange(60, 120))):  # 24 of 60 rows agree by chance in one of 10^16 cases
        ours, theirs = np.intersect1d(first, rows), np.intersect1d(other, rows)
        differs = ours.shape != theirs.shape or bool((ours != theirs).any())
        assert_true(differs, f"test rows of class {label}", "two seeds choose the same rows", "两个种子选出了相同的行")


def test_stratified_split_refusals(answer):
    """stratified_split: what cannot be split
    stratified_split：无法划分的情形"""
    assert_raises(ValueError, answer.stratified_split, np.array([0, 0, 0, 1]), 0.5, 0)
    for fraction in (0.0, 1.0, 1.5, -0.1):
        assert_raises(ValueError, answer.stratified_split, np.array([0, 0, 1, 1]), fraction, 0)


@pytest.mark.parametrize(("n", "k"), [(10, 5), (11, 4), (7, 7), (5, 2), (23, 6)])
def test_k_fold(answer, draw, n, k):
    """k_fold: every row is validated once
    k_fold：每行恰好验证一次"""
    folds = list(answer.k_fold(n, k, a_seed(draw)))
    assert_same(len(folds), k, f"len(k_fold({n}, {k}, seed))")
    pairs = [(rows_of(train, "train"), rows_of(validation, "validation")) for train, validation in folds]
    for train, validation in pairs:
        what = f"rows of train and validation of one fold, sorted, k_fold({n}, {k}, seed)"
        assert_same(np.sort(np.concatenate([train, validation])), np.arange(n), what)
        assert_between(len(validation), n // k, -(-n // k), f"size of a validation part, k_fold({n}, {k}, seed)")
    joined = np.sort(np.concatenate([validation for _, validation in pairs]))
    assert_same(joined, np.arange(n), f"rows of all validation parts, sorted, k_fold({n}, {k}, seed)")


@pytest.mark.after("test_k_fold")
def test_k_fold_is_random(answer, draw):
    """k_fold: the seed decides
    k_fold：由种子决定"""
    seed = a_seed(draw)
    first, again, other = (np.sort(answer.k_fold(120, 2, s)[0][1]) for s in (seed, seed, seed + 1))
    assert_same(again, first, "first validation part from the same seed, sorted")
    for name, rows in (("two seeds give the same parts", other), ("the rows are not shuffled", np.arange(60))):
        chinese = "两个种子给出了相同的划分" if rows is other else "行没有打乱"
        assert_true(bool((rows != first).any()), "first validation part", name, chinese)


def test_k_fold_refusals(answer):
    """k_fold: too few or too many folds
    k_fold：折数过少或过多"""
    for n, k in ((5, 1), (5, 6), (5, 0)):
        assert_raises(ValueError, answer.k_fold, n, k, 0)


@pytest.mark.parametrize(("n", "size"), [(10, 4), (12, 4), (3, 5), (5, 1)])
@pytest.mark.parametrize("drop_last", [False, True])
def test_batches(answer, draw, n, size, drop_last):
    """batches: every row once, x with its y
    batches：每行一次，x 与 y 成对"""
    x, y = draw.normal(n, 2, 3).numpy(), np.arange(n) * 10
    found = list(answer.batches(x, y, size, a_seed(draw), drop_last) if drop_last else answer.batches(x, y, size, a_seed(draw)))
    sizes = [min(size, n - start) for start in range(0, n, size)]
    sizes = [s for s in sizes if s == size or not drop_last]
    what = f"batches of {n} rows, batch_size={size}, drop_last={drop_last}"
    assert_same([len(part) for _, part in found], sizes, f"sizes of {what}")
    seen = np.concatenate([np.zeros(0, dtype=int), *(part for _, part in found)])
    assert_same(len(np.unique(seen)), sum(sizes), f"number of different rows in {what}")
    for part_x, part_y in found:
        assert_same(part_y.dtype.name, "int64", f"dtype of y in {what}")
        assert_same(part_x, x[part_y // 10], f"x of the rows whose y you gave, {what}")


@pytest.mark.after("test_batches")
def test_batches_are_random(answer, draw):
    """batches: the seed decides the order
    batches：由种子决定顺序"""
    x, seed = np.arange(100), a_seed(draw)
    first, again, other = (np.concatenate([part for _, part in answer.batches(x, x, 30, s)]) for s in (seed, seed, seed + 1))
    assert_same(again, first, "rows in order, from the same seed")
    for name, rows in (("two seeds give the same order", other), ("the rows are not shuffled", x)):
        chinese = "两个种子给出了相同的顺序" if rows is other else "行没有打乱"
        assert_true(bool((rows != first).any()), "rows in order", name, chinese)
    dropped = [set(range(100)) - set(np.concatenate([part for _, part in answer.batches(x, x, 30, s, True)]).tolist()) for s in (seed, seed + 1)]
    assert_true(dropped[0] != dropped[1], "rows left out by drop_last", "the same for two seeds", "两个种子丢掉的行相同")
