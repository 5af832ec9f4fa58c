"""The references are closed forms in float64, and the exact posterior of Gaussian data, whose noise is known without a network."""

import math

import pytest
import torch

from grader.compare import assert_same, assert_same_gradient

F64 = torch.float64
MEAN, VARIANCE = 1.5, 0.25  # of the Gaussian data


def random_betas(draw, steps):
    """No two alike, none small."""
    return draw.uniform(steps, low=0.05, high=0.5, dtype=F64)


def bars(betas):
    result, product = [], 1.0
    for beta in betas.tolist():
        product *= 1 - beta
        result.append(product)
    return result


def exact_noise(alpha_bar, mean, variance):
    """The model that knows all of Gaussian data: the expected noise in x after step t, with t as (batch,) of int64."""

    def model(x, t):
        if tuple(t.shape) != (x.shape[0],):
            raise ValueError(f"t has the shape {tuple(t.shape)}: (batch,) is {(x.shape[0],)}")
        kept = alpha_bar[t].reshape(-1, *[1] * (x.dim() - 1))
        return ((1 - kept).sqrt() * (x - kept.sqrt() * mean) / (kept * variance + 1 - kept)).to(x.dtype)

    return model


def conditional(x, t, condition):
    return x * t[:, None] if condition is None else x.sin() * t[:, None] + condition


@pytest.mark.parametrize("settings", [(10,), (2,), (7, 0.01, 0.4)], ids=str)
def test_linear_betas(answer, device, settings):
    """linear_betas: evenly spaced, ends included
    linear_betas：等间隔，含两端"""
    steps, first, last = (*settings, 1e-4, 0.02)[:3] if len(settings) == 1 else settings
    expected = torch.tensor([first + (last - first) * t / (steps - 1) for t in range(steps)], dtype=F64)
    assert_same(answer.linear_betas(*settings, device=device), expected, f"linear_betas{settings}")


@pytest.mark.parametrize("settings", [(8,), (1,), (50,), (5, 0.1)], ids=str)
def test_cosine_betas(answer, device, settings):
    """cosine_betas: from the cosine's quotients
    cosine_betas：由余弦之商得到"""
    steps, offset = (*settings, 0.008)[:2]
    f = [math.cos((t / steps + offset) / (1 + offset) * math.pi / 2) ** 2 for t in range(steps + 1)]
    expected = torch.tensor([min(1 - f[t + 1] / f[t], 0.999) for t in range(steps)], dtype=F64)
    assert_same(answer.cosine_betas(*settings, device=device), expected, f"cosine_betas{settings}")


def test_alpha_bars(answer, draw):
    """alpha_bars: a running product
    alpha_bars：累积乘积"""
    betas = random_betas(draw, 9)
    assert_same(answer.alpha_bars(betas), torch.tensor(bars(betas), dtype=F64), "alpha_bars(betas)")


def mixed(x0, t, noise, alpha_bar):
    return torch.stack([math.sqrt(alpha_bar[s]) * x + math.sqrt(1 - alpha_bar[s]) * n for x, s, n in zip(x0, t.tolist(), noise, strict=True)])


@pytest.mark.parametrize(("shape", "dtype"), [((5, 3), F64), ((4, 2, 3, 5), F64), ((6,), F64), ((3, 3), torch.float32)], ids=str)
def test_q_sample(answer, draw, shape, dtype):
    """q_sample: a step for each sample
    q_sample：每个样本各有一个时刻"""
    alpha_bar = torch.tensor(bars(random_betas(draw, 9)), dtype=F64)
    x0, noise, t = draw.normal(*shape, dtype=dtype), draw.normal(*shape, dtype=dtype), draw.permutation(9)[: shape[0]]
    assert_same(answer.q_sample(x0, t, noise, alpha_bar), mixed(x0, t, noise, alpha_bar), "q_sample(x0, t, noise, alpha_bar)")


def loss_of(epsilon_loss, weight, x0, t, noise, alpha_bar):
    def model(x, t):
        return weight * x + t[:, None]

    return epsilon_loss(model, x0, t, noise, alpha_bar)


