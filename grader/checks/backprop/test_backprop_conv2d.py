"""The reference is F.conv2d in float64, differentiated by torch.autograd."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same

NAMES = ("dx", "dw", "db")


def case(draw, x_shape, w_shape, dtype=torch.float64, **settings):
    """dy, x, w and the three gradients."""
    x, w = draw.normal(*x_shape, dtype=dtype), draw.normal(*w_shape, dtype=dtype)
    leaves = [value.double().requires_grad_() for value in (x, w, torch.zeros(w_shape[0]))]
    y = F.conv2d(*leaves, **settings)
    dy = draw.normal(*y.shape, dtype=dtype)
    (y * dy.double()).sum().backward()
    return (dy, x, w), tuple(leaf.grad.to(dtype) for leaf in leaves)


def compare(answer, draw, x_shape, w_shape, parts=(0, 1, 2), **settings):
    inputs, expected = case(draw, x_shape, w_shape, **settings)
    named = "".join(f", {name}={value}" for name, value in settings.items())
    actual = answer.conv_gradients(*inputs, **settings)
    assert_same(len(actual), 3, "len(conv_gradients(dy, x, w))")
    for part in parts:
        assert_same(actual[part], expected[part], f"{NAMES[part]}, x {x_shape}, w {w_shape}{named}")


def test_b(answer, draw):
    """The gradient of b
    b 的梯度"""
    compare(answer, draw, (2, 3, 5, 6), (4, 3, 2, 3), parts=(2,))


def test_w(answer, draw):
    """The gradient of w
    w 的梯度"""
    compare(answer, draw, (2, 3, 5, 6), (4, 3, 2, 3), parts=(1,))


def test_x(answer, draw):
    """The gradient of x
    x 的梯度"""
    compare(answer, draw, (2, 3, 5, 6), (4, 3, 2, 3), parts=(0,))


@pytest.mark.after("test_x", "test_w", "test_b")
@pytest.mark.parametrize(("x_shape", "w_shape"), [((3, 2, 4, 5), (3, 2, 1, 1)), ((1, 1, 4, 3), (1, 1, 4, 3)), ((2, 2, 3, 7), (2, 2, 3, 1))], ids=str)
def test_shapes(answer, draw, x_shape, w_shape):
    """Kernels of one pixel and of the whole image
    一个像素的核与整幅图像的核"""
    compare(answer, draw, x_shape, w_shape)


@pytest.mark.after("test_x", "test_w")
@pytest.mark.parametrize("padding", [1, (2, 0), (0, 3)], ids=str)
def test_padding(answer, draw, padding):
    """Padding
    填充"""
    compare(answer, draw, (2, 2, 4, 5), (3, 2, 3, 2), padding=padding)


@pytest.mark.after("test_x", "test_w")
@pytest.mark.parametrize(("stride", "size"), [(2, (7, 7)), ((1, 3), (4, 10)), ((3, 2), (9, 6)), (3, (8, 5))], ids=str)
def test_stride(answer, draw, stride, size):
    """Stride, with rows left over
    步长，包括有剩余行的情形"""
    compare(answer, draw, (2, 2, *size), (3, 2, 3, 2), stride=stride)


@pytest.mark.after("test_x", "test_w")
@pytest.mark.parametrize("dilation", [2, (1, 3), (3, 2)], ids=str)
def test_dilation(answer, draw, dilation):
    """Dilation
    膨胀率"""
    compare(answer, draw, (2, 2, 8, 9), (3, 2, 3, 2), dilation=dilation)


@pytest.mark.after("test_x", "test_w")
@pytest.mark.parametrize(("groups", "x_shape", "w_shape"), [(2, (2, 4, 4, 5), (6, 2, 2, 3)), (3, (2, 3, 4, 4), (6, 1, 3, 2))], ids=str)
def test_groups(answer, draw, groups, x_shape, w_shape):
    """Groups
    分组"""
    compare(answer, draw, x_shape, w_shape, groups=groups)


@pytest.mark.after("test_padding", "test_stride", "test_dilation", "test_groups")
@pytest.mark.parametrize(
    "settings",
    [
        {"stride": 2, "padding": 1},
        {"stride": (2, 3), "padding": (2, 1), "dilation": (2, 1)},
        {"stride": (3, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2},
    ],
    ids=["two", "three", "four"],
)
def test_together(answer, draw, settings):
    """All settings together
    所有设置一起"""
    groups = settings.get("groups", 1)
    compare(answer, draw, (2, 2 * groups, 8, 9), (3 * groups, 2, 3, 2), **settings)


@pytest.mark.after("test_together")
def test_other_inputs(answer, draw):
    """Views, an empty batch, float32
    非连续输入、空批次、float32"""
    (dy, x, w), expected = case(draw, (2, 2, 6, 5), (3, 2, 3, 2), stride=2, padding=1)
    views = [value.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0) for value in (dy, x, w)]
    for name, actual, right in zip(NAMES, answer.conv_gradients(*views, stride=2, padding=1), expected, strict=True):
        assert_same(actual, right, f"{name}, inputs that are views, stride=2, padding=1")
    compare(answer, draw, (0, 2, 4, 4), (3, 2, 3, 2))
    inputs, expected = case(draw, (3, 4, 6, 5), (4, 2, 3, 2), dtype=torch.float32, stride=2, padding=1, groups=2)
    for name, actual, right in zip(NAMES, answer.conv_gradients(*inputs, stride=2, padding=1, groups=2), expected, strict=True):
        assert_same(actual, right, f"{name}, float32, stride=2, padding=1, groups=2", atol=2e-5)  # sums of up to 27 products, against float64
