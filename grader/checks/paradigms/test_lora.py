"""The reference is F.linear with the weight W + (alpha / rank) * B A, in float64."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_between, assert_raises, assert_same, assert_same_gradient, assert_true

DOUBLE = torch.float64


def layer(answer, draw, worker, sizes=(5, 4), rank=2, alpha=6.0, bias=True):
    """A LoRALinear in float64 with fresh W, b, A and B, none of them zero; and these four."""
    n_in, n_out = sizes
    base = worker.torch.nn.Linear(n_in, n_out, bias=bias, dtype=DOUBLE)
    weight, b = draw.normal(n_out, n_in, dtype=DOUBLE), draw.normal(n_out, dtype=DOUBLE) if bias else None
    a, up = draw.normal(rank, n_in, dtype=DOUBLE), draw.normal(n_out, rank, dtype=DOUBLE)
    base.load_state_dict({"weight": weight, "bias": b} if bias else {"weight": weight})
    ours = answer.LoRALinear(base, rank, alpha)
    worker.define(set_factors)(ours, a, up)
    return ours, weight, b, a, up


def set_factors(module, a, b):
    with torch.no_grad():
        module.A.copy_(a)
        module.B.copy_(b)


def look(module):
    """What a learner's model is made of: names, shapes and whether they are trained; without the values."""
    return {name: (tuple(p.shape), p.requires_grad) for name, p in module.named_parameters()}


def test_start(answer, draw, worker):
    """The start: the base frozen, A random, B zero
    初始状态：底座冻结，A 随机，B 为零"""
    worker.seed(draw.integers(0, 2**31, ()).item())
    base = worker.torch.nn.Linear(30, 20)
    ours = answer.LoRALinear(base, 3, 6.0)
    expected = {"A": ((3, 30), True), "B": ((20, 3), True), "base.bias": ((20,), False), "base.weight": ((20, 30), False)}
    assert_same(worker.define(look)(ours), expected, "shape and requires_grad of the parameters")
    assert_same(ours.B, torch.zeros(20, 3), "B at the start")
    a = ours.A
    assert_same(a.dtype, torch.float32, "A.dtype")
    # 90 random numbers: that most are zero or nearly equal happens in no lifetime
    assert_between((a - a.mean()).abs().median().item(), 1e-4, 1e4, "the spread of A at the start")
    x = draw.normal(4, 30)
    assert_same(ours(x), F.linear(x, base.weight, base.bias), "layer(x) at the start")
    assert_same(ours.merged, False, "layer.merged at the start")


@pytest.mark.after("test_start")
@pytest.mark.parametrize(("sizes", "rank", "alpha"), [((5, 4), 2, 6.0), ((3, 6), 3, 1.0), ((4, 4), 1, 0.5), ((2, 3), 4, 8.0)])
def test_forward(answer, draw, worker, sizes, rank, alpha):
    """forward: the base plus (alpha / rank) B A x
    forward：底座加上 (alpha / rank) B A x"""
    for bias in (True, False):
        ours, weight, b, a, up = layer(answer, draw, worker, sizes, rank, alpha, bias)
        for shape in ((3,), (), (2, 3), (0,)):
            x = draw.normal(*shape, sizes[0], dtype=DOUBLE)
            assert_same(ours(x), F.linear(x, weight + alpha / rank * up @ a, b), f"layer(x), rank {rank}, alpha {alpha:g}")


@pytest.mark.after("test_forward")
def test_gradients(answer, draw, worker):
    """Gradients reach x, A and B, and not the base
    梯度传到 x、A、B，不传到底座"""
    ours, weight, b, a, up = layer(answer, draw, worker)
    x, cotangent = draw.normal(3, 5, dtype=DOUBLE), draw.normal(3, 4, dtype=DOUBLE)
    leaves = [value.requires_grad_() for value in (x.clone(), a, up)]
    (F.linear(leaves[0], weight + 3.0 * leaves[2] @ leaves[1], b) * cotangent).sum().backward()
    expected = [leaf.grad for leaf in leaves]
    assert_same(list(worker.define(gradients)(ours, x, cotangent)), [*expected, None, None], "gradients of x, A, B, base.weight and base.bias")


