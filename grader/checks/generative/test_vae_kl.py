"""The reference is torch.distributions; where it has no counterpart, the definition written as a loop."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch.distributions import Bernoulli, Normal, kl_divergence

from grader.compare import assert_raises, assert_same, assert_same_gradient

both_dtypes = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
both_likelihoods = pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])


def gaussian(mean, log_var):
    return Normal(mean, (0.5 * log_var).exp())


def kl_to_prior(mean, log_var):
    """(batch, latent): the KL of every dimension of every sample."""
    return kl_divergence(gaussian(mean, log_var), gaussian(torch.zeros_like(mean), torch.zeros_like(mean)))


def log_likelihood(x, decoded, likelihood):
    """(batch,)"""
    if likelihood == "bernoulli":
        return -F.binary_cross_entropy_with_logits(decoded, x, reduction="none").sum(dim=1)
    return Normal(decoded, torch.ones_like(decoded)).log_prob(x).sum(dim=1)


def reference_elbo(x, decoded, mean, log_var, *, likelihood="bernoulli", beta=1.0, free_bits=0.0):
    charged = [dimension.mean().clamp(min=free_bits) for dimension in kl_to_prior(mean, log_var).T]
    return log_likelihood(x, decoded, likelihood).mean() - beta * sum(charged)


@both_dtypes
@pytest.mark.parametrize("shape", [(5, 3), (1, 1), (2, 64), (0, 4)], ids=str)
def test_reparameterise(answer, draw, worker, shape, dtype):
    """Sample from noise
    由噪声得到样本"""
    worker.seed(20)  # an answer that draws noise of its own goes wrong in the same way every time, and can be diagnosed
    mean, log_var, noise = (draw.normal(*shape, dtype=dtype) for _ in range(3))
    assert_same(answer.reparameterise(mean, log_var, noise), mean + gaussian(mean, log_var).stddev * noise, "reparameterise(mean, log_var, noise)")


@pytest.mark.after("test_reparameterise")
def test_reparameterise_gradient(answer, draw, worker):
    """Gradients through the sample
    穿过样本的梯度"""
    inputs = tuple(draw.normal(5, 3) for _ in range(3))
    for wrt, name in enumerate(["mean", "log_var"]):
        assert_same_gradient(answer.reparameterise, lambda m, v, e: m + gaussian(m, v).stddev * e, inputs, wrt, f"{name}.grad", worker=worker)


@both_dtypes
@pytest.mark.parametrize("shape", [(4, 3), (1, 1), (2, 64), (0, 3)], ids=str)
def test_kl_to_standard_normal(answer, draw, shape, dtype):
    """KL to the standard normal
    到标准正态分布的 KL 散度"""
    mean, log_var = draw.normal(*shape, dtype=dtype), draw.normal(*shape, dtype=dtype)
    assert_same(answer.kl_to_standard_normal(mean, log_var), kl_to_prior(mean, log_var).sum(dim=1), "kl_to_standard_normal(mean, log_var)")


@both_dtypes
@pytest.mark.parametrize("shape", [(4, 3), (1, 1), (2, 64), (0, 3)], ids=str)
def test_kl_between(answer, draw, shape, dtype):
    """KL between two Gaussians
    两个高斯分布之间的 KL 散度"""
    q, p = ([draw.normal(*shape, dtype=dtype), draw.normal(*shape, dtype=dtype)] for _ in range(2))
    assert_same(answer.kl_between(*q, *p), kl_divergence(gaussian(*q), gaussian(*p)).sum(dim=1), "kl_between(mean_q, log_var_q, mean_p, log_var_p)")


@pytest.mark.after("test_kl_to_standard_normal", "test_kl_between")
def test_kl_gradients(answer, draw, worker):
    """Gradients of both KLs
    两个 KL 的梯度"""
    q, p = (draw.normal(4, 3), draw.normal(4, 3)), (draw.normal(4, 3), draw.normal(4, 3))
    for wrt, name in enumerate(["mean", "log_var"]):
        assert_same_gradient(
            answer.kl_to_standard_normal, lambda m, v: kl_to_prior(m, v).sum(dim=1), q, wrt, f"kl_to_standard_normal: {name}.grad", worker=worker
        )
    for wrt, name in enumerate(["mean_q", "log_var_q", "mean_p", "log_var_p"]):
        assert_same_gradient(
            answer.kl_between,
            lambda mq, vq, mp, vp: kl_divergence(gaussian(mq, vq), gaussian(mp, vp)).sum(dim=1),
            (*q, *p),
            wrt,
            f"kl_between: {name}.grad",
            worker=worker,
        )


@pytest.mark.after("test_kl_to_standard_normal", "test_kl_between")
def test_kl_extremes(answer, draw):
    """KL of needles and of haystacks
    极窄与极宽分布的 KL"""
    mean = draw.normal(3, 2)
    zeros = torch.zeros(3, 2)
    assert_same(answer.kl_to_standard_normal(zeros, zeros), torch.zeros(3), "kl_to_standard_normal(0, 0)")
    assert_same(answer.kl_between(mean, zeros + 2, mean, zeros + 2), torch.zeros(3), "kl_between(q, q)")
    for size in (-30.0, 30.0, -80.0, 80.0):
        log_var = torch.full((3, 2), size)
        exact = (0.5 * (math.exp(size) - 1 - size + mean.double() ** 2)).sum(dim=1)
        assert_same(answer.kl_to_standard_normal(mean, log_var), exact.float(), f"kl_to_standard_normal(mean, {size:g})")
        assert_same(answer.kl_between(mean, log_var, zeros, zeros), exact.float(), f"kl_between(mean, {size:g}, 0, 0)")
        exact = (0.5 * (math.exp(-size) * (1 + mean.double() ** 2) - 1 + size)).sum(dim=1)
        assert_same(answer.kl_between(mean, zeros, zeros, log_var), exact.float(), f"kl_between(mean, 0, 0, {size:g})")


@pytest.mark.parametrize("beta", [None, 1.0, 4.0])
@both_dtypes
def test_bernoulli_elbo(answer, draw, dtype, beta):
    """ELBO with a Bernoulli likelihood
    伯努利似然的 ELBO"""
    x, decoded = draw.uniform(6, 10, dtype=dtype), 2 * draw.normal(6, 10, dtype=dtype)
    mean, log_var = draw.normal(6, 3, dtype=dtype), draw.normal(6, 3, dtype=dtype)
    if beta is None:  # the defaults
        expected = reference_elbo(x, decoded, mean, log_var)
        assert_same(answer.elbo(x, decoded, mean, log_var), expected, "elbo(x, decoded, mean, log_var)")
        black_or_white = x.round()
        expected = Bernoulli(logits=decoded).log_prob(black_or_white).sum(dim=1).mean() - kl_to_prior(mean, log_var).sum(dim=1).mean()
        assert_same(answer.elbo(black_or_white, decoded, mean, log_var), expected, "elbo(x.round(), decoded, mean, log_var)")
    else:
        expected = reference_elbo(x, decoded, mean, log_var, beta=beta)
        assert_same(
            answer.elbo(x, decoded, mean, log_var, likelihood="bernoulli", beta=beta), expected, f'elbo(..., likelihood="bernoulli", beta={beta:g})'
        )


@pytest.mark.parametrize("beta", [1.0, 0.25])
@both_dtypes
def test_gaussian_elbo(answer, draw, dtype, beta):
    """ELBO with a Gaussian likelihood
    高斯似然的 ELBO"""
    x, decoded = 2 * draw.normal(7, 4, dtype=dtype), draw.normal(7, 4, dtype=dtype)
    mean, log_var = draw.normal(7, 5, dtype=dtype), draw.normal(7, 5, dtype=dtype)
    expected = reference_elbo(x, decoded, mean, log_var, likelihood="gaussian", beta=beta)
    assert_same(
        answer.elbo(x, decoded, mean, log_var, likelihood="gaussian", beta=beta), expected, f'elbo(..., likelihood="gaussian", beta={beta:g})'
    )


@both_likelihoods
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 12, 2), (3, 784, 20)], ids=str)
@pytest.mark.after("test_bernoulli_elbo", "test_gaussian_elbo")
def test_elbo_sizes(answer, draw, shape, likelihood):
    """One sample, whole images, views
    单个样本、整幅图像、非连续输入"""
    batch, features, latent = shape
    x, decoded = draw.uniform(features, batch).T, draw.normal(batch, 2 * features)[:, ::2]
    mean, log_var = draw.normal(latent, batch).T, draw.normal(batch, 2 * latent)[:, ::2]
    expected = reference_elbo(x, decoded, mean, log_var, likelihood=likelihood)
    assert_same(answer.elbo(x, decoded, mean, log_var, likelihood=likelihood), expected, f'elbo(..., likelihood="{likelihood}")')
    noise = draw.normal(latent, batch).T
    assert_same(answer.reparameterise(mean, log_var, noise), mean + gaussian(mean, log_var).stddev * noise, "reparameterise(mean, log_var, noise)")
    assert_same(answer.kl_to_standard_normal(mean, log_var), kl_to_prior(mean, log_var).sum(dim=1), "kl_to_standard_normal(mean, log_var)")


@both_likelihoods
@pytest.mark.parametrize("beta", [1.0, 0.4])
@pytest.mark.after("test_bernoulli_elbo", "test_gaussian_elbo")
def test_free_bits(answer, draw, likelihood, beta):
    """Free bits
    免费比特（free bits）"""
    x, decoded, mean, log_var = draw.uniform(6, 10), draw.normal(6, 10), 0.7 * draw.normal(6, 4), 0.7 * draw.normal(6, 4)
    two_in_the_middle = kl_to_prior(mean, log_var).mean(dim=0).sort().values[1:3]
    floor = two_in_the_middle.mean().item()  # two dimensions are charged the floor, two their own KL
    for free_bits in (0.0, floor, 50.0):
        expected = reference_elbo(x, decoded, mean, log_var, likelihood=likelihood, beta=beta, free_bits=free_bits)
        result = answer.elbo(x, decoded, mean, log_var, likelihood=likelihood, beta=beta, free_bits=free_bits)
        assert_same(result, expected, f'elbo(..., likelihood="{likelihood}", beta={beta:g}, free_bits={free_bits:.3g})')


@both_likelihoods
@pytest.mark.parametrize("free", [False, True], ids=["", "free bits"])
@pytest.mark.after("test_bernoulli_elbo", "test_gaussian_elbo", "test_free_bits")
def test_elbo_gradient(answer, draw, worker, likelihood, free):
    """Gradients of the ELBO
    ELBO 的梯度"""
    inputs = draw.uniform(6, 10), draw.normal(6, 10), 0.7 * draw.normal(6, 4), 0.7 * draw.normal(6, 4)
    free_bits = kl_to_prior(*inputs[2:]).mean(dim=0).sort().values[1:3].mean().item() if free else 0.0
    settings = {"likelihood": likelihood, "beta": 1.5, "free_bits": free_bits}
    for wrt, name in enumerate(["decoded", "mean", "log_var"], start=1):
        assert_same_gradient(answer.elbo, reference_elbo, inputs, wrt, f"{name}.grad", worker=worker, **settings)


@pytest.mark.after("test_bernoulli_elbo", "test_elbo_gradient")
def test_elbo_extremes(answer, worker):
    """Logits of ±1000, log-variances of ±80
    ±1000 的 logits，±80 的对数方差"""
    x, decoded = torch.tensor([[0.0, 1.0, 0.0, 1.0, 0.25]]), torch.tensor([[-1000.0, -1000.0, 1000.0, 1000.0, 1000.0]])
    code = torch.zeros(1, 2)
    bound, (gradient,) = worker.vjp(answer.elbo, (x, decoded, code, code), torch.tensor(1.0), wrt=(1,))
    assert_same(bound, torch.tensor(-2750.0), "elbo(x, decoded, 0, 0)")
    assert_same(gradient, torch.tensor([[0.0, 1.0, -1.0, 0.0, -0.75]]), "decoded.grad")
    for size in (-80.0, 80.0):
        expected = torch.tensor(-2750.0 - (math.exp(size) - 1 - size))  # two dimensions, half of it each
        assert_same(answer.elbo(x, decoded, code, code + size), expected, f"elbo(x, decoded, 0, {size:g})")


def test_unknown_likelihood(answer):
    """Another likelihood is refused
    拒绝其他似然"""
    one = torch.zeros(1, 1)
    for likelihood in ("poisson", "normal", ""):
        assert_raises(ValueError, answer.elbo, one, one, one, one, likelihood=likelihood)
