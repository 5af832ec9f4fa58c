"""The references are what nn.Dropout promises: shares of zeros, values of the survivors, and gradients through the mask that was seen."""

import pytest
import torch
from torch import nn

from grader.compare import assert_between, assert_raises, assert_same, assert_true

SHARES = [0.2, 0.5, 0.85]


def away_from_zero(draw, *shape, dtype=torch.float32):
    """Random numbers of both signs, none near 0: a zero in the output is then a dropped entry."""
    return draw.uniform(*shape, low=0.5, high=2.0, dtype=dtype) * (2 * draw.boolean(*shape).to(dtype) - 1)


def survivors(x, y, p):
    """What y should be, given which of its entries are 0."""
    return torch.where(y == 0, torch.zeros_like(x), x / (1 - p))


def differentiate(module, x):
    x = x.clone().requires_grad_()
    y = module(x)
    if y.requires_grad:
        (y * 3.0).sum().backward()
    return y.detach(), x.grad


def start(draw, worker):
    """The learner's process begins at a seed of this run, too."""
    worker.seed(int(draw.integers(0, 10**6)))


def spread(p, n):
    """Seven standard errors of a share of n draws: a false alarm in 10^11 runs."""
    return 7 * (p * (1 - p) / n) ** 0.5


def test_seed(answer, draw, worker):
    """torch's generator decides
    由 torch 的随机数生成器决定"""
    x, seed = away_from_zero(draw, 20, 30), int(draw.integers(0, 10**6))
    worker.seed(seed)
    first = answer.Dropout()(x)
    worker.seed(seed)
    assert_same(answer.Dropout()(x), first, "Dropout()(x) after the same torch.manual_seed")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("p", SHARES)
def test_survivors(answer, draw, worker, p, dtype):
    """Training: zeros, or x / (1 - p)
    训练：要么为零，要么为 x / (1 - p)"""
    start(draw, worker)
    x = away_from_zero(draw, 40, 50, dtype=dtype)
    y = answer.Dropout(p)(x)
    assert_same(y, survivors(x, y, p) if y.shape == x.shape else x, f"Dropout({p})(x), the entries that are not 0")


@pytest.mark.after("test_survivors")
def test_independence(answer, draw, worker):
    """Every entry and every call has its own draw
    每个元素、每次调用都独立抽取"""
    start(draw, worker)
    x = away_from_zero(draw, 3, 30, 40)
    layer = answer.Dropout()
    first, second = (layer(x) == 0), (layer(x) == 0)
    for name, a, b in [
        ("two samples of a batch", first[0], first[1]),
        ("two rows", first[:, 0], first[:, 1]),
        ("two columns", first[:, :, 0], first[:, :, 1]),
        ("two calls", first, second),
    ]:
        n = a.numel()  # 90 or more; independent masks with p = 1/2 agree in half of the entries
        assert_between((a == b).double().mean().item(), 0.5 - spread(0.5, n), 0.5 + spread(0.5, n), f"share of equal decisions, {name}")


@pytest.mark.after("test_independence")
@pytest.mark.parametrize("p", SHARES)
def test_share(answer, draw, worker, p):
    """Training: the share of zeros is p
    训练：零所占比例为 p"""
    start(draw, worker)
    x = away_from_zero(draw, 150, 100)
    dropped = (answer.Dropout(p)(x) == 0).double()
    low, high = p - spread(p, x.numel()), p + spread(p, x.numel())
    assert_between(dropped.mean().item(), low, high, f"share of zeros in Dropout({p})(x)")


def test_evaluation(answer, draw, worker):
    """Evaluation mode: nothing happens
    评估模式：什么都不做"""
    start(draw, worker)
    x, image = draw.normal(6, 7), draw.normal(2, 3, 4, 5)
    assert_same(answer.Dropout(0.4).eval()(x), x, "Dropout(0.4).eval()(x)")
    assert_same(answer.Dropout(1.0).eval()(x), x, "Dropout(1.0).eval()(x)")
    assert_same(answer.Dropout2d(0.4).eval()(image), image, "Dropout2d(0.4).eval()(x)")
    assert_same(answer.Dropout2d(1.0).eval()(image), image, "Dropout2d(1.0).eval()(x)")


def test_limits(answer, draw, worker):
    """p = 0 keeps everything, p = 1 nothing
    p = 0 全部保留，p = 1 全部丢弃"""
    start(draw, worker)
    x = draw.normal(3, 4, 5, 6)
    for name in ("Dropout", "Dropout2d"):
        layer = getattr(answer, name)
        assert_same(layer(0.0)(x), x, f"{name}(0.0)(x)")
        assert_same(layer(1.0)(x), torch.zeros_like(x), f"{name}(1.0)(x)")
        assert_same(layer(0.5)(x[:0]), x[:0], f"{name}(0.5) of an empty batch")


def test_refusals(answer):
    """p outside [0, 1]
    p 超出 [0, 1]"""
    for p in (-0.1, 1.1):
        assert_raises(ValueError, answer.Dropout, p)
        assert_raises(ValueError, answer.Dropout2d, p)


