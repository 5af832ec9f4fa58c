"""The references are the closed forms under the same draws, image by image, and F.cross_entropy with probabilities."""

import math

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_between, assert_same, assert_same_gradient, assert_true

DOUBLE = torch.float64
dtypes = pytest.mark.parametrize("dtype", [torch.float32, DOUBLE], ids=str)


def batch_of(draw, shape, dtype, classes=4):
    """Images, soft labels, and a permutation that is not its own inverse."""
    n = shape[0]
    permutation = draw.permutation(n).roll(1)
    while n > 2 and bool((permutation[permutation] == torch.arange(n)).any()):
        permutation = draw.permutation(n)
    return draw.normal(*shape, dtype=dtype), draw.normal(n, classes, dtype=dtype).softmax(dim=1), permutation


@dtypes
@pytest.mark.parametrize("shape", [(5, 2, 3, 5), (4, 3, 4, 4), (3, 7), (1, 2, 3, 3)], ids=str)
def test_mixup(answer, draw, dtype, shape):
    """mixup: images and labels by the same shares
    mixup：图像与标签按同样的份额"""
    x, y, permutation = batch_of(draw, shape, dtype)
    lam = draw.uniform(shape[0], dtype=dtype)
    lam[:1] = 1.0 if shape[0] > 1 else 0.3
    images = torch.stack([w * x[i] + (1 - w) * x[permutation[i]] for i, w in enumerate(lam.tolist())])
    labels = torch.stack([w * y[i] + (1 - w) * y[permutation[i]] for i, w in enumerate(lam.tolist())])
    found = answer.mixup(x, y, lam, permutation)
    assert_same(len(found), 2, "number of results of mixup")
    assert_same(found[0], images, f"images of mixup, x {shape}")
    assert_same(found[1], labels, f"labels of mixup, x {shape}")


def lambdas(draw, n, height, width, dtype):
    """Random shares for which no side of a box is within 0.02 of a whole number, so that no rounding decides."""
    values = []
    while len(values) < n:
        lam = float(draw.uniform(1, low=0.02, high=0.95, dtype=dtype))
        sides = [side * math.sqrt(1 - lam) % 1 for side in (height, width)]
        if all(0.02 < side < 0.98 for side in sides):
            values.append(lam)
    return torch.tensor(values, dtype=dtype)


