"""The references are slices, flips, F.affine_grid with F.grid_sample, and the formulas of colour, image by image."""

import math

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_between, assert_same, assert_same_gradient, assert_true

DOUBLE = torch.float64
dtypes = pytest.mark.parametrize("dtype", [torch.float32, DOUBLE], ids=str)
GREY = torch.tensor([0.299, 0.587, 0.114], dtype=DOUBLE)


def start(draw, worker):
    """A seed for the learner's process, and a generator in it."""
    worker.seed(int(draw.integers(0, 10**6)))
    return worker.torch.Generator().manual_seed(int(draw.integers(0, 10**6)))


@dtypes
@pytest.mark.parametrize(("shape", "padding"), [((6, 3, 4, 5), 2), ((3, 1, 5, 2), 1), ((2, 2, 3, 3), 0), ((8, 3, 2, 4), 3)])
def test_crop(answer, draw, dtype, shape, padding):
    """crop: each image its own window
    crop：每张图像各有窗口"""
    x = draw.uniform(*shape, low=0.1, dtype=dtype)
    top, left = draw.integers(0, 2 * padding + 1, (2, shape[0]))
    padded = torch.zeros(*shape[:2], shape[2] + 2 * padding, shape[3] + 2 * padding, dtype=dtype)
    padded[:, :, padding : padding + shape[2], padding : padding + shape[3]] = x
    windows = [padded[i, :, t : t + shape[2], left[i] : left[i] + shape[3]] for i, t in enumerate(top.tolist())]
    assert_same(answer.crop(x, top, left, padding), torch.stack(windows), f"crop(x, top, left, padding={padding})")


@dtypes
def test_flip(answer, draw, dtype):
    """flip: only the images that are named
    flip：只翻转指定的图像"""
    x = draw.normal(4, 2, 3, 4, dtype=dtype)
    horizontal, vertical = torch.tensor([True, False, True, False]), torch.tensor([True, True, False, False])
    expected = torch.stack([torch.rot90(x[0], 2, (1, 2)), x[1].flip(1), x[2].flip(2), x[3]])
    assert_same(answer.flip(x, horizontal, vertical), expected, "flip(x, horizontal, vertical)")


def rotated(x, degrees):
    """By affine_grid, whose coordinates run from -1 to 1 on both sides: the ratio of the sides enters the matrix."""
    height, width = x.shape[2:]
    rows = []
    for angle in (degrees.double() * math.pi / 180).tolist():
        cos, sin = math.cos(angle), math.sin(angle)
        rows.append([[cos, -sin * height / width, 0.0], [sin * width / height, cos, 0.0]])
    grid = F.affine_grid(torch.tensor(rows, dtype=DOUBLE), list(x.shape), align_corners=False)
    return F.grid_sample(x.double(), grid, mode="bilinear", padding_mode="zeros", align_corners=False).to(x.dtype)


@pytest.mark.parametrize("size", [4, 5])
def test_quarter_turns(answer, draw, size):
    """rotate: quarter turns of a square
    rotate：正方形转四分之一圈"""
    x = draw.uniform(5, 2, size, size, low=0.1, dtype=DOUBLE)
    degrees = torch.tensor([0.0, 90.0, 180.0, 270.0, -90.0], dtype=DOUBLE)
    expected = torch.stack([torch.rot90(x[i], turns, (1, 2)) for i, turns in enumerate([0, 1, 2, 3, -1])])
    assert_same(answer.rotate(x, degrees), expected, "rotate(x, [0, 90, 180, 270, -90])")


@pytest.mark.after("test_quarter_turns")
@dtypes
@pytest.mark.parametrize("shape", [(5, 3, 6, 6), (4, 1, 4, 7), (3, 2, 8, 3)])
def test_rotate(answer, draw, dtype, shape):
    """rotate: any angle, any shape
    rotate：任意角度，任意形状"""
    x, degrees = draw.normal(*shape, dtype=dtype), draw.uniform(shape[0], low=-170.0, high=170.0, dtype=dtype)
    tolerance = {"rtol": 1e-4, "atol": 1e-4} if dtype == torch.float32 else {}  # places are rounded to 1e-6, and slopes are of size 4
    assert_same(answer.rotate(x, degrees), rotated(x, degrees), f"rotate(x, degrees), x {shape}", **tolerance)


