"""The references are torch.nn.utils.parametrizations.spectral_norm, slow loops, and the eigenvalues of the product of covariances."""

import math

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from grader.compare import assert_between, assert_same, assert_same_gradient, assert_true

F64 = torch.float64
LOOSE = {"rtol": 1e-6, "atol": 1e-6}  # square roots of eigenvalues: 1e-15 of rounding at an eigenvalue of 0 becomes 3e-8


def coverage(samples, modes, radius, at_least):
    counts = [0] * len(modes)
    for sample in samples.tolist():
        distances = [math.dist(sample, mode) for mode in modes.tolist()]
        if min(distances) <= radius:
            counts[distances.index(min(distances))] += 1
    return sum(count >= at_least for count in counts), sum(counts) / len(samples)


@pytest.mark.parametrize(("n", "k", "d"), [(40, 6, 2), (30, 5, 3), (25, 4, 2)])
def test_mode_coverage(answer, draw, n, k, d):
    """mode_coverage: against a loop
    mode_coverage：与循环对照"""
    modes, samples = 2 * draw.normal(k, d, dtype=F64), 2 * draw.normal(n, d, dtype=F64)
    if d == 2:  # a ring
        angles = torch.arange(k) * (2 * math.pi / k)
        modes = (2 * torch.stack([angles.cos(), angles.sin()], dim=1)).double()
    samples[: n // 2] = modes[0] + 0.1 * samples[: n // 2]  # half of them crowd around one mode
    samples[-1] = modes[1]
    for radius, at_least in [(0.7, 1), (1.5, 2), (0.7, 4), (6.0, 3), (0.001, 1)]:
        expected = coverage(samples, modes, radius, at_least)
        assert_same(
            answer.mode_coverage(samples, modes, radius=radius, at_least=at_least), expected, f"mode_coverage(radius={radius}, at_least={at_least})"
        )


@pytest.mark.after("test_mode_coverage")
def test_coverage_at_the_edge(answer):
    """mode_coverage: exactly the radius, the default, nobody near
    mode_coverage：恰在半径上、默认值、附近没有样本"""
    modes = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 20.0]], dtype=F64)
    samples = torch.tensor([[3.0, 4.0], [13.0, 4.0], [13.0, -4.5], [0.0, 14.0]], dtype=F64)
    assert_same(answer.mode_coverage(samples, modes, radius=5.0), (2, 0.5), "mode_coverage(samples, modes, radius=5.0)")
    assert_same(answer.mode_coverage(samples, modes, radius=5.0, at_least=2), (0, 0.5), "mode_coverage(samples, modes, radius=5.0, at_least=2)")
    assert_same(answer.mode_coverage(samples[3:], modes, radius=5.0), (0, 0.0), "mode_coverage of one far sample")
    assert_same(answer.mode_coverage(modes, modes, radius=0.0), (3, 1.0), "mode_coverage(modes, modes, radius=0.0)")
    assert_same(answer.mode_coverage(modes[::2], modes, radius=0.0), (2, 1.0), "mode_coverage(modes[::2], modes, radius=0.0)")
    assert_same(answer.mode_coverage(samples.float(), modes.float(), radius=5.0), (2, 0.5), "mode_coverage(samples, modes, radius=5.0), float32")


def buffers(module):
    return dict(module.state_dict()), [name for name, _ in module.named_parameters()]


def test_spectral_norm_buffers(answer, worker, draw, device):
    """SpectralNorm: its buffers u and v
    SpectralNorm：缓冲区 u 和 v"""
    worker.seed(draw.integers(0, 2**31, ()).item())
    seen = []
    for _ in range(2):
        state, parameters = worker.define(buffers)(answer.SpectralNorm((30, 4, 5)).to(device))
        assert_same(sorted(state), ["u", "v"], "names in SpectralNorm(shape).state_dict()")
        assert_same(parameters, [], "names of SpectralNorm(shape).named_parameters()")
        for name, size in (("u", 30), ("v", 20)):
            assert_same(list(state[name].shape), [size], f"{name}.shape of SpectralNorm((30, 4, 5))")
            assert_same(state[name].norm(), torch.tensor(1.0), f"length of {name}")
        seen.append(state)
    for name in "uv":
        same = bool((seen[0][name] == seen[1][name]).all())
        assert_true(not same, f"{name} of two modules", "they are the same numbers", "两个模块的数完全相同")