@pytest.mark.after("test_share")
@pytest.mark.parametrize("p", [0.3, 0.7])
def test_channels(answer, draw, worker, p):
    """Dropout2d: whole channels
    Dropout2d：整个通道"""
    start(draw, worker)
    x = away_from_zero(draw, 40, 50, 2, 3)
    y = answer.Dropout2d(p)(x)
    assert_same(y, survivors(x, y, p) if y.shape == x.shape else x, f"Dropout2d({p})(x), the entries that are not 0")
    zeros = (y == 0).flatten(2).sum(dim=2)
    parts = int(((zeros > 0) & (zeros < 6)).sum())
    assert_same(parts, 0, f"number of channels of Dropout2d({p})(x) that are dropped in part")


@pytest.mark.after("test_channels")
def test_channels_are_independent(answer, draw, worker):
    """Dropout2d: half by default, each channel of each sample
    Dropout2d：默认一半，各样本各通道独立"""
    start(draw, worker)
    dropped = answer.Dropout2d()(away_from_zero(draw, 40, 50, 1, 2))[:, :, 0, 0] == 0
    for name, a, b in [("two samples", dropped[::2], dropped[1::2]), ("two channels", dropped[:, ::2], dropped[:, 1::2])]:
        assert_between((a == b).double().mean().item(), 0.5 - spread(0.5, 1000), 0.5 + spread(0.5, 1000), f"share of equal decisions, {name}")
    for p in (0.3, 0.7):
        share = (answer.Dropout2d(p)(away_from_zero(draw, 40, 50, 1, 2))[:, :, 0, 0] == 0).double().mean().item()
        assert_between(share, p - spread(p, 2000), p + spread(p, 2000), f"share of dropped channels in Dropout2d({p})(x)")


@pytest.mark.after("test_share", "test_channels")
def test_gradient(answer, draw, worker):
    """The gradient goes through the same mask
    梯度经过同一个掩码"""
    start(draw, worker)
    x = away_from_zero(draw, 6, 5, 3, 4, dtype=torch.float64)
    for name in ("Dropout", "Dropout2d"):
        for p in (0.6, 1.0):
            y, gradient = worker.define(differentiate)(getattr(answer, name)(p), x)
            expected = 3 * (y != 0).double() / (1 - p if p < 1 else 1)
            assert_true(gradient is not None, f"gradient of x through {name}({p})", "none arrives", "没有梯度传到")
            assert_same(gradient, expected, f"gradient of x through {name}({p})")


def growing():
    class Growing(nn.Module):
        calls = 0

        def forward(self, x):
            self.calls += 1
            return x * self.calls**2

    return Growing()


@pytest.mark.parametrize("samples", [1, 4, 7])
def test_mean_and_variance(answer, draw, worker, samples):
    """mc_predict: mean and variance over the calls
    mc_predict：多次调用的均值与方差"""
    x = draw.normal(5, 3, dtype=torch.float64)
    outputs = torch.stack([x * k**2 for k in range(1, samples + 1)])
    mean, variance = answer.mc_predict(worker.define(growing)(), x, samples)
    assert_same(mean, outputs.mean(dim=0), f"mean of {samples} calls")
    assert_same(variance, outputs.var(dim=0, unbiased=False), f"variance of {samples} calls")


def modes(mc_predict, dropout, dropout2d, x, flags):
    seen = []

    class Watch(nn.Module):
        def forward(self, x):
            seen.append([module.training for module in model.modules()])
            return x

    inner = nn.Sequential(dropout2d, nn.BatchNorm2d(3))
    model = nn.Sequential(inner, nn.ReLU(), dropout, Watch()).to(x.device)
    for module, flag in zip(model.modules(), flags, strict=True):
        module.training = flag
    outputs = mc_predict(model, x, 2)
    after = [module.training for module in model.modules()]
    return seen, after, inner[1].running_mean.abs().sum().item(), any(output.requires_grad for output in outputs)


@pytest.mark.after("test_mean_and_variance")
def test_modes(answer, draw, worker):
    """mc_predict: only dropout is in training mode
    mc_predict：只有 Dropout 处于训练模式"""
    start(draw, worker)
    order = ["the model", "its first part", "Dropout2d", "BatchNorm2d", "ReLU", "Dropout", "the last layer"]
    for flags in ([False] * 7, [True] * 7, [True, False, False, True, True, False, False], [False, True, True, False, False, False, True]):
        dropout, dropout2d = answer.Dropout(0.5), answer.Dropout2d(0.5)
        seen, after, moved, graph = worker.define(modes)(answer.mc_predict, dropout, dropout2d, draw.normal(4, 3, 2, 2), flags)
        assert_same(len(seen), 2, "number of calls of the model for samples=2")
        for call in seen:
            for name, actual in zip(order, call, strict=True):
                assert_same(actual, name.startswith("Dropout"), f"training of {name} during the calls")
        for name, actual, before in zip(order, after, flags, strict=True):
            assert_same(actual, before, f"training of {name} afterwards")
        assert_same(moved, 0.0, "how far the running mean of batch norm moved")
        assert_same(graph, False, "whether mean or variance has a gradient")
