"""The reference is torch's own logsumexp, softmax and log_softmax in float64; rows without any entry follow the statement."""

import math

import pytest
import torch

from grader.compare import assert_same, assert_same_gradient, assert_true

CASES = [((4, 7), 1), ((4, 7), 0), ((3, 4, 5), -2), ((2, 3, 4, 5), 1), ((2, 3, 4, 5), -4), ((6,), 0), ((1, 9), -1), ((5, 1), 1)]
DTYPES = [torch.float32, torch.float64]


def exact(reference, x, dim, **kwargs):
    return reference(x.double(), dim, **kwargs).to(x.dtype)


def nothing_left(x, dim):
    return torch.isneginf(x).all(dim, keepdim=True)


def masked(x, holes):
    return x.masked_fill(holes, -math.inf)


def one_hole_a_row(draw, rows, columns):
    return torch.arange(columns) == draw.integers(0, columns, (rows, 1))


@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_logsumexp(answer, draw, shape, dim):
    """logsumexp along any dim
    沿任意维度的 logsumexp"""
    for dtype in DTYPES:
        x = 3 * draw.normal(*shape, dtype=dtype)
        assert_same(answer.logsumexp(x, dim), exact(torch.logsumexp, x, dim), f"logsumexp(x, {dim})")


@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_keepdim(answer, draw, shape, dim):
    """keepdim of logsumexp
    logsumexp 的 keepdim 参数"""
    x = draw.normal(*shape)
    expected = exact(torch.logsumexp, x, dim, keepdim=True)
    assert_same(answer.logsumexp(x, dim=dim, keepdim=True), expected, f"logsumexp(x, dim={dim}, keepdim=True)")
    assert_same(answer.logsumexp(x, dim, False), expected.squeeze(dim), f"logsumexp(x, {dim}, False)")


@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_softmax(answer, draw, shape, dim):
    """softmax along any dim
    沿任意维度的 softmax"""
    for dtype in DTYPES:
        x = 3 * draw.normal(*shape, dtype=dtype)
        assert_same(answer.softmax(x, dim), exact(torch.softmax, x, dim), f"softmax(x, {dim})")


