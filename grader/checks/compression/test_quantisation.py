"""The references are torch.quantize_per_tensor and _per_channel, torch.fake_quantize_per_..._affine, and torch.quantile."""

import pytest
import torch

from grader.compare import assert_same, assert_same_gradient

F64 = torch.float64


def a_grid(draw, *shape):
    """Scales and zero points of all kinds, float32 and int32."""
    return draw.uniform(*shape, low=0.01, high=0.5), draw.integers(-100, 100, shape).to(torch.int32)


def off_the_ties(draw, scale, zero_point, shape):
    """Values that no rounding of x / scale can push over a half: levels from -200 to 199 and up to 0.4 beside them."""
    levels = draw.integers(-200, 200, shape) + draw.uniform(*shape, low=-0.4, high=0.4, dtype=F64)
    if levels.numel() > 20:  # just inside and just outside
        levels.view(-1)[:6] = torch.tensor([-128.3, -127.7, 127.3, 126.7, 127.7, -128.7], dtype=F64)
    return ((levels - zero_point) * scale.double()).float()


@pytest.mark.parametrize("dtype", [F64, torch.float32], ids=str)
@pytest.mark.parametrize("share", [1.0, 0.9, 0.5])
def test_calibrate(answer, draw, share, dtype):
    """calibrate: the whole tensor
    calibrate：整个张量"""
    x = draw.normal(4, 3, 5, dtype=dtype).transpose(0, 2)
    expected = x.quantile((1 - share) / 2), x.quantile((1 + share) / 2)
    assert_same(answer.calibrate(x, share=share), expected, f"calibrate(x, share={share:g})")
    if share == 1:
        assert_same(answer.calibrate(x), (x.min(), x.max()), "calibrate(x)")


@pytest.mark.after("test_calibrate")
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_calibrate_by_channel(answer, draw, axis):
    """calibrate: for each channel
    calibrate：逐通道"""
    x = draw.normal(4, 3, 5, dtype=F64)
    for share in (1.0, 0.8):
        ends = [[part.quantile(q) for part in x.unbind(axis)] for q in ((1 - share) / 2, (1 + share) / 2)]
        assert_same(answer.calibrate(x, share=share, axis=axis), tuple(map(torch.stack, ends)), f"calibrate(x, share={share:g}, axis={axis})")


@pytest.mark.parametrize("dtype", [F64, torch.float32], ids=str)
def test_affine_grid(answer, draw, dtype):
    """grid: affine, zero on the grid
    grid：仿射，零点在格点上"""
    scale, zero_point = draw.uniform(6, low=0.01, high=0.5, dtype=F64), draw.integers(-127, 127, (6,))
    low = ((-128 - zero_point + draw.uniform(6, low=-0.4, high=0.4, dtype=F64)) * scale).to(dtype)  # round(-128 - low / scale) is not near a half
    high = (low.double() + 255 * scale).to(dtype)
    assert_same(answer.grid(low, high), (scale.to(dtype), zero_point.to(torch.int32)), "grid(low, high)")
    assert_same(answer.grid(low[0], high[0]), (scale.to(dtype)[0], zero_point.to(torch.int32)[0]), "grid(low, high), 0-d")


@pytest.mark.after("test_affine_grid")
def test_affine_grid_without_zero(answer):
    """grid: ranges on one side of zero, and of zero only
    grid：只在零一侧的范围，以及只有零"""
    low, high = torch.tensor([2.0, -3.0, 5.1, 0.0], dtype=F64), torch.tensor([5.1, -2.0, 5.1, 0.0], dtype=F64)
    expected = torch.tensor([5.1 / 255, 3 / 255, 5.1 / 255, 1.0], dtype=F64), torch.tensor([-128, 127, -128, 0], dtype=torch.int32)
    assert_same(answer.grid(low, high), expected, "grid(low, high), ranges [2, 5.1], [-3, -2], [5.1, 5.1], [0, 0]")


@pytest.mark.parametrize("dtype", [F64, torch.float32], ids=str)
def test_symmetric_grid(answer, draw, dtype):
    """grid: symmetric
    grid：对称"""
    ends = draw.normal(2, 5, dtype=dtype).sort(dim=0).values
    low, high = torch.cat([ends[0], torch.tensor([0.0, -3.0], dtype=dtype)]), torch.cat([ends[1], torch.tensor([0.0, 1.0], dtype=dtype)])
    scale = torch.maximum(low.abs(), high.abs()) / 127
    scale[5] = 1.0
    assert_same(answer.grid(low, high, symmetric=True), (scale, torch.zeros(7, dtype=torch.int32)), "grid(low, high, symmetric=True)")


@pytest.mark.parametrize("shape", [(40,), (5, 8), (2, 3, 4)], ids=str)
def test_quantise(answer, draw, shape):
    """quantise: against torch.quantize_per_tensor
    quantise：与 torch.quantize_per_tensor 对照"""
    scale, zero_point = a_grid(draw)
    x = off_the_ties(draw, scale, zero_point, shape)
    expected = torch.quantize_per_tensor(x, scale, zero_point, torch.qint8).int_repr()
    assert_same(answer.quantise(x, scale, zero_point), expected, "quantise(x, scale, zero_point)")