@pytest.mark.after("test_q_sample")
def test_epsilon_loss(answer, draw, worker):
    """epsilon_loss: its value and gradient
    epsilon_loss：数值与梯度"""
    alpha_bar = torch.tensor(bars(random_betas(draw, 9)), dtype=F64)
    x0, noise, t = draw.normal(5, 3, dtype=F64), draw.normal(5, 3, dtype=F64), draw.permutation(9)[:5]
    inputs = answer.epsilon_loss, draw.normal(3, dtype=F64), x0, t, noise, alpha_bar

    def here(_epsilon_loss, weight, x0, t, noise, alpha_bar):
        return ((weight * mixed(x0, t, noise, alpha_bar) + t[:, None] - noise) ** 2).mean()

    there = worker.define(loss_of)
    assert_same(there(*inputs), here(*inputs), "epsilon_loss(model, x0, t, noise, alpha_bar)")
    assert_same_gradient(there, here, inputs, 1, "gradient of the model's parameter", worker=worker)


def test_guided_noise(answer, draw, worker):
    """guided_noise: weights 0, 1 and beyond
    guided_noise：权重 0、1 及更大"""
    x, t, condition = draw.normal(4, 3, dtype=F64), 1 + draw.integers(0, 9, (4,)), draw.normal(4, 3, dtype=F64)
    free, told = x * t[:, None], x.sin() * t[:, None] + condition
    for weight in (0.0, 1.0, 3.5):
        expected = (1 - weight) * free + weight * told
        assert_same(answer.guided_noise(worker.define(conditional), x, t, condition, weight), expected, f"guided_noise(..., weight={weight:g})")


def posterior_mean(x, t, eps, betas):
    """Of q(x_{t-1} | x_t, x_0) with the x_0 that eps implies."""
    kept, beta = bars(betas), float(betas[t])
    before = kept[t - 1] if t else 1.0
    x0 = (x - math.sqrt(1 - kept[t]) * eps) / math.sqrt(kept[t])
    return (math.sqrt(before) * beta * x0 + math.sqrt(1 - beta) * (1 - before) * x) / (1 - kept[t])


@pytest.mark.parametrize("t", [3, 7, 1, 0], ids=str)
def test_ddpm_step(answer, draw, t):
    """ddpm_step: the mean of the posterior, and noise
    ddpm_step：后验均值加噪声"""
    betas = random_betas(draw, 8)
    x, eps, noise = (draw.normal(4, 2, 3, dtype=F64) for _ in range(3))
    expected = posterior_mean(x, t, eps, betas) + (math.sqrt(betas[t]) * noise if t else 0)
    assert_same(answer.ddpm_step(x, t, eps, betas, noise), expected, f"ddpm_step(x, {t}, eps, betas, noise)")
    # Gaussian data: x_{t-1} is N(m, v), and x_t = sqrt(1 - beta) x_{t-1} + sqrt(beta) noise: the rule of two Gaussians
    alpha_bar = torch.tensor(bars(betas), dtype=F64)
    before = alpha_bar[t - 1] if t else torch.tensor(1.0, dtype=F64)
    m, v, a = before.sqrt() * MEAN, before * VARIANCE + 1 - before, (1 - betas[t]).sqrt()
    expected = m + a * v / (a * a * v + betas[t]) * (x - a * m)
    eps = exact_noise(alpha_bar, MEAN, VARIANCE)(x, torch.full((4,), t))
    assert_same(answer.ddpm_step(x, t, eps, betas, torch.zeros_like(x)), expected, f"ddpm_step(x, {t}, eps, betas, 0) of Gaussian data")


@pytest.mark.parametrize(("t", "earlier"), [(7, 4), (5, 4), (6, 0), (3, -1), (0, -1)], ids=str)
def test_ddim_step(answer, draw, t, earlier):
    """ddim_step: the same noise at another level
    ddim_step：同一噪声换到另一水平"""
    alpha_bar = torch.tensor(bars(random_betas(draw, 8)), dtype=F64)
    x0, eps = draw.normal(4, 3, dtype=F64), draw.normal(4, 3, dtype=F64)
    x = alpha_bar[t].sqrt() * x0 + (1 - alpha_bar[t]).sqrt() * eps
    expected = x0 if earlier < 0 else alpha_bar[earlier].sqrt() * x0 + (1 - alpha_bar[earlier]).sqrt() * eps
    assert_same(answer.ddim_step(x, t, earlier, eps, alpha_bar), expected, f"ddim_step(x, {t}, {earlier}, eps, alpha_bar)")