def grey(x):
    return (x.double() * GREY[:, None, None]).sum(dim=0)


def coloured(x, brightness, contrast, saturation):
    """One image after another."""
    results = []
    for image, b, c, s in zip(x.double(), brightness.tolist(), contrast.tolist(), saturation.tolist(), strict=True):
        bright = (image * b).clip(0, 1)
        strong = (c * bright + (1 - c) * grey(bright).mean()).clip(0, 1)
        results.append((s * strong + (1 - s) * grey(strong)).clip(0, 1))
    return torch.stack(results).to(x.dtype)


@dtypes
@pytest.mark.parametrize(
    ("name", "factors"),
    [("brightness", (1, 0, 0)), ("contrast", (0, 1, 0)), ("saturation", (0, 0, 1)), ("all three", (1, 1, 1))],
)
def test_jitter(answer, draw, dtype, name, factors):
    """jitter: brightness, contrast, saturation
    jitter：亮度、对比度、饱和度"""
    x = draw.uniform(6, 3, 3, 4, low=0.3, high=0.6, dtype=dtype)
    values = [1 + on * (draw.uniform(6, low=-0.3, high=0.3, dtype=dtype)) for on in factors]
    assert_same(answer.jitter(x, *values), coloured(x, *values), f"jitter(x, brightness, contrast, saturation), changing {name}")


@pytest.mark.after("test_jitter")
@dtypes
def test_range(answer, draw, dtype):
    """jitter: values stay in [0, 1]
    jitter：数值保持在 [0, 1]"""
    x = draw.uniform(8, 3, 3, 4, dtype=dtype)
    for k in range(3):
        values = [torch.ones(8, dtype=dtype) for _ in range(3)]
        values[k] = torch.linspace(0.0, 4.0, 8).to(dtype)
        assert_same(answer.jitter(x, *values), coloured(x, *values), f"jitter with large factors of {('brightness', 'contrast', 'saturation')[k]}")
    values = [draw.uniform(8, low=1.5, high=3.0, dtype=dtype) for _ in range(3)]
    assert_same(answer.jitter(x, *values), coloured(x, *values), "jitter with three large factors")


@pytest.mark.after("test_crop", "test_flip", "test_rotate", "test_jitter")
def test_gradients(answer, draw, worker):
    """Gradients reach the image
    梯度能传到图像"""
    x, horizontal, vertical = draw.uniform(2, 3, 4, 5, low=0.3, high=0.6, dtype=DOUBLE), torch.tensor([True, False]), torch.tensor([True, True])
    degrees, factors = draw.uniform(2, low=-90.0, high=90.0, dtype=DOUBLE), [draw.uniform(2, low=0.8, high=1.2, dtype=DOUBLE) for _ in range(3)]

    def flipped(x, *_):
        return torch.stack([x[0].flip(1, 2), x[1].flip(1)])

    def cropped(x, *_):
        padded = torch.nn.functional.pad(x, (1, 1, 1, 1))
        return torch.stack([padded[0, :, :4, 1:6], padded[1, :, 2:, :5]])

    inputs = x, torch.tensor([0, 2]), torch.tensor([1, 0]), 1
    assert_same_gradient(answer.crop, cropped, inputs, 0, "gradient of x through crop", worker=worker)
    assert_same_gradient(answer.flip, flipped, (x, horizontal, vertical), 0, "gradient of x through flip", worker=worker)
    assert_same_gradient(answer.rotate, rotated, (x, degrees), 0, "gradient of x through rotate", worker=worker)
    assert_same_gradient(answer.jitter, coloured, (x, *factors), 0, "gradient of x through jitter", worker=worker)


