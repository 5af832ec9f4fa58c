# ruff: noqa: F821  # the cells of a notebook: the student's cell before them defines conv2d
# The checks of conv2d as a teacher writes them for nbgrader: a cell each, which compares with PyTorch.
# %% imports
import time

import torch
import torch.nn.functional as F

torch.manual_seed(0)


def same(actual, expected):
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-5)


# %% cross_correlation
x, w = torch.randn(1, 1, 5, 6), torch.randn(1, 1, 3, 2)
same(conv2d(x, w), F.conv2d(x, w))
# %% channels
x, w = torch.randn(2, 3, 4, 5), torch.randn(4, 3, 2, 3)
same(conv2d(x, w), F.conv2d(x, w))
# %% bias
x, w, b = torch.randn(2, 2, 4, 5), torch.randn(3, 2, 3, 3), torch.randn(3)
same(conv2d(x, w, b), F.conv2d(x, w, b))
# %% speed
for images, kernels in [((2, 4, 6, 6), (8, 4, 3, 3)), ((4, 8, 20, 20), (8, 8, 3, 3))]:
    x, w = torch.randn(images), torch.randn(kernels)
    begun = time.perf_counter()
    conv2d(x, w)
    assert time.perf_counter() - begun < 0.1
# %% stride
x, w = torch.randn(1, 2, 8, 9), torch.randn(2, 2, 3, 2)
for stride in [2, (2, 1), (1, 3)]:
    same(conv2d(x, w, stride=stride), F.conv2d(x, w, stride=stride))
# %% padding
x, w = torch.randn(1, 2, 4, 5), torch.randn(2, 2, 3, 2)
for padding in [1, (2, 0), (0, 3), "valid"]:
    same(conv2d(x, w, padding=padding), F.conv2d(x, w, padding=padding))
# %% dilation
x, w = torch.randn(1, 2, 8, 7), torch.randn(2, 2, 3, 2)
for dilation in [2, (3, 1), (1, 4)]:
    same(conv2d(x, w, dilation=dilation), F.conv2d(x, w, dilation=dilation))
# %% groups
for in_channels, out_channels, groups in [(4, 6, 2), (6, 3, 3), (3, 6, 3)]:
    x, w, b = torch.randn(2, in_channels, 3, 4), torch.randn(out_channels, in_channels // groups, 2, 3), torch.randn(out_channels)
    same(conv2d(x, w, b, groups=groups), F.conv2d(x, w, b, groups=groups))
# %% same
for kernel, dilation in [((3, 5), 1), ((2, 3), 1), ((3, 4), 1), ((4, 2), (1, 3)), ((2, 4), (2, 1)), ((1, 1), 1)]:
    x, w = torch.randn(1, 2, 4, 5), torch.randn(2, 2, *kernel)
    same(conv2d(x, w, stride=(1, 1), padding="same", dilation=dilation), F.conv2d(x, w, padding="same", dilation=dilation))
# %% all_together
for stride, padding, dilation, groups in [
    ((2, 3), (3, 1), (1, 2), 2),
    ((3, 1), (0, 2), (2, 3), 1),
    (2, 1, 2, 4),
    ((1, 2), 2, (3, 1), 2),
    (3, (1, 4), 1, 1),
]:
    x, w, b = torch.randn(1, 4, 8, 7).double(), torch.randn(4, 4 // groups, 3, 2).double(), torch.randn(4).double()
    same(conv2d(x, w, b, stride, padding, dilation, groups), F.conv2d(x, w, b, stride, padding, dilation, groups))
# %% kernel_as_large_as_the_image
x, w, b = torch.randn(3, 2, 4, 3), torch.randn(5, 2, 4, 3), torch.randn(5)
same(conv2d(x, w, b), F.conv2d(x, w, b))
same(conv2d(x[:, :, :2], w, b, padding=(1, 0)), F.conv2d(x[:, :, :2], w, b, padding=(1, 0)))
# %% empty_batch
assert conv2d(torch.zeros(0, 4, 5, 6), torch.randn(6, 2, 3, 2), torch.randn(6), 2, 1, 1, 2).shape == (0, 6, 3, 4)
# %% layout
x, w, b = torch.randn(2, 4, 3, 3).transpose(1, 3), torch.randn(3, 3, 2, 4)[..., ::2].transpose(0, 1), torch.randn(9)[::3]
same(conv2d(x, w, b), F.conv2d(x, w, b))
# %% gradients
for padding in [(1, 2), "same"]:
    settings = {"stride": 1 if padding == "same" else (2, 1), "padding": padding, "dilation": (1, 2), "groups": 2}
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in [(2, 2, 5, 4), (4, 1, 2, 3), (4,)]]
    expected = F.conv2d(*inputs, **settings)
    cotangent = torch.randn_like(expected)
    actual = torch.autograd.grad((conv2d(*inputs, **settings) * cotangent).sum(), inputs)
    same(actual, torch.autograd.grad((expected * cotangent).sum(), inputs))
# %% errors
x, w = torch.randn(1, 4, 6, 5), torch.randn(6, 2, 3, 2)
for call in [
    lambda: conv2d(x, w),
    lambda: conv2d(x, torch.randn(5, 2, 3, 2), groups=2),
    lambda: conv2d(x, w, padding="full", groups=2),
    lambda: conv2d(x, w, stride=2, padding="same", groups=2),
    lambda: conv2d(x, w, stride=(1, 2), padding="same", groups=2),
    lambda: conv2d(x, w, dilation=(3, 1), groups=2),
    lambda: conv2d(x, w, padding=(1, 0), dilation=(1, 5), groups=2),
]:
    try:
        call()
    except ValueError:
        pass
    else:
        raise AssertionError("no ValueError")
