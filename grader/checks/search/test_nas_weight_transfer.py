"""The reference is the network before: its outputs in float64 must not change, and every copied number is where it belongs."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_raises, assert_same, assert_same_gradient

DOUBLE = torch.float64
NORM = ("weight", "bias", "running_mean", "running_var")


def layers(draw, worker, sizes, biases=(True, True), norm=True):
    """linear, norm, next_linear over there, and what is in them."""
    n_in, width, n_out = sizes
    nn = worker.torch.nn
    states, modules = [], []
    for before, after, bias in ((n_in, width, biases[0]), (width, n_out, biases[1])):
        states.append({"weight": draw.normal(after, before, dtype=DOUBLE)} | ({"bias": draw.normal(after, dtype=DOUBLE)} if bias else {}))
        modules.append(nn.Linear(before, after, bias=bias, dtype=DOUBLE))
        modules[-1].load_state_dict(states[-1])
    if not norm:
        return modules[0], None, modules[1], states
    values = {name: draw.uniform(width, low=0.3, high=2.0, dtype=DOUBLE) for name in NORM} | {"num_batches_tracked": torch.tensor(7)}
    module = nn.BatchNorm1d(width, eps=0.01, momentum=0.25, dtype=DOUBLE)
    module.load_state_dict(values)
    module.eval()
    return modules[0], module, modules[1], [*states, values]


def mapping_of(draw, old, new):
    """Every old unit once, some twice or more, in any order."""
    extra = draw.integers(0, old, (new - old,))
    if len(extra) > 1:
        extra[1] = extra[0]
    return torch.cat([torch.arange(old), extra])[draw.permutation(new)]


def forward(first, norm, second, x):
    h = first(x)
    if norm is not None:
        h = norm(h)
    return second(torch.tanh(h) + h.relu())


def settings(module):
    return type(module).__name__, module.eps, module.momentum, module.training


@pytest.mark.parametrize("biases", [(True, True), (False, False), (True, False), (False, True)], ids=["bias", "no-bias", "first-bias", "second-bias"])
@pytest.mark.parametrize(("sizes", "new"), [((3, 4, 2), 9), ((5, 2, 3), 5), ((2, 3, 4), 3)])
def test_widen(answer, draw, worker, sizes, new, biases):
    """widen: the same function with more units
    widen：单元更多，函数不变"""
    first, _, second, states = layers(draw, worker, sizes, biases, norm=False)
    mapping = mapping_of(draw, sizes[1], new)
    wide, norm, after = answer.widen(first, None, second, mapping)
    assert_same(norm, None, "the second of widen(linear, None, next_linear, mapping)")
    copies = torch.bincount(mapping)
    expected = {name: value[mapping] for name, value in states[0].items()}
    assert_same(dict(worker.define(numbers)(wide)), expected, "state of the new linear")
    expected = states[1] | {"weight": states[1]["weight"][:, mapping] / copies[mapping]}
    assert_same(dict(worker.define(numbers)(after)), expected, "state of the new next_linear")
    x = draw.normal(6, sizes[0], dtype=DOUBLE)
    run = worker.define(forward)
    assert_same(run(wide, None, after, x), run(first, None, second, x), "the output after widening, against before")


def numbers(module):
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


@pytest.mark.after("test_widen")
def test_widen_with_norm(answer, draw, worker):
    """widen: batch normalisation goes along
    widen：批归一化一并扩展"""
    first, norm, second, states = layers(draw, worker, (3, 4, 2))
    mapping = mapping_of(draw, 4, 7)
    wide, new_norm, after = answer.widen(first, norm, second, mapping)
    expected = {name: value[mapping] if value.dim() else value for name, value in states[2].items()}
    assert_same(worker.define(numbers)(new_norm), expected, "state of the new norm")
    assert_same(worker.define(settings)(new_norm), ("BatchNorm1d", 0.01, 0.25, False), "kind, eps, momentum and training of the new norm")
    x, run = draw.normal(6, 3, dtype=DOUBLE), worker.define(forward)
    assert_same(run(wide, new_norm, after, x), run(first, norm, second, x), "the output after widening, against before")
    norm.train()
    wide, new_norm, after = answer.widen(first, norm, second, mapping)
    assert_same(worker.define(settings)(new_norm), ("BatchNorm1d", 0.01, 0.25, True), "kind, eps, momentum and training of the new norm")


def spoil(modules):
    with torch.no_grad():
        for module in modules:
            for value in module.state_dict().values():
                value.zero_()


def trained(modules):
    return [p.requires_grad and p.is_leaf for module in modules for p in module.parameters()]


@pytest.mark.after("test_widen_with_norm")
def test_nothing_shared(answer, draw, worker):
    """widen: the old modules stay as they are, the new ones can be trained
    widen：旧模块保持原样，新模块可训练"""
    first, norm, second, states = layers(draw, worker, (3, 4, 2))
    new = answer.widen(first, norm, second, torch.tensor([0, 1, 2, 3, 3]))
    assert_same(worker.define(trained)(new), [True] * 6, "requires_grad of the new parameters")
    worker.define(spoil)(new)
    for module, state in zip((first, second, norm), states, strict=True):
        assert_same(worker.define(numbers)(module), state, "an old module, after the new ones have been changed")


@pytest.mark.after("test_widen")
def test_lost_units(answer, draw, worker):
    """widen: an old unit that gets lost
    widen：有旧单元丢失"""
    first, _, second, _ = layers(draw, worker, (3, 4, 2), norm=False)
    for mapping in ([0, 1, 2], [0, 1, 1, 3, 3, 0], [1, 2, 3, 2, 1]):
        assert_raises(ValueError, answer.widen, first, None, second, torch.tensor(mapping))


@pytest.mark.parametrize("dtype", [torch.float32, DOUBLE], ids=["float32", "float64"])
def test_deeper(answer, draw, worker, dtype):
    """deeper: the same function with one layer more
    deeper：多一层，函数不变"""
    first = worker.torch.nn.Linear(3, 5, dtype=dtype)
    for activation in ("relu", "identity"):
        layer = answer.deeper(first, activation)
        expected = {"weight": torch.eye(5, dtype=dtype), "bias": torch.zeros(5, dtype=dtype)}
        assert_same(worker.define(numbers)(layer), expected, f'state of deeper(linear, "{activation}")')
        assert_same(worker.define(trained)([layer]), [True, True], "requires_grad of its parameters")
    x = draw.normal(6, 3, dtype=dtype)
    before = first(x).relu()
    assert_same(layer(before).relu(), before, "relu(deeper(relu(linear(x))))")


@pytest.mark.after("test_deeper")
def test_deeper_refuses(answer, worker):
    """deeper: activations that change their own results
    deeper：会改变自身结果的激活函数"""
    for activation in ("tanh", "sigmoid", "gelu"):
        assert_raises(ValueError, answer.deeper, worker.torch.nn.Linear(3, 5), activation)


def sliced(answer, draw, n_in, n_out):
    layer = answer.SlicedLinear(n_in, n_out)
    weight, bias = draw.normal(n_out, n_in, dtype=DOUBLE), draw.normal(n_out, dtype=DOUBLE)
    layer.double()
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer, weight, bias


def slice_gradients(layer, x, width, cotangent):
    layer.zero_grad()
    (layer(x, width) * cotangent).sum().backward()
    return layer.weight.grad, layer.bias.grad


def test_sliced(answer, draw, worker):
    """SlicedLinear: the first rows and columns
    SlicedLinear：取前若干行与列"""
    layer, weight, bias = sliced(answer, draw, 6, 5)
    for n_in, width in ((6, 5), (3, 4), (1, 5), (6, 1), (4, 2)):
        x = draw.normal(2, 3, n_in, dtype=DOUBLE)
        assert_same(layer(x, width), F.linear(x, weight[:width, :n_in], bias[:width]), f"layer(x, {width}), {n_in} features")


@pytest.mark.after("test_sliced")
def test_sliced_gradients(answer, draw, worker):
    """SlicedLinear: only the slice learns
    SlicedLinear：只有切片得到梯度"""
    layer, weight, bias = sliced(answer, draw, 6, 5)
    x, cotangent = draw.normal(4, 3, dtype=DOUBLE), draw.normal(4, 2, dtype=DOUBLE)
    leaves = weight.clone().requires_grad_(), bias.clone().requires_grad_()
    (F.linear(x, leaves[0][:2, :3], leaves[1][:2]) * cotangent).sum().backward()
    assert_same(worker.define(slice_gradients)(layer, x, 2, cotangent), (leaves[0].grad, leaves[1].grad), "gradients of weight and bias")
    assert_same_gradient(layer, lambda x, width: F.linear(x, weight[:width, :3], bias[:width]), (x, 4), 0, "layer(x, 4)", worker=worker)


@pytest.mark.after("test_sliced")
def test_too_large(answer, draw):
    """SlicedLinear: more than there is
    SlicedLinear：超出范围"""
    layer, _, _ = sliced(answer, draw, 6, 5)
    assert_raises(ValueError, layer, draw.normal(2, 7, dtype=DOUBLE), 3)
    assert_raises(ValueError, layer, draw.normal(2, 6, dtype=DOUBLE), 6)
    assert_raises(ValueError, layer.extract, 7, 2)
    assert_raises(ValueError, layer.extract, 2, 6)


@pytest.mark.after("test_sliced")
def test_extract(answer, draw, worker):
    """SlicedLinear: a layer of its own
    SlicedLinear：取出独立的一层"""
    layer, weight, bias = sliced(answer, draw, 6, 5)
    alone = layer.extract(4, 3)
    assert_same(worker.define(numbers)(alone), {"weight": weight[:3, :4], "bias": bias[:3]}, "state of layer.extract(4, 3)")
    assert_same(worker.define(trained)([alone]), [True, True], "requires_grad of its parameters")
    worker.define(spoil)([alone])
    assert_same(layer.weight, weight, "layer.weight, after the extracted layer has been changed")


def model_of(nn):
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Sequential(nn.Linear(4, 2), nn.Linear(2, 2, bias=False)))


def test_load_partially(answer, draw, worker):
    """load_partially: what fits is loaded, everything is reported
    load_partially：载入相符的，报告全部"""
    worker.seed(draw.integers(0, 2**31, ()).item())
    model = worker.define(model_of)(worker.torch.nn)
    before = worker.define(numbers)(model)
    state = {
        name: (10 * draw.normal(*value.shape, dtype=DOUBLE)).to(DOUBLE if value.is_floating_point() else value.dtype)
        for name, value in before.items()
    }
    del state["1.running_var"], state["2.1.weight"]
    state |= {
        "0.weight": draw.normal(4, 5),
        "2.0.bias": draw.normal(1),
        "2.0.weight": draw.normal(4, 2),
        "head.weight": draw.normal(2, 2),
        "0": draw.normal(1),
    }
    report = answer.load_partially(model, state)
    mismatched, missing, unexpected = ["0.weight", "2.0.bias", "2.0.weight"], ["1.running_var", "2.1.weight"], ["0", "head.weight"]
    loaded = sorted(set(before) - {*mismatched, *missing})
    expected = {"loaded": loaded, "mismatched": mismatched, "missing": missing, "unexpected": unexpected}
    assert_same(report, expected, "load_partially(model, state)")
    wanted = {name: state[name].to(value.dtype) if name in loaded else value for name, value in before.items()}
    assert_same(worker.define(numbers)(model), wanted, "state of the model afterwards")
    names = sorted(before)
    nothing = {"loaded": [], "mismatched": [], "missing": names, "unexpected": []}
    assert_same(answer.load_partially(model, {}), nothing, "load_partially(model, {})")
    everything = {"loaded": names, "mismatched": [], "missing": [], "unexpected": []}
    assert_same(answer.load_partially(model, wanted), everything, "load_partially(model, its own state)")