def gradients(module, x, cotangent):
    x = x.clone().requires_grad_()
    (module(x) * cotangent).sum().backward()
    return x.grad, module.A.grad, module.B.grad, module.base.weight.grad, module.base.bias.grad


@pytest.mark.after("test_forward")
def test_merge(answer, draw, worker):
    """merge: the detour is in the weight
    merge：旁路并入权重"""
    ours, weight, b, a, up = layer(answer, draw, worker)
    x = draw.normal(3, 5, dtype=DOUBLE)
    ours.merge()
    assert_same(ours.merged, True, "layer.merged")
    assert_same(ours.base.weight, weight + 3.0 * up @ a, "base.weight after merge()")
    assert_same(ours.base(x), F.linear(x, weight + 3.0 * up @ a, b), "base(x) after merge()")
    assert_same(ours(x), F.linear(x, weight + 3.0 * up @ a, b), "layer(x) after merge()")
    assert_same_gradient(ours, lambda x: F.linear(x, weight + 3.0 * up @ a, b), (x,), 0, "layer(x) after merge()", worker=worker)


@pytest.mark.after("test_merge")
def test_merge_twice(answer, draw, worker):
    """merge and unmerge a second time: nothing happens
    重复 merge 与 unmerge：什么都不发生"""
    ours, weight, _, a, up = layer(answer, draw, worker)
    ours.unmerge()
    assert_same(ours.base.weight, weight, "base.weight after unmerge() of a layer that is not merged", rtol=0, atol=0)  # nothing may move
    for _ in range(2):
        ours.merge()
    assert_same(ours.base.weight, weight + 3.0 * up @ a, "base.weight after merge(), merge()")
    for _ in range(2):
        ours.unmerge()
    assert_same(ours.base.weight, weight, "base.weight after unmerge(), unmerge()")
    assert_same(ours.merged, False, "layer.merged")


@pytest.mark.after("test_merge_twice")
def test_unmerge(answer, draw, worker):
    """unmerge: the weight is back, bit by bit
    unmerge：权重逐位还原"""
    ours, weight, b, _a, up = layer(answer, draw, worker)
    small = weight * 10.0 ** draw.integers(-12, 1, (4, 5))  # entries that a sum would round away
    ours.base.load_state_dict({"weight": small, "bias": b})
    for _ in range(3):
        ours.merge()
        ours.unmerge()
    assert_same(ours.base.weight, small, "base.weight after merge() and unmerge()", rtol=0, atol=0)  # exactly is what is asked for
    new_a, x = draw.normal(2, 5, dtype=DOUBLE), draw.normal(3, 5, dtype=DOUBLE)
    worker.define(set_factors)(ours, new_a, up)
    assert_same(ours(x), F.linear(x, small + 3.0 * up @ new_a, b), "layer(x) with a new A, after unmerge()")
    ours.merge()
    assert_same(ours.base.weight, small + 3.0 * up @ new_a, "base.weight, merged with a new A")
    assert_same(worker.define(look)(ours)["base.weight"], ((4, 5), False), "base.weight: shape and requires_grad")


def test_rank_below_one(answer, worker):
    """A rank below 1 is refused
    拒绝小于 1 的秩"""
    for rank in (0, -1):
        assert_raises(ValueError, answer.LoRALinear, worker.torch.nn.Linear(3, 2), rank, 1.0)


def nested(add_lora, rank, alpha):
    """A model with linear layers at three depths, and what add_lora makes of it."""
    from torch import nn  # noqa: PLC0415 - runs in the worker

    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.ReLU(), nn.Sequential(nn.Linear(4, 4, bias=False))), nn.LayerNorm(4), nn.Linear(4, 2))
    x = torch.ones(2, 3)
    before = model(x)
    add_lora(model, rank, alpha)
    kinds = {name: type(module).__name__ for name, module in model.named_modules() if type(module).__name__ in ("Linear", "LoRALinear")}
    return before, model(x), kinds, sorted(name for name, p in model.named_parameters() if p.requires_grad)