def pair(answer, draw, device, shape):
    """The learner's module and the parametrization of PyTorch, in train mode, with the same fresh u and v."""
    columns = math.prod(shape[1:])
    u, v = draw.normal(shape[0], dtype=F64), draw.normal(columns, dtype=F64)
    u, v = u / u.norm(), v / v.norm()
    ours = answer.SpectralNorm(shape).double().to(device)
    ours.load_state_dict({"u": u, "v": v})
    layer = nn.Linear(shape[1], shape[0]) if len(shape) == 2 else nn.Conv2d(shape[1], shape[0], shape[2:])
    theirs = parametrizations.spectral_norm(layer.double()).parametrizations.weight[0]
    theirs._u.copy_(u)
    theirs._v.copy_(v)
    return ours, theirs


SHAPES = pytest.mark.parametrize("shape", [(4, 3), (2, 5), (3, 2, 2, 4)], ids=str)


@pytest.mark.after("test_spectral_norm_buffers")
@SHAPES
def test_spectral_norm_in_train_mode(answer, draw, device, worker, shape):
    """SpectralNorm: one iteration a call, kept
    SpectralNorm：每次调用迭代一次并保留"""
    ours, theirs = pair(answer, draw, device, shape)
    worker.seed(draw.integers(0, 2**31, ()).item())
    for call in range(3):
        weight = draw.normal(*shape, dtype=F64)
        expected = theirs(weight)
        assert_same(ours(weight), expected, f"call {call + 1} of SpectralNorm in train mode")
        assert_same(dict(ours.state_dict()), {"u": theirs._u, "v": theirs._v}, f"u and v after call {call + 1}")


@pytest.mark.after("test_spectral_norm_in_train_mode")
def test_spectral_norm_in_eval_mode(answer, draw, device):
    """SpectralNorm: eval mode leaves u and v alone
    SpectralNorm：eval 模式不改 u 和 v"""
    ours, theirs = pair(answer, draw, device, (4, 3))
    ours.eval()
    theirs.eval()
    before = {"u": theirs._u.clone(), "v": theirs._v.clone()}
    for _ in range(2):
        weight = draw.normal(4, 3, dtype=F64)
        assert_same(ours(weight), theirs(weight), "SpectralNorm in eval mode")
        assert_same(dict(ours.state_dict()), before, "u and v in eval mode")


@pytest.mark.after("test_spectral_norm_in_eval_mode")
@SHAPES
def test_spectral_norm_gradient(answer, draw, device, worker, shape):
    """SpectralNorm: the gradient of the weight
    SpectralNorm：权重的梯度"""
    ours, theirs = pair(answer, draw, device, shape)
    weight = draw.normal(*shape, dtype=F64)
    assert_same_gradient(ours, theirs, (weight,), 0, "gradient of the weight, train mode", worker=worker)
    ours.eval()
    theirs.eval()
    assert_same_gradient(ours, theirs, (weight,), 0, "gradient of the weight, eval mode", worker=worker)


def two_calls(module, weight):
    return module(weight) + 2 * module(weight)


@pytest.mark.after("test_spectral_norm_gradient")
def test_spectral_norm_twice(answer, draw, device, worker):
    """SpectralNorm: two calls, one backward
    SpectralNorm：两次调用，一次反向传播"""
    ours, theirs = pair(answer, draw, device, (4, 3))
    weight = draw.normal(4, 3, dtype=F64)

    def reference(_module, weight):
        return two_calls(theirs, weight)

    assert_same_gradient(worker.define(two_calls), reference, (ours, weight), 1, "gradient through two calls", worker=worker)


def company(x, T):
    M = torch.einsum("if,fkd->ikd", x, T)
    n, kernels, _ = M.shape
    rows = [
        [sum((torch.exp(-(M[i, b] - M[j, b]).abs().sum()) for j in range(n) if j != i), 0 * M[0, 0, 0]) for b in range(kernels)] for i in range(n)
    ]
    return torch.stack([torch.stack(row) for row in rows])


