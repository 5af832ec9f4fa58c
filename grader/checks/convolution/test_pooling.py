"""The references are F.max_pool2d, F.avg_pool2d and F.adaptive_avg_pool2d."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_raises, assert_same, assert_same_gradient

F64 = {"dtype": torch.float64}


def maxima(x, size, stride=None, padding=0):
    return F.max_pool2d(x, size, stride, padding, return_indices=True)


def values_of(max_pool, x, *args):
    return max_pool(x, *args)[0]


@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, None), (3, 1), (2, 3)])
def test_max_values(answer, draw, size, stride):
    """max_pool: the largest values
    max_pool：最大值"""
    x = draw.normal(2, 3, 7, 8)
    values, _ = answer.max_pool(x, size, stride)
    assert_same(values, maxima(x, size, stride)[0], f"values of max_pool(x, {size}, {stride})")


@pytest.mark.after("test_max_values")
@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, 2), (2, 3)])
def test_max_indices(answer, draw, size, stride):
    """max_pool: where they lie
    max_pool：最大值的位置"""
    x = draw.normal(2, 3, 7, 9)
    _, indices = answer.max_pool(x, size, stride)
    assert_same(indices, maxima(x, size, stride)[1], f"indices of max_pool(x, {size}, {stride})")


@pytest.mark.after("test_max_indices")
@pytest.mark.parametrize(("size", "stride", "padding"), [(3, 2, 1), (2, None, 1), (4, 3, 2), (5, None, 1)])
def test_max_padding(answer, draw, size, stride, padding):
    """max_pool: padding never wins
    max_pool：填充永远不会胜出"""
    x = draw.normal(2, 2, 6, 9)
    for image, what in [(x, "x"), (x - 100.0, "x - 100"), (-1e30 * x.abs() - 1e30, "values of -1e30")]:
        call = f"max_pool(x, {size}, {stride}, {padding}), {what}"
        values, indices = answer.max_pool(image, size, stride, padding)
        expected_values, expected_indices = maxima(image, size, stride, padding)
        assert_same(values, expected_values, f"values of {call}")
        assert_same(indices, expected_indices, f"indices of {call}")


@pytest.mark.after("test_max_indices")
def test_max_ties(answer, draw):
    """max_pool: the first of equal values
    max_pool：相等时取第一个"""
    for x in (draw.integers(0, 2, (3, 2, 6, 7)).float(), torch.zeros(1, 1, 4, 5)):
        for size, stride in [(2, 2), (3, 1)]:
            values, indices = answer.max_pool(x, size, stride)
            expected_values, expected_indices = maxima(x, size, stride)
            assert_same(values, expected_values, f"values of max_pool(x, {size}, {stride})")
            assert_same(indices, expected_indices, f"indices of max_pool(x, {size}, {stride}), many equal values")


@pytest.mark.parametrize(("size", "stride", "padding"), [(2, 2, 0), (3, 1, 0), (3, 2, 1)])
def test_max_backward(answer, draw, size, stride, padding):
    """max_pool_backward: to the winners, added up
    max_pool_backward：传给胜者并累加"""
    x = draw.integers(0, 9, (2, 3, 6, 7)).double().requires_grad_()
    values, indices = maxima(x, size, stride, padding)
    grad = draw.normal(*values.shape, **F64)
    (values * grad).sum().backward()
    what = f"max_pool_backward, windows of {size}, stride {stride}, padding {padding}"
    assert_same(answer.max_pool_backward(grad, indices, 6, 7), x.grad, what)
    assert_same(answer.max_pool_backward(grad.float(), indices, 6, 7), x.grad.float(), f"{what}, float32")


@pytest.mark.parametrize(("size", "stride", "padding"), [(2, None, 0), (3, 1, 0), (3, 2, 1), (4, None, 2)])
def test_avg(answer, draw, size, stride, padding):
    """avg_pool: the padding counts
    avg_pool：填充计入"""
    x = draw.normal(2, 3, 7, 8, **F64)
    expected = F.avg_pool2d(x, size, stride, padding)
    assert_same(answer.avg_pool(x, size, stride, padding), expected, f"avg_pool(x, {size}, {stride}, {padding})")


@pytest.mark.after("test_avg")
@pytest.mark.parametrize(("size", "stride", "padding"), [(2, None, 0), (3, 2, 1), (4, 3, 2), (2, 1, 1)])
def test_avg_inside(answer, draw, size, stride, padding):
    """avg_pool: only pixels of the image count
    avg_pool：只计图像内的像素"""
    x = draw.normal(2, 3, 7, 8, **F64)
    expected = F.avg_pool2d(x, size, stride, padding, count_include_pad=False)
    what = f"avg_pool(x, {size}, {stride}, {padding}, count_include_pad=False)"
    assert_same(answer.avg_pool(x, size, stride, padding, count_include_pad=False), expected, what)


def test_global(answer, draw):
    """global_avg_pool
    全局平均池化"""
    for shape in [(2, 3, 4, 5), (1, 4, 1, 3), (3, 1, 6, 1)]:
        x = draw.normal(*shape, **F64)
        assert_same(answer.global_avg_pool(x), x.sum(3).sum(2) / (shape[2] * shape[3]), f"global_avg_pool of {shape}")


@pytest.mark.after("test_global")
@pytest.mark.parametrize(("height", "width"), [(4, 6), (1, 1), (8, 12), (2, 3)])
def test_adaptive_even(answer, draw, height, width):
    """adaptive_avg_pool: bins of equal size
    adaptive_avg_pool：等大的格子"""
    x = draw.normal(2, 3, 8, 12, **F64)
    assert_same(answer.adaptive_avg_pool(x, height, width), F.adaptive_avg_pool2d(x, (height, width)), f"adaptive_avg_pool(x, {height}, {width})")


@pytest.mark.after("test_adaptive_even")
@pytest.mark.parametrize(("height", "width"), [(3, 4), (5, 2), (6, 9), (9, 13)])
def test_adaptive_uneven(answer, draw, height, width):
    """adaptive_avg_pool: bins that do not divide the image
    adaptive_avg_pool：不能整除的格子"""
    x = draw.normal(2, 3, 7, 10, **F64)
    assert_same(answer.adaptive_avg_pool(x, height, width), F.adaptive_avg_pool2d(x, (height, width)), f"adaptive_avg_pool(x, {height}, {width})")


@pytest.mark.after("test_max_padding", "test_avg_inside", "test_adaptive_uneven")
def test_layout(answer, draw):
    """float32, views, an empty batch
    float32、非连续输入、空批次"""
    x = draw.normal(2, 9, 14, 3).transpose(1, 3)[..., ::2]  # 3 channels of 14 x 5
    values, indices = answer.max_pool(x, 3, 2, 1)
    expected_values, expected_indices = maxima(x.contiguous(), 3, 2, 1)
    assert_same(values, expected_values, "values of max_pool(view, 3, 2, 1)")
    assert_same(indices, expected_indices, "indices of max_pool(view, 3, 2, 1)")
    assert_same(answer.avg_pool(x, 2, 2, 1, False), F.avg_pool2d(x, 2, 2, 1, False, False), "avg_pool(view, 2, 2, 1, False)")
    assert_same(answer.adaptive_avg_pool(x, 4, 3), F.adaptive_avg_pool2d(x, (4, 3)), "adaptive_avg_pool(view, 4, 3)")
    empty = torch.zeros(0, 2, 4, 6)
    assert_same(answer.max_pool(empty, 2), (torch.zeros(0, 2, 2, 3), torch.zeros(0, 2, 2, 3).long()), "max_pool of an empty batch")
    assert_same(answer.avg_pool(empty, 2), torch.zeros(0, 2, 2, 3), "avg_pool of an empty batch")
    assert_same(answer.adaptive_avg_pool(empty, 3, 4), torch.zeros(0, 2, 3, 4), "adaptive_avg_pool of an empty batch")


@pytest.mark.after("test_max_padding", "test_max_ties", "test_avg_inside", "test_adaptive_uneven")
def test_gradients(answer, draw, worker):
    """Gradients through the results
    穿过结果的梯度"""
    x, ties = draw.normal(2, 2, 6, 7, **F64), draw.integers(0, 2, (2, 2, 6, 7)).double()

    def largest(_max_pool, x, *args):
        return maxima(x, *args)[0]

    for image, what in [(x, "max_pool"), (ties, "max_pool, many equal values")]:
        assert_same_gradient(worker.define(values_of), largest, (answer.max_pool, image, 3, 2, 1), 1, what, worker=worker)
    for count in (True, False):
        assert_same_gradient(
            answer.avg_pool,
            lambda x, *args, count_include_pad: F.avg_pool2d(x, *args, False, count_include_pad),
            (x, 3, 2, 1),
            0,
            f"avg_pool, count_include_pad={count}",
            worker=worker,
            count_include_pad=count,
        )
    assert_same_gradient(answer.global_avg_pool, lambda x: x.mean((2, 3)), (x,), 0, "global_avg_pool", worker=worker)
    assert_same_gradient(answer.adaptive_avg_pool, lambda x, *size: F.adaptive_avg_pool2d(x, size), (x, 4, 3), 0, "adaptive_avg_pool", worker=worker)


def test_errors(answer, draw):
    """Too much padding raises ValueError
    填充过多抛出 ValueError"""
    x = draw.normal(1, 2, 6, 6)
    for size, padding in [(2, 2), (3, 2), (1, 1)]:
        assert_raises(ValueError, answer.max_pool, x, size, 1, padding)
        assert_raises(ValueError, answer.avg_pool, x, size, 1, padding)