def bounds(p, n):
    """Seven standard errors of a share of n draws: a false alarm in 10^11 runs."""
    return p - 7 * (p * (1 - p) / n) ** 0.5, p + 7 * (p * (1 - p) / n) ** 0.5


@pytest.mark.after("test_crop", "test_flip", "test_quarter_turns", "test_jitter")
def test_augment_nothing(answer, draw, worker):
    """augment: by default nothing changes
    augment：默认什么都不变"""
    x = draw.uniform(3, 3, 4, 5)
    # 1e-4: turning by 0 degrees may still interpolate
    assert_same(answer.augment(x, start(draw, worker)), x, "augment(x, generator)", rtol=1e-4, atol=1e-4)
    inputs = draw.uniform(2, 3, 4, 5, low=0.3, high=0.6), start(draw, worker)
    assert_same_gradient(answer.augment, lambda x, _: x, inputs, 0, "gradient of x through augment", worker=worker, rtol=1e-4, atol=1e-4)


@pytest.mark.after("test_augment_nothing")
def test_augment_crop(answer, draw, worker):
    """augment: windows anywhere, one for each image
    augment：窗口位置任意，每张图像各一个"""
    image = draw.uniform(3, 4, 3, low=0.2)
    found = answer.augment(image.expand(300, 3, 4, 3).contiguous(), start(draw, worker), padding=1)
    padded = F.pad(image, (1, 1, 1, 1))
    windows = torch.stack([padded[:, t : t + 4, left : left + 3] for t in range(3) for left in range(3)])
    assert_same(tuple(found.shape), (300, 3, 4, 3), "shape of augment(x, generator, padding=1)")
    nearest = (found[:, None] - windows).abs().amax(dim=(2, 3, 4)).argmin(dim=1)
    assert_same(found, windows[nearest], "images of augment(x, generator, padding=1), compared with the nearest window", rtol=1e-4, atol=1e-4)
    # each of nine windows is missing once in 2 * 10^15 runs
    assert_same(sorted(set(nearest.tolist())), list(range(9)), "numbers of the windows (row by row) among 300 images, padding=1")


@pytest.mark.after("test_augment_nothing")
def test_augment_flip(answer, draw, worker):
    """augment: flips with their probability
    augment：按给定概率翻转"""
    image = draw.uniform(3, 2, 3)
    for p in (0.3, 1.0):
        found = answer.augment(image.expand(1000, 3, 2, 3).contiguous(), start(draw, worker), flip_probability=p)
        flipped = (found[:, 0, 0, 0] - image[0, 0, 2]).abs() < (found[:, 0, 0, 0] - image[0, 0, 0]).abs()
        expected = torch.where(flipped[:, None, None, None], image.flip(2), image)
        assert_same(found, expected, "images of augment(x, generator, flip_probability)", rtol=1e-4, atol=1e-4)
        assert_between(flipped.double().mean().item(), *bounds(p, 1000), f"share of flipped images, flip_probability={p}")


@pytest.mark.after("test_augment_nothing", "test_rotate")
def test_augment_rotate(answer, draw, worker):
    """augment: angles on both sides
    augment：两个方向的角度"""
    ramp = 0.5 + 0.05 * (torch.arange(7.0) - 3)
    image = torch.stack([ramp.expand(7, 7), ramp.expand(7, 7).T, torch.full((7, 7), 0.5)])
    found = answer.augment(image.expand(400, 3, 7, 7).contiguous(), start(draw, worker), max_degrees=30.0)
    slopes = [
        (found[:, 0, 3, 4] - found[:, 0, 3, 2]).double(),
        (found[:, 1, 3, 4] - found[:, 1, 3, 2]).double(),
    ]  # cos and sin of the angle, times 0.1
    degrees = torch.atan2(slopes[1], slopes[0]) * 180 / math.pi
    expected = rotated(image.expand(400, 3, 7, 7), degrees)
    assert_same(found, expected, "images of augment(x, generator, max_degrees=30)", rtol=1e-3, atol=1e-3)  # the angle is read off the image
    assert_between(degrees.abs().max().item(), 27.0, 30.01, "largest angle of 400, max_degrees=30")  # less: 0.9^400 = 5e-19
    assert_between(degrees.mean().item(), -6.1, 6.1, "mean angle of 400, max_degrees=30")  # 30 / sqrt(3 * 400) = 0.87, seven times
    assert_between(degrees.std().item(), 14.3, 20.3, "standard deviation of 400 angles")  # 30 / sqrt(3) = 17.3; its own error is 0.39