@pytest.mark.parametrize(("batch", "dtype"), [(5, F64), (4, torch.float32), (1, F64)], ids=str)
def test_minibatch_features(answer, draw, batch, dtype):
    """minibatch_features: the company of each sample
    minibatch_features：每个样本有多少同伴"""
    x, T = draw.normal(batch, 3, dtype=dtype), draw.normal(3, 2, 4, dtype=dtype) / 3
    assert_same(answer.minibatch_features(x, T), company(x, T), "minibatch_features(x, T)")


@pytest.mark.after("test_minibatch_features")
def test_minibatch_gradient(answer, draw, worker):
    """minibatch_features: gradients of x and T
    minibatch_features：x 与 T 的梯度"""
    x, T = draw.normal(4, 3, dtype=F64), draw.normal(3, 2, 4, dtype=F64) / 3
    assert_same_gradient(answer.minibatch_features, company, (x, T), (0, 1), "minibatch_features(x, T)", worker=worker)


@pytest.mark.parametrize(("n", "d", "dtype"), [(6, 3, F64), (3, 5, F64), (2, 1, torch.float32)], ids=str)
def test_moments(answer, draw, n, d, dtype):
    """moments: mean and unbiased covariance
    moments：均值与无偏协方差"""
    features = 1 + draw.normal(n, d, dtype=dtype)
    mean = sum(features) / n
    covariance = sum(torch.outer(row - mean, row - mean) for row in features) / (n - 1)
    assert_same(answer.moments(features), (mean, covariance), "moments(features)")


def covariance(draw, d, rank):
    factor = draw.normal(d, rank, dtype=F64)
    return factor @ factor.T / rank


@pytest.mark.parametrize("sizes", [[(4, 6)], [(4, 2), (7, 2), (9, 1)]], ids=["regular", "singular"])
def test_square_root(answer, draw, sizes):
    """square_root: symmetric, its square is the matrix
    square_root：对称，平方即原矩阵"""
    for d, rank in sizes:  # of the many eigenvalues 0 rounding makes some negative, whatever is drawn and whichever processor computes
        matrix = covariance(draw, d, rank)
        root = answer.square_root(matrix)
        assert_same(list(root.shape), [d, d], "square_root(matrix).shape")
        assert_same(root @ root, matrix, "square_root(matrix) @ square_root(matrix)", **LOOSE)
        assert_same(root.T, root, "transpose of square_root(matrix)", **LOOSE)
        smallest = torch.linalg.eigvalsh(root).min().item()
        assert_between(smallest, -1e-6, 1e6, "smallest eigenvalue of square_root(matrix)")


@pytest.mark.after("test_square_root")
@pytest.mark.parametrize("ranks", [(7, 7), (2, 7), (2, 2), (1, 1)], ids=["regular", "one singular", "both singular", "rank one"])
def test_frechet_distance(answer, draw, ranks):
    """frechet_distance: against the eigenvalues of the product
    frechet_distance：与乘积的特征值对照"""
    (mean_1, mean_2), (cov_1, cov_2) = draw.normal(2, 5, dtype=F64), (covariance(draw, 5, rank) for rank in ranks)
    cov_2 = 3 * cov_2
    # the product is not symmetric, but similar to a positive semi-definite matrix: its eigenvalues are those of the symmetric form
    overlap = torch.linalg.eigvals(cov_1 @ cov_2).real.clamp(min=0).sqrt().sum()
    expected = (mean_1 - mean_2).square().sum() + cov_1.trace() + cov_2.trace() - 2 * overlap
    tolerance = {"rtol": 1e-9, "atol": 1e-9} if min(ranks) >= 5 else {"rtol": 0.0, "atol": 1e-5}  # eigenvalues of 0 have a root of rounding
    for first, second in [((mean_1, cov_1), (mean_2, cov_2)), ((mean_2, cov_2), (mean_1, cov_1))]:
        assert_same(answer.frechet_distance(*first, *second), expected, "frechet_distance(mean_1, cov_1, mean_2, cov_2)", **tolerance)