@pytest.mark.after("test_quantise")
def test_ties_and_far_values(answer):
    """quantise: halves to even, and values far outside
    quantise：半数取偶，以及远超范围的值"""
    x = torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5, 126.5, 1e6, -1e6, 300.0], dtype=F64)
    scale, zero_point = torch.tensor(1.0, dtype=F64), torch.tensor(0, dtype=torch.int32)
    expected = torch.tensor([0, 2, 2, 0, -2, 126, 127, -128, 127], dtype=torch.int8)
    assert_same(answer.quantise(x, scale, zero_point), expected, "quantise(x, 1.0, 0)")
    assert_same(answer.quantise(x[:3] / 4, scale / 4, zero_point + 1), expected[:3] + 1, "quantise(x, 0.25, 1)")


@pytest.mark.after("test_quantise")
@pytest.mark.parametrize(("axis", "shape"), [(0, (3, 4, 2)), (1, (4, 3, 3)), (2, (2, 4, 3))])
def test_quantise_by_channel(answer, draw, axis, shape):
    """quantise: one grid for each channel
    quantise：每个通道一套格点"""
    scale, zero_point = a_grid(draw, 3)
    column = [3 if place == axis else 1 for place in range(3)]
    x = off_the_ties(draw, scale.reshape(column), zero_point.reshape(column), shape)
    expected = torch.quantize_per_channel(x, scale, zero_point, axis, torch.qint8).int_repr()
    assert_same(answer.quantise(x, scale, zero_point, axis=axis), expected, f"quantise(x, scale, zero_point, axis={axis})")


def test_dequantise(answer, draw):
    """dequantise: all 256 numbers, and by channel
    dequantise：全部 256 个数，以及逐通道"""
    q = torch.arange(-128, 128).to(torch.int8)[draw.permutation(256)]
    for dtype in (torch.float32, F64):
        scale, zero_point = (part[0] for part in a_grid(draw, 1))
        zero_point = zero_point - 20 if zero_point < 0 else zero_point + 20
        scale = scale.to(dtype)
        expected = scale * (q.to(torch.int32) - zero_point)
        assert_same(answer.dequantise(q, scale, zero_point), expected, "dequantise(q, scale, zero_point)")
    scale, zero_point = a_grid(draw, 8)
    expected = scale[:, None] * (q.reshape(4, 8, 8).to(torch.int32) - zero_point[:, None])
    assert_same(answer.dequantise(q.reshape(4, 8, 8), scale, zero_point, axis=1), expected, "dequantise(q, scale, zero_point, axis=1)")


def test_integer_matmul(answer, draw):
    """integer_matmul: exact, also for long sums
    integer_matmul：精确，长求和也一样"""
    for m, k, n in [(3, 5, 4), (2, 3000, 3), (1, 1, 1)]:
        a, b = draw.integers(-128, 128, (m, k)).to(torch.int8), draw.integers(60, 128, (k, n)).to(torch.int8)
        a[0] = draw.integers(100, 128, (k,)).to(torch.int8)
        zero_a, zero_b = torch.tensor(-128, dtype=torch.int32), draw.integers(-128, -60, (n,)).to(torch.int32)
        for zero, name in ((zero_b, "one for each column"), (zero_b[0], "0-d")):
            expected = ((a.long() - zero_a)[:, :, None] * (b.long() - zero)[None]).sum(dim=1).to(torch.int32)
            assert_same(answer.integer_matmul(a, zero_a, b, zero), expected, f"integer_matmul, k={k}, zero_b {name}")


@pytest.mark.parametrize("dtype", [torch.float32, F64], ids=str)
def test_fake_quantise(answer, draw, worker, dtype):
    """fake_quantise: value and straight-through gradient
    fake_quantise：数值与直通梯度"""
    scale, zero_point = a_grid(draw)
    x = off_the_ties(draw, scale, zero_point, (6, 7)).to(dtype)

    def reference(x, scale, zero_point):
        return torch.fake_quantize_per_tensor_affine(x, scale.item(), zero_point.item(), -128, 127)

    expected = reference(x.float(), scale, zero_point).to(dtype)
    # 1e-6: the reference multiplies in float32
    assert_same(answer.fake_quantise(x, scale.to(dtype), zero_point), expected, "fake_quantise(x, scale, zero_point)", rtol=1e-6, atol=1e-6)
    if dtype == torch.float32:
        assert_same_gradient(answer.fake_quantise, reference, (x, scale, zero_point), 0, "gradient of x", worker=worker)


@pytest.mark.after("test_fake_quantise")
@pytest.mark.parametrize("axis", [0, 1])
def test_fake_quantise_by_channel(answer, draw, worker, axis):
    """fake_quantise: one grid for each channel
    fake_quantise：每个通道一套格点"""
    scale, zero_point = a_grid(draw, 3)
    column = (3, 1) if axis == 0 else (1, 3)
    x = off_the_ties(draw, scale.reshape(column), zero_point.reshape(column), (3, 3))

    def reference(x, scale, zero_point, *, axis):
        return torch.fake_quantize_per_channel_affine(x, scale, zero_point, axis, -128, 127)

    inputs = x, scale, zero_point
    what = f"fake_quantise(x, scale, zero_point, axis={axis})"
    assert_same(answer.fake_quantise(*inputs, axis=axis), reference(*inputs, axis=axis), what)
    assert_same_gradient(answer.fake_quantise, reference, inputs, 0, f"gradient of x, {what}", worker=worker, axis=axis)