def pasted(x, y, lam, permutation, rows, columns):
    """Pixel by pixel: is it in the box?"""
    height, width = x.shape[2:]
    images, labels = x.clone(), y.clone()
    for i, partner in enumerate(permutation.tolist()):
        a, b = (math.floor(side * math.sqrt(1 - float(lam[i]))) for side in (height, width))
        count = 0
        for r in range(height):
            for c in range(width):
                if 0 <= r - (int(rows[i]) - a // 2) < a and 0 <= c - (int(columns[i]) - b // 2) < b:
                    images[i, :, r, c] = x[partner, :, r, c]
                    count += 1
        share = count / (height * width)
        labels[i] = (1 - share) * y[i] + share * y[partner]
    return images, labels


@dtypes
@pytest.mark.parametrize("shape", [(5, 3, 9, 12), (4, 2, 12, 7)], ids=str)
def test_cutmix(answer, draw, dtype, shape):
    """cutmix: boxes well inside the image
    cutmix：方框完全在图像内部"""
    x, y, permutation = batch_of(draw, shape, dtype)
    n, _, height, width = shape
    rows, columns = torch.full((n,), height // 2), torch.full((n,), width // 2)
    lam = lambdas(draw, n, height, width, dtype) / 4 + 0.75  # sides of half the image at most
    lam = torch.where(((height * (1 - lam).sqrt()) % 1 - 0.5).abs().maximum(((width * (1 - lam).sqrt()) % 1 - 0.5).abs()) < 0.48, lam, 0.83)
    rows, columns = rows + draw.integers(-1, 2, (n,)), columns + draw.integers(-1, 2, (n,))
    compare(answer.cutmix(x, y, lam, permutation, rows, columns), pasted(x, y, lam, permutation, rows, columns), "inside the image")


def compare(found, expected, where):
    assert_same(len(found), 2, "number of results of cutmix")
    assert_same(found[0], expected[0], f"images of cutmix, boxes {where}")
    assert_same(found[1], expected[1], f"labels of cutmix, boxes {where}")


@pytest.mark.after("test_cutmix")
@dtypes
@pytest.mark.parametrize("shape", [(8, 3, 6, 9), (6, 1, 5, 5), (1, 2, 8, 3)], ids=str)
def test_cutmix_at_the_border(answer, draw, dtype, shape):
    """cutmix: boxes that the border cuts
    cutmix：被边界截断的方框"""
    x, y, permutation = batch_of(draw, shape, dtype)
    n, _, height, width = shape
    lam = lambdas(draw, n, height, width, dtype)
    rows, columns = draw.integers(0, height, (n,)), draw.integers(0, width, (n,))
    rows[::2], columns[1::2] = 0, width - 1
    compare(answer.cutmix(x, y, lam, permutation, rows, columns), pasted(x, y, lam, permutation, rows, columns), "at the border")
    lam = torch.tensor([0.0, 1.0, 0.999, 0.0] * 2, dtype=dtype)[:n]
    compare(answer.cutmix(x, y, lam, permutation, rows, columns), pasted(x, y, lam, permutation, rows, columns), "of all sizes")


@dtypes
def test_soft_cross_entropy(answer, draw, dtype):
    """soft_cross_entropy: values, also of huge logits
    soft_cross_entropy：数值，包括极大的 logits"""
    for scale, shape in ((1.0, (6, 4)), (3.0, (1, 3)), (1000.0, (5, 4))):
        logits, y = scale * draw.normal(*shape, dtype=dtype), draw.normal(*shape, dtype=dtype).softmax(dim=1)
        assert_same(answer.soft_cross_entropy(logits, y), F.cross_entropy(logits, y), f"soft_cross_entropy, logits of size {scale:g}")


@pytest.mark.after("test_soft_cross_entropy")
def test_gradient(answer, draw, worker):
    """soft_cross_entropy: gradient of the logits
    soft_cross_entropy：logits 的梯度"""
    inputs = draw.normal(5, 3, dtype=DOUBLE), draw.normal(5, 3, dtype=DOUBLE).softmax(dim=1)
    assert_same_gradient(answer.soft_cross_entropy, F.cross_entropy, inputs, 0, "gradient of the logits", worker=worker)


def generator(draw, worker):
    return worker.numpy.random.default_rng(int(draw.integers(0, 10**6)))


@pytest.mark.parametrize("alpha", [0.3, 2.0])
def test_draw_mix(answer, draw, worker, alpha):
    """draw_mix: Beta shares and a permutation
    draw_mix：Beta 分布的份额与一个排列"""
    worker.seed(int(draw.integers(0, 10**6)))
    lam, permutation = answer.draw_mix(4000, alpha, generator(draw, worker))
    assert_same(tuple(lam.shape), (4000,), "lam.shape")
    assert_same(lam.dtype, torch.float32, "lam.dtype")
    assert_same(permutation.sort().values, torch.arange(4000), "permutation, sorted")
    assert_between(lam.min().item(), 0.0, 1.0, "least lam")
    assert_between(lam.max().item(), 0.0, 1.0, "largest lam")
    # the variance of Beta(a, a) is 1 / (8 a + 4); seven standard errors of mean and variance: at most 0.045 and 0.024
    assert_between(lam.double().mean().item(), 0.455, 0.545, f"mean of lam, alpha={alpha}")
    variance = 1 / (8 * alpha + 4)
    assert_between(lam.double().var().item(), variance - 0.024, variance + 0.024, f"variance of lam, alpha={alpha}")
    moved = (permutation != torch.arange(4000)).double().mean().item()
    assert_between(moved, 0.99, 1.0, "share of samples that get another partner than themselves")  # more than 40 fixed points: once in 10^47


@pytest.mark.after("test_draw_mix")
def test_draws_are_decided_by_rng(answer, draw, worker):
    """draw_mix: rng decides
    draw_mix：由 rng 决定"""
    seed = int(draw.integers(0, 10**6))
    results = []
    for number in (seed, seed, seed + 1):
        worker.seed(int(draw.integers(0, 10**6)))
        results.append(answer.draw_mix(30, 1.0, worker.numpy.random.default_rng(number)))
    assert_same(results[1], results[0], "draw_mix(30, 1.0, rng) with an equal rng")
    for part, name in enumerate(("lam", "permutation")):
        differs = bool((results[0][part] != results[2][part]).any())
        assert_true(differs, name, "two generators give the same", "两个不同的生成器给出了相同的结果")
