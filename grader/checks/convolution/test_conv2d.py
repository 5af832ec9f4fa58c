"""The reference is F.conv2d. Sums of n products of size 1 differ by about 1e-7 * n between two orders of summation: hence FLOAT32."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_fast, assert_raises, assert_same, assert_same_gradient

FLOAT32 = {"rtol": 1e-5, "atol": 1e-5}  # at most 30 products of size 1, summed in any order


def test_cross_correlation(answer, draw):
    """One image, one kernel
    一张图、一个卷积核"""
    x, w = draw.normal(1, 1, 5, 6), draw.normal(1, 1, 3, 2)
    assert_same(answer.conv2d(x, w), F.conv2d(x, w), "conv2d(x, w)", **FLOAT32)


def test_channels(answer, draw):
    """Several images and channels
    多张图、多个通道"""
    x, w = draw.normal(2, 3, 4, 5), draw.normal(4, 3, 2, 3)
    assert_same(answer.conv2d(x, w), F.conv2d(x, w), "conv2d(x, w)", **FLOAT32)


def test_bias(answer, draw):
    """Bias
    偏置"""
    x, w, b = draw.normal(2, 2, 4, 5), draw.normal(3, 2, 3, 3), draw.normal(3)
    assert_same(answer.conv2d(x, w, b), F.conv2d(x, w, b), "conv2d(x, w, b)", **FLOAT32)


# So early because Python loops over all products make the rest slow too.
@pytest.mark.after("test_channels")
def test_speed(answer, draw, worker):
    """Speed
    速度"""
    for images, kernels in [((2, 4, 7, 7), (8, 4, 3, 3)), ((4, 8, 24, 24), (8, 8, 3, 3))]:
        x, w = draw.normal(*images), draw.normal(*kernels)
        seconds = []
        while len(seconds) < 3 and 0.1 < min(seconds, default=0.2) < 0.3:  # again: the machine may have been busy
            with worker.timed() as clock:
                answer.conv2d(x, w)
            seconds.append(clock.seconds)
        # a few milliseconds by matrix products; a third of a second by seven loops over the first images or one over the outputs of the second
        assert_fast(min(seconds), 0.1, f"conv2d on {images}, kernels {kernels}")


@pytest.mark.after("test_channels")
@pytest.mark.parametrize("stride", [2, (2, 1), (1, 3)])
def test_stride(answer, draw, stride):
    """Stride
    步长"""
    x, w = draw.normal(1, 2, 8, 9), draw.normal(2, 2, 3, 2)
    assert_same(answer.conv2d(x, w, stride=stride), F.conv2d(x, w, stride=stride), f"conv2d(x, w, stride={stride})", **FLOAT32)


@pytest.mark.after("test_channels")
@pytest.mark.parametrize("padding", [1, (2, 0), (0, 3), "valid"])
def test_padding(answer, draw, padding):
    """Padding with numbers
    按数值填充"""
    x, w = draw.normal(1, 2, 4, 5), draw.normal(2, 2, 3, 2)
    assert_same(answer.conv2d(x, w, padding=padding), F.conv2d(x, w, padding=padding), f"conv2d(x, w, padding={padding!r})", **FLOAT32)


@pytest.mark.after("test_channels")
@pytest.mark.parametrize("dilation", [2, (3, 1), (1, 4)])
def test_dilation(answer, draw, dilation):
    """Dilation
    膨胀"""
    x, w = draw.normal(1, 2, 8, 7), draw.normal(2, 2, 3, 2)
    assert_same(answer.conv2d(x, w, dilation=dilation), F.conv2d(x, w, dilation=dilation), f"conv2d(x, w, dilation={dilation})", **FLOAT32)


@pytest.mark.after("test_channels")
@pytest.mark.parametrize(("in_channels", "out_channels", "groups"), [(4, 6, 2), (6, 3, 3), (3, 6, 3)])
def test_groups(answer, draw, in_channels, out_channels, groups):
    """Groups, also depthwise
    分组卷积，含逐通道卷积"""
    x, w, b = draw.normal(2, in_channels, 3, 4), draw.normal(out_channels, in_channels // groups, 2, 3), draw.normal(out_channels)
    expected = F.conv2d(x, w, b, groups=groups)
    assert_same(answer.conv2d(x, w, b, groups=groups), expected, f"conv2d(x, w, b, groups={groups})", **FLOAT32)


@pytest.mark.after("test_padding", "test_dilation")
@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize(("kernel", "dilation"), [((3, 5), 1), ((2, 3), 1), ((3, 4), 1), ((4, 2), (1, 3)), ((2, 4), (2, 1)), ((1, 1), 1)])
def test_same(answer, draw, kernel, dilation):
    """Padding "same", odd and even kernels
    padding="same"，奇偶卷积核"""
    x, w = draw.normal(1, 2, 4, 5), draw.normal(2, 2, *kernel)
    expected = F.conv2d(x, w, padding="same", dilation=dilation)
    what = f"conv2d(x, w {kernel}, stride=(1, 1), padding='same', dilation={dilation})"
    assert_same(answer.conv2d(x, w, stride=(1, 1), padding="same", dilation=dilation), expected, what, **FLOAT32)


@pytest.mark.after("test_bias", "test_stride", "test_padding", "test_dilation", "test_groups")
@pytest.mark.parametrize(
    ("stride", "padding", "dilation", "groups"),
    [((2, 3), (3, 1), (1, 2), 2), ((3, 1), (0, 2), (2, 3), 1), (2, 1, 2, 4), ((1, 2), 2, (3, 1), 2), (3, (1, 4), 1, 1)],
)
def test_all_together(answer, draw, stride, padding, dilation, groups):
    """All arguments at once, in float64
    全部参数同时使用，float64"""
    x = draw.normal(1, 4, 8, 7, dtype=torch.float64)
    w, b = draw.normal(4, 4 // groups, 3, 2, dtype=torch.float64), draw.normal(4, dtype=torch.float64)
    expected = F.conv2d(x, w, b, stride, padding, dilation, groups)
    what = f"conv2d(x, w, b, {stride}, {padding}, {dilation}, {groups})"
    assert_same(answer.conv2d(x, w, b, stride, padding, dilation, groups), expected, what)


@pytest.mark.after("test_bias")
def test_kernel_as_large_as_the_image(answer, draw):
    """A kernel as large as the (padded) image
    卷积核与（填充后的）图像一样大"""
    x, w, b = draw.normal(3, 2, 4, 3), draw.normal(5, 2, 4, 3), draw.normal(5)
    assert_same(answer.conv2d(x, w, b), F.conv2d(x, w, b), "conv2d(x, w, b) of one window", **FLOAT32)
    x, padding = x[:, :, :2], (1, 0)  # now larger than the image, but not than the padded one
    assert_same(answer.conv2d(x, w, b, padding=padding), F.conv2d(x, w, b, padding=padding), f"conv2d(x, w, b, padding={padding})", **FLOAT32)


@pytest.mark.after("test_groups", "test_padding")
def test_empty_batch(answer, draw):
    """A batch of no images
    空批次"""
    x, w, b = torch.zeros(0, 4, 5, 6), draw.normal(6, 2, 3, 2), draw.normal(6)
    assert_same(answer.conv2d(x, w, b, 2, 1, 1, 2), torch.zeros(0, 6, 3, 4), "conv2d of (0, 4, 5, 6)")


@pytest.mark.after("test_bias")
def test_layout(answer, draw):
    """Inputs that are not contiguous
    内存不连续的输入"""
    x, w, b = draw.normal(2, 4, 3, 3).transpose(1, 3), draw.normal(3, 3, 2, 4)[..., ::2].transpose(0, 1), draw.normal(9)[::3]
    assert_same(answer.conv2d(x, w, b), F.conv2d(x, w, b), "conv2d(x.transpose(1, 3), …)", **FLOAT32)


@pytest.mark.after("test_all_together")
@pytest.mark.parametrize("padding", [(1, 2), "same"])
def test_gradients(answer, draw, worker, padding):
    """Gradients of x, w and b
    x、w、b 的梯度"""
    x, w, b = (draw.normal(*shape, dtype=torch.float64) for shape in [(2, 2, 5, 4), (4, 1, 2, 3), (4,)])
    stride = 1 if padding == "same" else (2, 1)
    assert_same_gradient(
        answer.conv2d, F.conv2d, (x, w, b), (0, 1, 2), "conv2d", worker=worker, stride=stride, padding=padding, dilation=(1, 2), groups=2
    )


def test_errors(answer, draw):
    """Arguments that make no sense raise ValueError
    不合理的参数抛出 ValueError"""
    x, w = draw.normal(1, 4, 6, 5), draw.normal(6, 2, 3, 2)
    assert_raises(ValueError, answer.conv2d, x, w)  # 4 channels, the weight takes 2
    assert_raises(ValueError, answer.conv2d, x, draw.normal(5, 2, 3, 2), groups=2)  # 5 kernels do not make 2 groups
    assert_raises(ValueError, answer.conv2d, x, w, padding="full", groups=2)
    assert_raises(ValueError, answer.conv2d, x, w, stride=2, padding="same", groups=2)
    assert_raises(ValueError, answer.conv2d, x, w, stride=(1, 2), padding="same", groups=2)
    assert_raises(ValueError, answer.conv2d, x, w, dilation=(3, 1), groups=2)  # spans 7 of 6 rows
    assert_raises(ValueError, answer.conv2d, x, w, padding=(1, 0), dilation=(1, 5), groups=2)  # spans 6 of 5 columns
