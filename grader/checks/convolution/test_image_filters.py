"""The references are F.pad and F.conv2d with the whole kernel, turned by 180 degrees, and the formulas of the statement."""

import math

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_raises, assert_same, assert_same_gradient

BORDERS = {"zero": "constant", "mirror": "reflect"}
both_borders = pytest.mark.parametrize("border", list(BORDERS))
F64 = {"dtype": torch.float64}


def reference(image, kernel, border="mirror"):
    rows, columns = kernel.shape
    padded = F.pad(image[None, None], (columns // 2, columns // 2, rows // 2, rows // 2), mode=BORDERS[border])
    return F.conv2d(padded, kernel.flip(0, 1)[None, None])[0, 0]


def gaussian(sigma):
    """The weights along both axes, one by one."""
    radius = math.ceil(3 * sigma)
    weights = [math.exp(-0.5 * (d / sigma) ** 2) for d in range(-radius, radius + 1)]
    return torch.tensor([[a * b for b in weights] for a in weights], **F64) / sum(weights) ** 2


def test_zero_border(answer, draw):
    """Convolution with zeros outside
    外部为零的卷积"""
    for height, width, rows, columns in [(6, 7, 3, 3), (5, 8, 1, 5), (7, 4, 5, 3)]:
        image, kernel = draw.normal(height, width, **F64), draw.normal(rows, columns, **F64)
        what = f'convolve(image, kernel, "zero"), {height} x {width}, {rows} x {columns}'
        assert_same(answer.convolve(image, kernel, "zero"), reference(image, kernel, "zero"), what)


@pytest.mark.after("test_zero_border")
def test_mirror_border(answer, draw):
    """Convolution with a mirror at the edge
    边界镜像的卷积"""
    for height, width, rows, columns in [(6, 7, 3, 3), (5, 8, 1, 7), (7, 4, 5, 3), (3, 2, 5, 3)]:
        image, kernel = draw.normal(height, width, **F64), draw.normal(rows, columns, **F64)
        what = f'convolve(image, kernel, "mirror"), {height} x {width}, {rows} x {columns}'
        assert_same(answer.convolve(image, kernel, "mirror"), reference(image, kernel), what)


@pytest.mark.after("test_mirror_border")
def test_separable(answer, draw):
    """Two passes instead of one
    两次一维代替一次二维"""
    image = draw.normal(6, 7, **F64)
    for rows, columns in [(3, 3), (5, 3), (1, 7)]:
        column, row = draw.normal(rows, **F64), draw.normal(columns, **F64)
        for border in BORDERS:
            expected = reference(image, torch.outer(column, row), border)
            assert_same(answer.convolve_separable(image, column, row, border), expected, f'convolve_separable(image, column, row, "{border}")')


@pytest.mark.after("test_zero_border", "test_mirror_border")
@both_borders
def test_box_blur(answer, draw, border):
    """Box blur
    均值模糊"""
    image = draw.normal(7, 6, **F64)
    for size in (3, 5, 1):
        kernel = torch.ones(size, size, **F64) / size**2
        assert_same(answer.box_blur(image, size, border), reference(image, kernel, border), f'box_blur(image, {size}, "{border}")')


@pytest.mark.after("test_zero_border", "test_mirror_border")
@both_borders
def test_gaussian_blur(answer, draw, border):
    """Gaussian blur
    高斯模糊"""
    image = draw.normal(9, 8, **F64)
    for sigma in (1.0, 0.6, 1.5, 2.2):
        expected = reference(image, gaussian(sigma), border)
        assert_same(answer.gaussian_blur(image, sigma, border), expected, f'gaussian_blur(image, {sigma}, "{border}")')


@pytest.mark.after("test_zero_border", "test_mirror_border")
@both_borders
def test_sobel_magnitude(answer, draw, border):
    """Strength of the edges
    边缘强度"""
    image = draw.normal(6, 5, **F64)
    kernel = torch.tensor([[1, 0, -1], [2, 0, -2], [1, 0, -1]], **F64)
    gx, gy = reference(image, kernel, border), reference(image, kernel.T, border)
    assert_same(answer.sobel_magnitude(image, border), (gx**2 + gy**2) ** 0.5, f'sobel_magnitude(image, "{border}")')


@pytest.mark.after("test_box_blur")
@both_borders
def test_sharpen(answer, draw, border):
    """Sharpening
    锐化"""
    image = draw.uniform(6, 5, **F64)
    for amount in (1.0, 0.3, 2.5, 0.0):
        expected = (1 + amount) * image - amount * reference(image, torch.ones(3, 3, **F64) / 9, border)
        assert_same(answer.sharpen(image, amount, border), expected, f'sharpen(image, {amount}, "{border}")')


@pytest.mark.after("test_separable", "test_gaussian_blur", "test_sobel_magnitude", "test_sharpen")
def test_defaults(answer, draw):
    """Defaults: mirror, size 3, amount 1
    默认值：镜像、边长 3、强度 1"""
    image, column, row = draw.normal(6, 5, **F64), draw.normal(3, **F64), draw.normal(5, **F64)
    blurred = reference(image, torch.ones(3, 3, **F64) / 9)
    kernel = torch.tensor([[1, 0, -1], [2, 0, -2], [1, 0, -1]], **F64)
    edges = (reference(image, kernel) ** 2 + reference(image, kernel.T) ** 2) ** 0.5
    assert_same(answer.convolve(image, torch.outer(column, row)), reference(image, torch.outer(column, row)), "convolve(image, kernel)")
    assert_same(answer.convolve_separable(image, column, row), reference(image, torch.outer(column, row)), "convolve_separable(image, column, row)")
    assert_same(answer.box_blur(image), blurred, "box_blur(image)")
    assert_same(answer.gaussian_blur(image, 0.5), reference(image, gaussian(0.5)), "gaussian_blur(image, 0.5)")
    assert_same(answer.sobel_magnitude(image), edges, "sobel_magnitude(image)")
    assert_same(answer.sharpen(image), 2 * image - blurred, "sharpen(image)")


@pytest.mark.after("test_separable", "test_gaussian_blur", "test_sobel_magnitude", "test_sharpen")
def test_float32(answer, draw):
    """float32, and memory in any order
    float32 与任意内存布局"""
    image, column, row = draw.uniform(7, 12).T[::2], draw.normal(10)[::2], draw.normal(6)[::2]
    wide, kernel = image.double(), torch.outer(column.double(), row.double())
    loose = {"rtol": 1e-5, "atol": 1e-5}  # two passes of sums of five products of size 1 are rounded twice
    assert_same(answer.convolve(image, draw.normal(3, 5).T[:, :1]).dtype, torch.float32, "convolve(image, kernel).dtype")
    assert_same(answer.convolve_separable(image, column, row), reference(wide, kernel).float(), "convolve_separable(image, column, row)", **loose)
    assert_same(answer.gaussian_blur(image, 0.8), reference(wide, gaussian(0.8)).float(), "gaussian_blur(image, 0.8)", **loose)
    assert_same(answer.box_blur(image), reference(wide, torch.ones(3, 3, **F64) / 9).float(), "box_blur(image)", **loose)
    for result, name in [(answer.sobel_magnitude(image), "sobel_magnitude"), (answer.sharpen(image, 0.5), "sharpen")]:
        assert_same(result.dtype, torch.float32, f"{name}(image).dtype")


@pytest.mark.after("test_defaults")
def test_gradients(answer, draw, worker):
    """Gradients of the image and the kernel
    图像与卷积核的梯度"""
    image, kernel, box = draw.normal(6, 5, **F64), draw.normal(3, 5, **F64), torch.ones(3, 3, **F64) / 9
    sobel = torch.tensor([[1, 0, -1], [2, 0, -2], [1, 0, -1]], **F64)
    assert_same_gradient(answer.convolve, reference, (image, kernel), (0, 1), "convolve", worker=worker)
    assert_same_gradient(answer.box_blur, lambda x: reference(x, box), (image,), 0, "box_blur", worker=worker)
    assert_same_gradient(answer.sharpen, lambda x: 2 * x - reference(x, box), (image,), 0, "sharpen", worker=worker)

    def strength(x, border):  # with a mirror it is 0 in the corners
        return (reference(x, sobel, border) ** 2 + reference(x, sobel.T, border) ** 2) ** 0.5

    assert_same_gradient(answer.sobel_magnitude, strength, (image, "zero"), 0, "sobel_magnitude", worker=worker)
    assert_same_gradient(answer.gaussian_blur, lambda x, sigma: reference(x, gaussian(sigma)), (image, 0.7), 0, "gaussian_blur", worker=worker)


@pytest.mark.after("test_sobel_magnitude", "test_sharpen")
def test_flat_image(answer, draw):
    """A flat image, and a single pixel
    纯色图像与单个像素"""
    flat = torch.full((6, 7), draw.uniform(low=0.5, dtype=torch.float64).item(), **F64)
    for name, result in [
        ("box_blur", answer.box_blur(flat, 5)),
        ("gaussian_blur", answer.gaussian_blur(flat, 1.3)),
        ("sharpen", answer.sharpen(flat)),
    ]:
        assert_same(result, flat, f"{name} of a flat image")
    assert_same(answer.sobel_magnitude(flat), torch.zeros(6, 7, **F64), "sobel_magnitude of a flat image")
    pixel = torch.full((1, 1), 9.0, **F64)
    assert_same(answer.box_blur(pixel, 3, "zero"), pixel / 9, 'box_blur of one pixel, "zero"')
    assert_same(answer.sobel_magnitude(pixel, "zero"), 0 * pixel, 'sobel_magnitude of one pixel, "zero"')


def test_errors(answer, draw):
    """Arguments that make no sense raise ValueError
    不合理的参数抛出 ValueError"""
    image = draw.normal(6, 6)
    for border in ("reflect", "", "Zero"):
        assert_raises(ValueError, answer.convolve, image, torch.ones(3, 3), border)
    for rows, columns in [(2, 3), (3, 4), (2, 2)]:
        assert_raises(ValueError, answer.convolve, image, torch.ones(rows, columns))
