"""The references are loops over math.sin and math.cos in float64, complex multiplication, and that shifting both sides changes no score."""

import math

import pytest
import torch

from grader.compare import assert_raises, assert_same, assert_same_gradient


def sinusoidal_by_loop(positions, dim, base=10_000.0):
    """The encodings of a list of positions, (len(positions), dim), in float64."""
    rows = torch.zeros(len(positions), dim, dtype=torch.float64)
    for row, position in enumerate(positions):
        for feature in range(dim):
            angle = position / base ** ((feature - feature % 2) / dim)
            rows[row, feature] = math.cos(angle) if feature % 2 else math.sin(angle)
    return rows


def turned(x, offset=0, base=10_000.0, interleaved=True):
    """RoPE as a product with complex numbers of absolute value 1."""
    length, dim = x.shape[-2:]
    exact = x.double()
    pairs = exact.unflatten(-1, (-1, 2)) if interleaved else exact.unflatten(-1, (2, -1)).mT
    angles = torch.tensor([[(offset + t) / base ** (2 * i / dim) for i in range(dim // 2)] for t in range(length)], dtype=torch.float64)
    numbers = torch.view_as_real(torch.complex(pairs[..., 0], pairs[..., 1]) * torch.polar(torch.ones_like(angles), angles))
    return (numbers if interleaved else numbers.mT).flatten(-2).to(x.dtype)


@pytest.mark.parametrize(("length", "dim"), [(5, 6), (8, 2), (3, 16)])
def test_sinusoidal(answer, draw, length, dim):
    """sinusoidal: positions in a row
    sinusoidal：一串位置"""
    positions = draw.permutation(3 * length)[:length]
    assert_same(answer.sinusoidal(positions, dim), sinusoidal_by_loop(positions.tolist(), dim).float(), f"sinusoidal(positions, {dim})")


@pytest.mark.after("test_sinusoidal")
def test_base_and_dtype(answer, draw):
    """sinusoidal: another base, float64
    sinusoidal：其他底数与 float64"""
    positions = draw.integers(1, 40, (6,))
    expected = sinusoidal_by_loop(positions.tolist(), 8, 50.0)
    assert_same(answer.sinusoidal(positions, 8, base=50.0), expected.float(), "sinusoidal(positions, 8, base=50.0)")
    assert_same(answer.sinusoidal(positions, 8, 50.0, torch.float64), expected, "sinusoidal(positions, 8, 50.0, torch.float64)")
    expected = sinusoidal_by_loop(positions.tolist(), 8)
    assert_same(answer.sinusoidal(positions, 8, dtype=torch.float64), expected, "sinusoidal(positions, 8, dtype=torch.float64)")


@pytest.mark.after("test_sinusoidal")
@pytest.mark.parametrize("shape", [(), (2, 3), (2, 1, 4), (0,)])
def test_shapes_of_positions(answer, draw, shape):
    """sinusoidal: positions of any shape
    sinusoidal：任意形状的位置"""
    positions = draw.integers(0, 100, shape)
    expected = sinusoidal_by_loop(positions.flatten().tolist(), 6).float().reshape(*shape, 6)
    assert_same(answer.sinusoidal(positions, 6), expected, f"sinusoidal of positions of shape {shape}")


@pytest.mark.after("test_sinusoidal")
@pytest.mark.parametrize("dim", [7, 3, 1])
def test_odd_width(answer, draw, dim):
    """sinusoidal: an odd width ends with a sine
    sinusoidal：奇数宽度以正弦结尾"""
    positions = draw.integers(1, 50, (5,))
    assert_same(answer.sinusoidal(positions, dim), sinusoidal_by_loop(positions.tolist(), dim).float(), f"sinusoidal(positions, {dim})")


@pytest.mark.after("test_sinusoidal")
def test_far_positions(answer, draw):
    """sinusoidal: positions up to 1,000,000
    sinusoidal：直到 1,000,000 的位置"""
    positions = draw.integers(500_000, 1_000_001, (20,))
    assert_same(answer.sinusoidal(positions, 6), sinusoidal_by_loop(positions.tolist(), 6).float(), "sinusoidal(far positions, 6)")


def table(answer, draw, max_length, dim, dtype=torch.float32):
    """The learner's module with a fresh table, and the table."""
    module = answer.LearnedPositions(max_length, dim)
    weight = draw.normal(max_length, dim, dtype=dtype)
    if dtype == torch.float64:
        module.double()
    module.load_state_dict({"weight": weight})
    return module, weight


@pytest.mark.parametrize(("batch", "length"), [(3, 5), (5, 5), (1, 8), (0, 4)])
def test_learned(answer, draw, batch, length):
    """LearnedPositions: from position 0
    LearnedPositions：从位置 0 开始"""
    module, weight = table(answer, draw, 9, 6)
    x = draw.normal(batch, length, 6)
    assert_same(module(x), x + weight[:length], "module(x)")


@pytest.mark.after("test_learned")
def test_learned_with_an_offset(answer, draw):
    """LearnedPositions: going on from an offset
    LearnedPositions：从偏移处继续"""
    module, weight = table(answer, draw, 9, 4)
    for offset, length in ((3, 4), (8, 1), (4, 5), (0, 9)):
        x = draw.normal(2, length, 4)
        assert_same(module(x, offset), x + weight[offset : offset + length], f"module(x, {offset}), {length} positions")


@pytest.mark.after("test_learned_with_an_offset")
def test_beyond_the_table(answer, draw):
    """LearnedPositions: beyond the table
    LearnedPositions：超出表的范围"""
    module, _ = table(answer, draw, 6, 4)
    for offset, length in ((0, 7), (6, 1), (5, 3), (3, 4)):
        assert_raises(ValueError, module, draw.normal(2, length, 4), offset)


def loss(module, x, weights, offset):
    return (module(x, offset) * weights).sum()


@pytest.mark.after("test_learned_with_an_offset")
def test_learned_gradients(answer, draw, worker):
    """LearnedPositions: gradients of x and the table
    LearnedPositions：x 与表的梯度"""
    module, weight = table(answer, draw, 7, 4, torch.float64)
    x, weights = draw.normal(3, 4, 4, dtype=torch.float64), draw.normal(3, 4, 4, dtype=torch.float64)
    assert_same_gradient(module, lambda x, offset: x + weight[offset : offset + 4], (x, 2), 0, "module(x, 2)", worker=worker)
    worker.ref(module).zero_grad()
    worker.keep(worker.define(loss), module, x, weights, 2).backward()
    expected = torch.zeros(7, 4, dtype=torch.float64)
    expected[2:6] = weights.sum(dim=0)
    assert_same(worker.fetch(worker.ref(module).weight.grad), expected, "module.weight.grad")


@pytest.mark.parametrize("interleaved", [True, False], ids=["interleaved", "halves"])
@pytest.mark.parametrize("shape", [(5, 6), (2, 3, 8), (2, 3, 5, 4), (4, 4, 4, 4), (0, 2, 3, 4), (1, 2)], ids=str)
def test_rope(answer, draw, shape, interleaved):
    """rope: both layouts of the pairs
    rope：两种配对布局"""
    x = draw.normal(*shape)
    assert_same(answer.rope(x, interleaved=interleaved), turned(x, interleaved=interleaved), f"rope(x, interleaved={interleaved})")


@pytest.mark.after("test_rope")
def test_rope_defaults(answer, draw):
    """rope: the default layout, another base, float64, any layout in memory
    rope：默认布局、其他底数、float64、任意内存布局"""
    x = draw.normal(2, 5, 3, 6, dtype=torch.float64).transpose(1, 2)
    assert_same(answer.rope(x), turned(x), "rope(x)")
    assert_same(answer.rope(x, 0, 30.0), turned(x, 0, 30.0), "rope(x, 0, 30.0)")
    assert_same(answer.rope(x, base=30.0, interleaved=False), turned(x, 0, 30.0, False), "rope(x, base=30.0, interleaved=False)")


@pytest.mark.after("test_rope")
@pytest.mark.parametrize("interleaved", [True, False], ids=["interleaved", "halves"])
def test_rope_with_an_offset(answer, draw, interleaved):
    """rope: an offset continues a sequence
    rope：用偏移接着编码"""
    x, cut = draw.normal(2, 9, 6), int(draw.integers(2, 8))
    whole = turned(x, interleaved=interleaved)
    first, rest = answer.rope(x[:, :cut], 0, interleaved=interleaved), answer.rope(x[:, cut:], cut, interleaved=interleaved)
    assert_same(torch.cat([first, rest], dim=1), whole, f"the sequence in two parts, the second with offset {cut}")


@pytest.mark.after("test_rope_with_an_offset")
@pytest.mark.parametrize("interleaved", [True, False], ids=["interleaved", "halves"])
def test_relative_positions(answer, draw, interleaved):
    """rope: scores depend on the distance only, at far positions too
    rope：分数只取决于距离，远处也如此"""
    q, k = draw.normal(4, 6), draw.normal(4, 6)
    near = turned(q.double(), 3, interleaved=interleaved) @ turned(k.double(), 0, interleaved=interleaved).mT
    for shift in (17, 999_990):
        ours = answer.rope(q, 3 + shift, interleaved=interleaved) @ answer.rope(k, shift, interleaved=interleaved).mT
        # sums of six products of rounded float32 numbers of size 1 to 4
        assert_same(ours, near.float(), f"scores of queries from {3 + shift} and keys from {shift} on", rtol=1e-5, atol=1e-5)


@pytest.mark.after("test_rope_with_an_offset")
@pytest.mark.parametrize("interleaved", [True, False], ids=["interleaved", "halves"])
def test_rope_gradient(answer, draw, worker, interleaved):
    """rope: gradient of x
    rope：x 的梯度"""
    x = draw.normal(2, 3, 6, dtype=torch.float64)
    assert_same_gradient(answer.rope, turned, (x, 5), 0, "rope(x, 5)", worker=worker, interleaved=interleaved)


@pytest.mark.after("test_rope")
def test_rope_of_an_odd_width(answer, draw):
    """rope: an odd width is refused
    rope：拒绝奇数宽度"""
    for interleaved in (True, False):
        assert_raises(ValueError, answer.rope, draw.normal(3, 5), interleaved=interleaved)
        assert_raises(ValueError, answer.rope, draw.normal(2, 3, 1), interleaved=interleaved)