@pytest.mark.after("test_augment_nothing")
def test_augment_jitter(answer, draw, worker):
    """augment: three independent factors
    augment：三个独立的系数"""
    # two pixels, the first grey 0.4 and the second 0.6 with some colour
    colour = torch.tensor([0.05, -0.02, 0.0], dtype=DOUBLE)
    image = torch.stack([torch.full((3,), 0.4, dtype=DOUBLE), 0.6 + colour - (colour * GREY).sum()], dim=1)[:, None]
    found = answer.augment(image.expand(400, 3, 1, 2).contiguous(), start(draw, worker), strength=0.3)
    greys = (found * GREY[:, None, None]).sum(dim=1)[:, 0]
    brightness = greys.mean(dim=1) / 0.5
    contrast = (greys[:, 1] - greys[:, 0]) / 0.2 / brightness
    saturation = (found[:, 0, 0, 1] - found[:, 1, 0, 1]) / 0.07 / brightness / contrast
    expected = coloured(image.expand(400, 3, 1, 2), brightness, contrast, saturation)
    assert_same(found, expected, "images of augment(x, generator, strength=0.3)", rtol=1e-4, atol=1e-4)  # factors are read off the images
    parts = {"brightness": brightness, "contrast": contrast, "saturation": saturation}
    for name, factor in parts.items():
        assert_between(factor.min().item(), 0.6999, 0.73, f"least {name} of 400, strength=0.3")  # 0.95^400 = 1e-9
        assert_between(factor.max().item(), 1.27, 1.3001, f"largest {name} of 400, strength=0.3")
        assert_between(factor.mean().item(), 0.94, 1.06, f"mean {name} of 400, strength=0.3")  # standard error 0.0087
    for first, second in (("brightness", "contrast"), ("brightness", "saturation"), ("contrast", "saturation")):
        product = ((parts[first] - 1) * (parts[second] - 1)).mean().item() / 0.03
        assert_between(product, -0.35, 0.35, f"correlation of {first} and {second}")  # standard error 0.05


@pytest.mark.after("test_augment_crop", "test_augment_flip", "test_augment_rotate", "test_augment_jitter")
def test_augment_order_and_generator(answer, draw, worker):
    """augment: the generator decides everything
    augment：一切由生成器决定"""
    x, seed = draw.uniform(8, 3, 5, 6), int(draw.integers(0, 10**6))
    settings = {"padding": 2, "flip_probability": 0.5, "max_degrees": 30.0, "strength": 0.4}
    results = []
    for number in (seed, seed, seed + 1):
        generator = start(draw, worker).manual_seed(number)
        results.append(answer.augment(x, generator, **settings))
    first, again, other = results
    assert_same(again, first, "augment(x, generator, ...) with the same seed of the generator")
    assert_true(bool((first - other).abs().amax() > 0.01), "augment(x, generator, ...)", "two seeds give the same images", "两个种子给出了相同的图像")
    # padding is black until jitter moves it towards the mean grey: in half of the images, but if jitter came first only a centred window has none
    padded = answer.augment(torch.ones(200, 3, 4, 4), start(draw, worker), padding=3, strength=0.4)
    lit = (padded.amin(dim=(1, 2, 3)) > 0.001).double().mean().item()
    assert_between(lit, 0.25, 0.75, "share of 200 white images without a black pixel, padding=3, strength=0.4")  # seven standard errors