@pytest.mark.after("test_ddim_step")
@pytest.mark.parametrize(("t", "earlier"), [(7, 4), (6, 5), (3, -1)], ids=str)
def test_ddim_step_with_noise(answer, draw, t, earlier):
    """ddim_step: eta above 0
    ddim_step：eta 大于 0"""
    alpha_bar = torch.tensor(bars(random_betas(draw, 8)), dtype=F64)
    x, eps, noise = (draw.normal(4, 3, dtype=F64) for _ in range(3))
    a, b = float(alpha_bar[t]), float(alpha_bar[earlier]) if earlier >= 0 else 1.0
    x0 = (x - math.sqrt(1 - a) * eps) / math.sqrt(a)
    for eta in (1.0, 0.4, 0.0):
        sigma = eta * math.sqrt((1 - b) / (1 - a) * (1 - a / b))
        expected = math.sqrt(b) * x0 + math.sqrt(1 - b - sigma**2) * eps + sigma * noise
        call = f"ddim_step(x, {t}, {earlier}, eps, alpha_bar, eta={eta:g}, noise=noise)"
        assert_same(answer.ddim_step(x, t, earlier, eps, alpha_bar, eta=eta, noise=noise), expected, call)


@pytest.mark.after("test_ddpm_step", "test_ddim_step")
def test_float32(answer, draw):
    """Steps keep float32
    各步保持 float32"""
    betas = random_betas(draw, 8)
    x, eps, noise = (draw.normal(4, 3) for _ in range(3))
    expected = posterior_mean(x, 3, eps, betas) + math.sqrt(betas[3]) * noise
    assert_same(answer.ddpm_step(x, 3, eps, betas, noise), expected, "ddpm_step(x, 3, eps, betas, noise)")
    result = answer.ddim_step(x, 3, 1, eps, torch.tensor(bars(betas), dtype=F64), eta=1.0, noise=noise)
    assert_same(result.dtype, torch.float32, "ddim_step(x, 3, 1, eps, alpha_bar, eta=1.0, noise=noise).dtype")


@pytest.mark.after("test_ddpm_step", "test_float32")
def test_ddpm_sample(answer, draw, worker):
    """ddpm_sample: all steps down to the data
    ddpm_sample：逐步走回数据"""
    betas = random_betas(draw, 6)
    alpha_bar = torch.tensor(bars(betas), dtype=F64)
    x, noise = draw.normal(5, 2, dtype=F64), draw.normal(6, 5, 2, dtype=F64)
    model = exact_noise(alpha_bar, MEAN, VARIANCE)
    expected = x
    for t in range(5, -1, -1):
        eps = model(expected, torch.full((5,), t))
        expected = posterior_mean(expected, t, eps, betas) + (math.sqrt(betas[t]) * noise[t] if t else 0)
    there = worker.define(exact_noise)(alpha_bar, MEAN, VARIANCE)
    assert_same(answer.ddpm_sample(there, x, betas, noise), expected, "ddpm_sample(model, x, betas, noise)")


@pytest.mark.after("test_ddim_step", "test_float32")
@pytest.mark.parametrize("times", [[7, 6, 5, 4, 3, 2, 1, 0], [7, 3, 1], [5]], ids=str)
def test_ddim_sample(answer, draw, worker, times):
    """ddim_sample: through some of the steps
    ddim_sample：只走其中几步"""
    alpha_bar = torch.tensor(bars(random_betas(draw, 8)), dtype=F64)
    model, x = exact_noise(alpha_bar, MEAN, VARIANCE), draw.normal(5, 2, dtype=F64)
    expected = x
    for place, t in enumerate(times):
        eps = model(expected, torch.full((5,), t))
        x0 = (expected - (1 - alpha_bar[t]).sqrt() * eps) / alpha_bar[t].sqrt()
        last = place + 1 == len(times)
        expected = x0 if last else alpha_bar[times[place + 1]].sqrt() * x0 + (1 - alpha_bar[times[place + 1]]).sqrt() * eps
    there = worker.define(exact_noise)(alpha_bar, MEAN, VARIANCE)
    assert_same(answer.ddim_sample(there, x, alpha_bar, times), expected, f"ddim_sample(model, x, alpha_bar, {times})")


def grows(sample, x, *rest):
    import torch  # noqa: PLC0415

    weight = torch.ones(1, dtype=x.dtype, device=x.device, requires_grad=True)
    return sample(lambda x, _t: weight * x, x, *rest).requires_grad


@pytest.mark.after("test_ddpm_sample", "test_ddim_sample")
def test_no_graph(answer, draw, worker):
    """Sampling leaves no graph behind
    采样不留计算图"""
    betas, x = random_betas(draw, 3), draw.normal(2, 2, dtype=F64)
    assert_same(worker.define(grows)(answer.ddpm_sample, x, betas, draw.normal(3, 2, 2, dtype=F64)), False, "ddpm_sample(...).requires_grad")
    assert_same(worker.define(grows)(answer.ddim_sample, x, betas.flip(0).cumprod(0), [2, 0]), False, "ddim_sample(...).requires_grad")