@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_log_softmax(answer, draw, shape, dim):
    """log_softmax along any dim
    沿任意维度的 log_softmax"""
    for dtype in DTYPES:
        x = 3 * draw.normal(*shape, dtype=dtype)
        assert_same(answer.log_softmax(x, dim), exact(torch.log_softmax, x, dim), f"log_softmax(x, {dim})")


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_strides(answer, draw, name):
    """Transposed and sliced inputs
    转置与切片得到的非连续输入"""
    function, reference = getattr(answer, name), getattr(torch, name)
    for x, dim in [(draw.normal(5, 3).T, 1), (draw.normal(4, 8)[:, ::2], 0), (draw.normal(1, 3).expand(4, 3), -1)]:
        assert_same(function(x, dim), exact(reference, x, dim), f"{name}(x, {dim})")


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
@pytest.mark.parametrize("offset", [10_000.0, -10_000.0])
def test_large_logits(answer, draw, name, offset):
    """Logits of 10,000 and -10,000
    大小为 ±10,000 的 logits"""
    function, reference = getattr(answer, name), getattr(torch, name)
    x = draw.normal(3, 5, dtype=torch.float64) + offset
    # 1e-8: one rounding of a logit of 10,000 is already 1e-12, and an answer may round a few times
    assert_same(function(x, 1), reference(x, 1), f"{name}(x{offset:+g}, 1)", rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_rows_of_different_size(answer, draw, name):
    """Rows far apart: one around 10,000, one around 0, one around -10,000
    各行相差悬殊：约 10,000、约 0、约 -10,000"""
    function, reference = getattr(answer, name), getattr(torch, name)
    x = draw.normal(3, 5, dtype=torch.float64) + torch.tensor([[1e4], [0.0], [-1e4]], dtype=torch.float64)
    # 1e-8: as for large logits
    assert_same(function(x, 1), reference(x, 1), f"{name}(x, 1)", rtol=1e-8, atol=1e-8)
    assert_same(function(x.T, 0), reference(x.T, 0), f"{name}(x.T, 0)", rtol=1e-8, atol=1e-8)


def test_unlikely_classes(answer, draw):
    """log_softmax where softmax rounds to 0
    softmax 已下溢为 0 处的 log_softmax"""
    for dtype in DTYPES:
        x = draw.normal(4, 3, dtype=dtype) + torch.tensor([0.0, -300.0, -2000.0], dtype=dtype)
        assert_same(answer.log_softmax(x, 1), exact(torch.log_softmax, x, 1), "log_softmax(x, 1)")


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_offset_costs_no_accuracy(answer, draw, name):
    """float32 logits around 10,000 keep their accuracy
    10,000 附近的 float32 logits 不损失精度"""
    function, reference = getattr(answer, name), getattr(torch, name)
    # multiples of 1/64 are exact in float32 around 10,000, so the default tolerance is fair
    x = draw.integers(-256, 256, (6, 5)).float() / 64
    for offset in (10_000.0, -10_000.0):
        assert_same(function(x + offset, 1), exact(reference, x + offset, 1), f"{name}(x{offset:+g}, 1)")


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_largest_numbers(answer, name):
    """The largest and smallest numbers of the dtype
    该数据类型能表示的最大与最小数"""
    function, reference = getattr(answer, name), getattr(torch, name)
    for dtype in DTYPES:
        big = torch.finfo(dtype).max
        x = torch.tensor([[-big, -big, -big], [big, -big, 0.0], [big, big, 1.0], [0.0, -big, 0.0]], dtype=dtype)
        assert_same(function(x, 1), reference(x, 1), f"{name}(x, 1)")


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_masked_entries(answer, draw, name, dtype):
    """Some entries masked by -inf
    部分元素被 -inf 掩蔽"""
    function, reference = getattr(answer, name), getattr(torch, name)
    x = masked(draw.normal(5, 6, dtype=dtype), one_hole_a_row(draw, 5, 6))
    x[1, 1:] = -math.inf  # one entry left
    x[1, 0] = -3.0
    assert_same(function(x, 1), exact(reference, x, 1), f"{name}(x, 1)")
    assert_same(function(x.T, -2), exact(reference, x.T, -2), f"{name}(x.T, -2)")


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(("name", "empty"), [("logsumexp", -math.inf), ("softmax", 0.0), ("log_softmax", -math.inf)])
def test_fully_masked_rows(answer, draw, name, empty, dtype):
    """Rows in which everything is masked
    整行都被掩蔽"""
    function, reference = getattr(answer, name), getattr(torch, name)
    x = masked(draw.normal(5, 4, dtype=dtype), one_hole_a_row(draw, 5, 4))
    x[draw.integers(0, 5, (2,))] = -math.inf
    for case, dim in [(x, 1), (x.T, 0), (x[:, :1], -1), (x[None], -1)]:
        expected = exact(reference, case, dim)
        rows = nothing_left(case, dim) if name != "logsumexp" else nothing_left(case, dim).squeeze(dim)
        assert_same(function(case, dim), torch.where(rows, torch.tensor(empty, dtype=dtype), expected), f"{name}(x, {dim})")


@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_gradient_of_logsumexp(answer, worker, draw, shape, dim):
    """Gradient of logsumexp
    logsumexp 的梯度"""
    x = 2 * draw.normal(*shape, dtype=torch.float64)
    assert_same_gradient(answer.logsumexp, torch.logsumexp, (x,), 0, "x.grad", worker=worker, dim=dim)
    assert_same_gradient(answer.logsumexp, torch.logsumexp, (x,), 0, "x.grad", worker=worker, dim=dim, keepdim=True)


@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_gradient_of_softmax(answer, worker, draw, shape, dim):
    """Gradient of softmax
    softmax 的梯度"""
    x = 2 * draw.normal(*shape, dtype=torch.float64)
    assert_same_gradient(answer.softmax, torch.softmax, (x,), 0, "x.grad", worker=worker, dim=dim)


@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_gradient_of_log_softmax(answer, worker, draw, shape, dim):
    """Gradient of log_softmax
    log_softmax 的梯度"""
    x = 2 * draw.normal(*shape, dtype=torch.float64)
    assert_same_gradient(answer.log_softmax, torch.log_softmax, (x,), 0, "x.grad", worker=worker, dim=dim)


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_gradient_at_extremes(answer, worker, draw, name):
    """Gradient with masked entries, ties and logits of 10,000
    含掩蔽元素、并列最大值与 10,000 的 logits 时的梯度"""
    reference = getattr(torch, name)
    extremes = [[0.0, -2000.0, 1.0], [1e4, 1e4, 1e4], [-1e4, -1e4 + 1, -1e4 - 1], [5.0, 5.0, -5.0], [-math.inf, 7.0, -math.inf]]
    for x in (torch.tensor(extremes, dtype=torch.float64), masked(draw.normal(5, 6, dtype=torch.float64), one_hole_a_row(draw, 5, 6))):
        leaf = x.clone().requires_grad_()
        output = reference(leaf, 1)
        cotangent = draw.normal(*output.shape, dtype=torch.float64)
        if name == "log_softmax":
            cotangent = cotangent.masked_fill(torch.isneginf(x), 0.0)  # no loss asks for the logarithm of a masked entry
        (output * cotangent).sum().backward()
        _, (grad,) = worker.vjp(getattr(answer, name), (x,), cotangent, dim=1)
        assert_same(grad, leaf.grad, "x.grad", rtol=1e-8, atol=1e-8)  # 1e-8: as for large logits


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_gradient_of_fully_masked_rows(answer, worker, draw, name):
    """No gradient is nan, and a fully masked row leaves the others alone
    梯度绝不为 nan，整行被掩蔽也不影响其他行"""
    x = draw.normal(4, 3, dtype=torch.float64)
    row = int(draw.integers(0, 4, ()))
    x[row] = -math.inf
    others = [i for i in range(4) if i != row]
    output = torch.empty(4) if name == "logsumexp" else torch.empty(4, 3)
    cotangent = draw.normal(*output.shape, dtype=torch.float64)
    leaf = x[others].requires_grad_()
    (getattr(torch, name)(leaf, 1) * cotangent[others]).sum().backward()
    _, (grad,) = worker.vjp(getattr(answer, name), (x,), cotangent, dim=1)
    assert_same(grad[others], leaf.grad, f"x.grad[{others}]")
    if name == "log_softmax":
        assert_true(
            not bool(grad.isnan().any()),
            "x.grad",
            f"x.grad[{row}] is nan: row {row} is masked everywhere",
            f"x.grad[{row}] 出现 nan：第 {row} 行全部被掩蔽",
        )
    else:
        assert_same(grad[row], torch.zeros(3, dtype=torch.float64), f"x.grad[{row}]")


@pytest.mark.parametrize(("shape", "dim"), [((0, 5), 1), ((3, 0, 4), -1), ((2, 0), 0)])
def test_empty_batch(answer, shape, dim):
    """An empty batch
    空批次"""
    x = torch.zeros(shape)
    assert_same(answer.logsumexp(x, dim), torch.logsumexp(x, dim), f"logsumexp(x, {dim})")
    assert_same(answer.softmax(x, dim), x, f"softmax(x, {dim})")
    assert_same(answer.log_softmax(x, dim), x, f"log_softmax(x, {dim})")
