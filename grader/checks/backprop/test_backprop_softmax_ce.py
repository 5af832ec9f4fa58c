"""The reference is F.cross_entropy, differentiated by torch.autograd."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_raises, assert_same

both_dtypes = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])


def reference(logits, labels, reduction="mean", ignore_index=-100, upstream=1.0):
    leaf = logits.detach().clone().requires_grad_()
    loss = F.cross_entropy(leaf, labels, reduction=reduction, ignore_index=ignore_index)
    (upstream * loss).backward()
    return leaf.grad


def compare(answer, logits, labels, what, **settings):
    named = "".join(f", {name}={value!r}" for name, value in settings.items())
    assert_same(
        answer.logits_gradient(logits, labels, **settings), reference(logits, labels, **settings), f"logits_gradient(logits, labels{named}), {what}"
    )


@both_dtypes
def test_sum(answer, draw, dtype):
    """Sum over the batch
    对批次求和"""
    compare(answer, 2 * draw.normal(5, 4, dtype=dtype), draw.integers(0, 4, (5,)), "(5, 4)", reduction="sum")


@pytest.mark.after("test_sum")
@both_dtypes
def test_mean(answer, draw, dtype):
    """Mean over the batch
    对批次取平均"""
    compare(answer, 2 * draw.normal(6, 4, dtype=dtype), draw.integers(0, 4, (6,)), "(6, 4)", reduction="mean")


@pytest.mark.after("test_mean")
def test_defaults(answer, draw):
    """Mean is the default
    默认取平均"""
    compare(answer, draw.normal(4, 3), draw.integers(0, 3, (4,)), "(4, 3)")


@pytest.mark.after("test_sum")
@pytest.mark.parametrize("shape", [(1, 3), (3, 3), (2, 7), (9, 2), (4, 1), (0, 3)], ids=str)
def test_shapes(answer, draw, shape):
    """Batches of one, of none, square, views
    单个样本、空批次、方阵、非连续输入"""
    n, classes = shape
    for reduction in ("sum", "mean"):
        compare(answer, draw.normal(*shape), draw.integers(0, classes, (n,)), str(shape), reduction=reduction)
        compare(answer, draw.normal(classes, n).T, draw.integers(0, classes, (2 * n,))[::2], f"{shape}, views", reduction=reduction)


def some_ignored(draw, n, classes, ignore_index):
    """Labels of which two or more are ignored, and two or more are not."""
    labels = draw.integers(1, classes, (n,))
    labels[draw.permutation(n)[: n // 2]] = ignore_index
    return labels


@pytest.mark.after("test_sum")
def test_ignored_rows(answer, draw):
    """Ignored rows, summed
    求和时被忽略的行"""
    compare(answer, draw.normal(6, 4), some_ignored(draw, 6, 4, -100), "some rows ignored", reduction="sum")
    compare(answer, draw.normal(5, 3), some_ignored(draw, 5, 3, -100), "some rows ignored", reduction="sum", ignore_index=-100)


@pytest.mark.after("test_mean", "test_ignored_rows")
@both_dtypes
def test_mean_of_rows_that_count(answer, draw, dtype):
    """The mean is over the rows that count
    平均只在计入的行上进行"""
    compare(answer, draw.normal(7, 4, dtype=dtype), some_ignored(draw, 7, 4, -100), "some rows ignored")


@pytest.mark.after("test_ignored_rows")
@pytest.mark.parametrize("ignore_index", [0, 2, -1, 255])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_another_ignore_index(answer, draw, ignore_index, reduction):
    """Another ignore_index, a class among them
    其他 ignore_index，也可以是某个类别"""
    labels = some_ignored(draw, 8, 4, ignore_index)
    compare(answer, draw.normal(8, 4), labels, "some rows ignored", reduction=reduction, ignore_index=ignore_index)


@pytest.mark.after("test_mean_of_rows_that_count")
def test_all_ignored(answer, draw):
    """Nothing counts
    没有任何一行计入"""
    for reduction in ("sum", "mean"):
        what = f'logits_gradient(logits, labels, reduction="{reduction}"), all ignored'
        assert_same(answer.logits_gradient(draw.normal(3, 4), torch.full((3,), -100), reduction=reduction), torch.zeros(3, 4), what)


@pytest.mark.after("test_sum")
@both_dtypes
def test_large_logits(answer, draw, dtype):
    """Logits of ±10,000 and beyond
    ±10,000 以上的 logits"""
    labels = draw.integers(0, 4, (6,))
    for scale, offset in ((1e4, 0.0), (1.0, 1e4), (1.0, -1e4), (1e30, 0.0)):
        logits = draw.normal(6, 4, dtype=dtype) * scale + offset
        compare(answer, logits, labels, f"{scale:g} * logits + {offset:g}", reduction="sum")


@pytest.mark.after("test_mean")
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_upstream(answer, draw, reduction):
    """The gradient that comes from above
    从上层传来的梯度"""
    for upstream in (0.25, -3.0, 0.0):
        compare(answer, draw.normal(6, 3), some_ignored(draw, 6, 3, -100), "(6, 3)", reduction=reduction, upstream=upstream)


def test_unknown_reduction(answer, draw):
    """Another reduction raises ValueError
    其他归约方式抛出 ValueError"""
    for reduction in ("none", "", "Mean"):
        assert_raises(ValueError, answer.logits_gradient, draw.normal(2, 3), draw.integers(0, 3, (2,)), reduction=reduction)