@pytest.mark.after("test_start")
def test_add_lora(answer, worker):
    """add_lora: every linear layer, at any depth, and nothing else trained
    add_lora：任意深度的线性层，其余全部冻结"""
    before, after, kinds, trained = worker.define(nested)(answer.add_lora, 2, 4.0)
    places = ["0", "1.1.0", "3"]
    assert_same(kinds, dict.fromkeys(places, "LoRALinear") | {f"{place}.base": "Linear" for place in places}, "linear layers of the model")
    assert_same(trained, [f"{place}.{factor}" for place in places for factor in "AB"], "names of the trained parameters")
    assert_same(after, before, "model(x) right after add_lora")


def one_step(model, x, target):
    """Names of what one step of SGD changes."""
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for _ in range(2):  # in the first step B moves, in the second A too
        model.zero_grad()
        ((model(x) - target) ** 2).mean().backward()
        with torch.no_grad():
            for p in model.parameters():
                if p.requires_grad:
                    p.sub_(0.1 * p.grad)
    return sorted(name for name, p in model.named_parameters() if not torch.equal(p, before[name]))


def test_only_the_factors_move(answer, draw, worker):
    """Two steps of SGD move the factors only
    两步 SGD 只改变因子"""
    nn = worker.torch.nn
    model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))
    answer.add_lora(model, 2, 2.0)
    moved = worker.define(one_step)(model, draw.normal(8, 4), draw.normal(8, 3))
    assert_same(moved, ["0.A", "0.B", "2.A", "2.B"], "parameters changed by two steps")


def test_adapter(answer, draw, worker):
    """Adapter: x + up(relu(down(x))), the identity at first
    Adapter：x + up(relu(down(x)))，起初为恒等"""
    worker.seed(draw.integers(0, 2**31, ()).item())
    ours = answer.Adapter(6, 2)
    expected = {"down.bias": ((2,), True), "down.weight": ((2, 6), True), "up.bias": ((6,), True), "up.weight": ((6, 2), True)}
    assert_same(worker.define(look)(ours), expected, "shape and requires_grad of the parameters")
    x = draw.normal(3, 4, 6)
    assert_same(ours(x), x, "adapter(x) at the start")
    assert_true(
        bool(ours.down.weight.abs().max() > 0),
        "adapter.down.weight",
        "it is zero at the start, so up never gets a gradient",
        "初始为零，于是 up 永远得不到梯度",
    )
    state = {name: draw.normal(*shape, dtype=DOUBLE) for name, (shape, _) in expected.items()}
    ours.double()
    ours.load_state_dict(state)
    x = x.double()

    def reference(x):
        hidden = F.relu(F.linear(x, state["down.weight"], state["down.bias"]))
        return x + F.linear(hidden, state["up.weight"], state["up.bias"])

    assert_same(ours(x), reference(x), "adapter(x)")
    assert_same_gradient(ours, reference, (x,), 0, "gradient of x through the adapter", worker=worker)


def half_frozen(nn):
    model = nn.Sequential(nn.Linear(7, 5), nn.Linear(5, 3, bias=False), nn.BatchNorm1d(3))
    model[0].requires_grad_(False)
    model.append(model[1])
    return model


def test_count(answer, worker):
    """count_parameters: trained and all
    count_parameters：可训练的与全部的"""
    assert_same(answer.count_parameters(worker.define(half_frozen)(worker.torch.nn)), (15 + 6, 40 + 15 + 6), "count_parameters(model)")
    assert_same(answer.count_parameters(worker.torch.nn.ReLU()), (0, 0), "count_parameters(nn.ReLU())")
