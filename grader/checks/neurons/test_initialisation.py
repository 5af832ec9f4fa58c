"""The reference is torch.nn.init under the same seed, its own fans, and for lsuv the layers one after another in float64."""

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from grader.compare import assert_raises, assert_same, assert_true

SHAPES = [(5, 3), (64, 9), (8, 3, 5), (6, 4, 3, 5), (4, 2, 3, 1, 2)]
FUNCTIONS = ["xavier_uniform", "kaiming_normal"]


def reference(name, shape, seed, **settings):
    """The numbers of nn.init from a generator with this seed."""
    settings["a" if name == "kaiming_normal" else "gain"] = settings.pop("slope", 0.0) if name == "kaiming_normal" else settings.pop("gain", 1.0)
    fill = getattr(nn.init, f"{name}_")
    return fill(torch.empty(shape), generator=torch.Generator().manual_seed(seed), **settings)


def compare(answer, worker, draw, name, shape, **settings):
    seed = draw.integers(0, 2**31, ()).item()
    generator = worker.torch.Generator().manual_seed(seed)
    said = "".join(f", {key}={value!r}" for key, value in settings.items())
    worker.seed(seed + 1)  # the global random numbers are others
    actual = getattr(answer, name)(shape, generator=generator, **settings)
    assert_same(actual, reference(name, shape, seed, **settings), f"{name}({shape}{said}, generator=generator)")


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_fans(answer, shape):
    """fan_in_out of linear and convolution weights
    线性层与卷积权重的 fan_in_out"""
    area = torch.zeros(shape)[0, 0].numel()
    assert_same(tuple(answer.fan_in_out(shape)), (shape[1] * area, shape[0] * area), f"fan_in_out({shape})")


@pytest.mark.after("test_fans")
def test_fans_refusals(answer):
    """A vector has no fans
    向量没有 fan"""
    for shape in [(5,), ()]:
        assert_raises(ValueError, answer.fan_in_out, shape)


@pytest.mark.after("test_fans")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_numbers(answer, draw, worker, name):
    """The numbers of nn.init, from a generator
    用指定的生成器得到 nn.init 的数"""
    for shape in SHAPES:
        compare(answer, worker, draw, name, shape)


@pytest.mark.after("test_numbers")
def test_gain(answer, draw, worker):
    """xavier_uniform: gain
    xavier_uniform：增益 gain"""
    for gain in (5 / 3, 0.5):
        compare(answer, worker, draw, "xavier_uniform", (7, 4, 3), gain=gain)


@pytest.mark.after("test_numbers")
def test_slope_and_mode(answer, draw, worker):
    """kaiming_normal: slope and mode
    kaiming_normal：slope 与 mode"""
    compare(answer, worker, draw, "kaiming_normal", (7, 4, 3), mode="fan_out")
    compare(answer, worker, draw, "kaiming_normal", (7, 4, 3), mode="fan_in")
    compare(answer, worker, draw, "kaiming_normal", (7, 4, 3), slope=0.5)
    compare(answer, worker, draw, "kaiming_normal", (7, 4), slope=1.0, mode="fan_out")
    for mode in ("fan_avg", ""):
        assert_raises(ValueError, answer.kaiming_normal, (7, 4), mode=mode)


@pytest.mark.after("test_numbers")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_global_random_numbers(answer, draw, worker, name):
    """A generator leaves the global random numbers alone
    给了生成器就不碰全局随机数"""
    seed, other = draw.integers(0, 2**31, (2,)).tolist()
    fresh = torch.rand(5, generator=torch.Generator().manual_seed(seed))
    worker.seed(seed)
    getattr(answer, name)((6, 4), generator=worker.torch.Generator().manual_seed(other))
    untouched = torch.equal(worker.fetch(worker.torch.rand(5)), fresh)
    assert_true(
        untouched, name, "global random numbers were drawn or seeded, though a generator was given", "给了生成器，却动用了全局随机数或全局种子"
    )
    worker.seed(seed)
    assert_same(getattr(answer, name)((6, 4)), reference(name, (6, 4), seed), f"{name}((6, 4)), after torch.manual_seed")


def unscaled(draw, sizes, dtype=torch.float64):
    """Weights of very different scale."""
    scales = [0.01, 30.0, 2.0, 0.2]
    return [scale * draw.normal(n_out, n_in, dtype=dtype) for scale, (n_in, n_out) in zip(scales, pairwise(sizes), strict=False)]


def reference_lsuv(weights, x):
    scaled, h = [], x.double()
    for weight in weights:
        sums = F.linear(h, weight.double())
        root = ((sums - sums.mean()) ** 2).mean().sqrt().item()
        scaled.append(weight.double() / (root or 1.0))
        h = F.relu(F.linear(h, scaled[-1]))
    return [weight.to(x.dtype) for weight in scaled]


def test_lsuv(answer, draw):
    """lsuv: variance 1 after every layer
    lsuv：每层之后方差为 1"""
    for sizes, batch in [((4, 3), 5), ((5, 7, 6), 4), ((3, 8, 8, 9, 2), 6)]:
        weights, x = unscaled(draw, sizes), 3 + draw.normal(batch, sizes[0], dtype=torch.float64)
        assert_same(list(answer.lsuv(weights, x)), reference_lsuv(weights, x), f"lsuv(weights, x), sizes {sizes}")


@pytest.mark.after("test_lsuv")
def test_lsuv_float32(answer, draw):
    """lsuv: float32, and a batch of one
    lsuv：float32 与单个样本"""
    weights, x = unscaled(draw, (6, 9, 8), torch.float32), draw.normal(1, 6)
    # 1e-4: the deviation from the mean of nine sums may be small
    assert_same(list(answer.lsuv(weights, x)), reference_lsuv(weights, x), "lsuv(weights, x) in float32", rtol=1e-4)


@pytest.mark.after("test_lsuv")
def test_lsuv_silent_layer(answer, draw):
    """lsuv: a layer without variance keeps its weight
    lsuv：没有方差的层保持原权重"""
    weights = unscaled(draw, (4, 5, 3))
    assert_same(list(answer.lsuv(weights, torch.zeros(6, 4, dtype=torch.float64))), weights, "lsuv(weights, zeros)")
    x = draw.uniform(6, 4, low=0.5, high=1.0, dtype=torch.float64)
    off = [-weights[0].abs(), weights[1]]
    assert_same(list(answer.lsuv(off, x)), reference_lsuv(off, x), "lsuv, all units of the first layer off")
