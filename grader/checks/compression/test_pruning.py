"""The reference is torch.nn.utils.prune; for ties and counts, Python's own sort."""

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import prune

from grader.compare import assert_between, assert_raises, assert_same
from grader.data import digits


def kept(scores, sparsity):
    """The rule in slow motion: rank (score, place), drop the first round(sparsity * n)."""
    ranking = sorted(range(len(scores)), key=lambda place: (scores[place], place))
    gone = set(ranking[: round(sparsity * len(scores))])
    return torch.tensor([place not in gone for place in range(len(scores))], dtype=torch.bool)


def module_with(weight):
    module = nn.Module()
    module.weight = nn.Parameter(weight.clone())
    return module


def sequential(worker, device, sizes, **kwargs):
    """Linear and Tanh in turns, in the worker."""
    torch_there, layers = worker.torch, []
    for inputs, outputs in pairwise(sizes):
        layers += [torch_there.nn.Linear(inputs, outputs, device=device, **kwargs), torch_there.nn.Tanh()]
    return torch_there.nn.Sequential(*layers[:-1])


def sequential_here(sizes, **kwargs):
    layers = [module for inputs, outputs in pairwise(sizes) for module in (nn.Linear(inputs, outputs, **kwargs), nn.Tanh())]
    return nn.Sequential(*layers[:-1])


def draw_state(draw, model):
    """Fresh parameters of the usual size for a model on this side."""
    return {name: draw.normal(*p.shape, dtype=p.dtype) / p.shape[-1] ** 0.5 for name, p in model.state_dict().items()}


def backward(model, x, y):
    model.zero_grad()
    F.cross_entropy(model(x), y).backward()


def maskable(model):
    """The same model under torch.nn.utils.prune, nothing pruned yet."""
    for layer in model:
        if isinstance(layer, nn.Linear):
            prune.custom_from_mask(layer, "weight", torch.ones_like(layer.weight))
    return model


def set_masks(model, masks):
    for name, mask in masks.items():
        prune.custom_from_mask(model[int(name.split(".")[0])], "weight", mask)


def effective(model):
    """What the model computes with: its biases, and its weights times their masks."""
    state = {}
    for place, layer in enumerate(model):
        if isinstance(layer, nn.Linear):
            state[f"{place}.weight"] = (layer.weight_orig * layer.weight_mask).detach()
            state[f"{place}.bias"] = layer.bias.detach().clone()
    return state


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_keep_largest(answer, draw, dtype):
    """Which scores stay
    保留哪些分数"""
    for n in (8, 40, 16):
        scores = draw.normal(n, dtype=dtype)
        for sparsity in (0.25, 0.5, 0.625, 0.875):  # of these sizes, whole numbers of scores
            call = f"keep_largest(scores of {n}, {sparsity:g})"
            assert_same(answer.keep_largest(scores, sparsity), kept(scores.tolist(), sparsity), call)


@pytest.mark.after("test_keep_largest")
def test_rounding(answer, draw):
    """How many are pruned
    剪掉多少个"""
    for n, sparsity in [(5, 0.5), (7, 0.5), (10, 0.25), (10, 0.35), (100, 0.29), (30, 0.09), (30, 0.93), (4, 0.4)]:
        scores = draw.permutation(n).float()
        assert_same(answer.keep_largest(scores, sparsity), scores >= round(sparsity * n), f"keep_largest(scores of {n}, {sparsity:g})")


@pytest.mark.after("test_keep_largest")
def test_nothing_and_everything(answer, draw):
    """Sparsity 0 and 1, no scores
    稀疏度为 0 或 1，没有分数"""
    for n in (1, 6):
        scores = draw.uniform(n)
        assert_same(answer.keep_largest(scores, 0.0), torch.ones(n, dtype=torch.bool), f"keep_largest(scores of {n}, 0)")
        assert_same(answer.keep_largest(scores, 1.0), torch.zeros(n, dtype=torch.bool), f"keep_largest(scores of {n}, 1)")
    assert_same(answer.keep_largest(torch.zeros(1), 0.4), torch.tensor([True]), "keep_largest(one score, 0.4)")
    assert_same(answer.keep_largest(torch.zeros(1), 0.6), torch.tensor([False]), "keep_largest(one score, 0.6)")
    assert_same(answer.keep_largest(torch.zeros(0), 0.5), torch.zeros(0, dtype=torch.bool), "keep_largest(no scores, 0.5)")


@pytest.mark.after("test_keep_largest", "test_nothing_and_everything")
def test_ties(answer, draw):
    """Equal scores: exactly k, first come first gone
    分数相同时恰好剪 k 个，靠前的先剪"""
    same = torch.full((9,), 0.5)
    assert_same(answer.keep_largest(same, 1 / 3), torch.arange(9) >= 3, "keep_largest(nine equal scores, 1/3)")
    for sparsity in (0.1, 0.25, 0.5, 0.75, 0.9):
        scores = draw.integers(0, 4, (60,)).float()
        assert_same(answer.keep_largest(scores, sparsity), kept(scores.tolist(), sparsity), f"keep_largest(scores with ties, {sparsity:g})")


def parameters_of(draw, dtype=torch.float32):
    """Weights of unlike sizes, a norm and a bias with small entries, a scalar, a weight that is not called one."""
    return {
        "stem.weight": 0.3 * draw.normal(4, 3, 2, 5, dtype=dtype),
        "stem.bias": 0.01 * draw.normal(4, dtype=dtype),
        "norm.weight": 0.01 * draw.normal(4, dtype=dtype),
        "head.projection": draw.normal(7, 4, dtype=dtype),
        "head.bias": 0.01 * draw.normal(7, dtype=dtype),
        "conv.weight": 2 * draw.normal(2, 3, 5, dtype=dtype),
        "temperature": torch.tensor(0.001, dtype=dtype),
    }


WEIGHTS = ["stem.weight", "head.projection", "conv.weight"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.after("test_keep_largest")
def test_layer_masks(answer, draw, dtype):
    """Magnitude pruning, layer by layer
    逐层按幅值剪枝"""
    parameters = parameters_of(draw, dtype)
    for sparsity in (0.3, 0.75, 1.0, 0.0):
        expected = {}
        for name in WEIGHTS:
            module = module_with(parameters[name])
            prune.l1_unstructured(module, "weight", amount=sparsity)
            expected[name] = module.weight_mask.bool()
        assert_same(
            answer.magnitude_masks(parameters, sparsity, scope="layer"), expected, f'magnitude_masks(parameters, {sparsity:g}, scope="layer")'
        )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.after("test_keep_largest")
def test_global_masks(answer, draw, dtype):
    """Magnitude pruning, one ranking for all
    全局按幅值剪枝"""
    parameters = parameters_of(draw, dtype)
    for sparsity in (0.3, 0.75, 1.0, 0.0):
        modules = [module_with(parameters[name]) for name in WEIGHTS]
        prune.global_unstructured([(module, "weight") for module in modules], pruning_method=prune.L1Unstructured, amount=sparsity)
        expected = {name: module.weight_mask.bool() for name, module in zip(WEIGHTS, modules, strict=True)}
        assert_same(
            answer.magnitude_masks(parameters, sparsity, scope="global"), expected, f'magnitude_masks(parameters, {sparsity:g}, scope="global")'
        )
        assert_same(answer.magnitude_masks(parameters, sparsity), expected, f"magnitude_masks(parameters, {sparsity:g})")


@pytest.mark.after("test_layer_masks", "test_global_masks", "test_ties")
def test_masks_order(answer, draw):
    """Ties across layers, views, no weights
    跨层的同值、非连续输入、没有权重"""
    weights = {name: draw.integers(-2, 3, shape).float() for name, shape in [("z", (3, 4)), ("b", (2, 5)), ("m", (2, 1, 3))]}
    for sparsity in (0.25, 0.5, 0.8):
        flat = [abs(entry) for weight in weights.values() for entry in weight.flatten().tolist()]
        pieces = kept(flat, sparsity).split([12, 10, 6])
        expected = {name: piece.reshape(weights[name].shape) for name, piece in zip(weights, pieces, strict=True)}
        assert_same(answer.magnitude_masks(weights, sparsity), expected, f"magnitude_masks(weights with ties, {sparsity:g})")
    views = {"t": draw.integers(-2, 3, (5, 4)).float().T, "s": draw.integers(-2, 3, (3, 8)).float()[:, ::2]}
    expected = {name: kept(view.abs().flatten().tolist(), 0.5).reshape(view.shape) for name, view in views.items()}
    assert_same(answer.magnitude_masks(views, 0.5, scope="layer"), expected, 'magnitude_masks(views, 0.5, scope="layer")')
    for scope in ("layer", "global"):
        assert_same(answer.magnitude_masks({"bias": draw.normal(3)}, 0.5, scope=scope), {}, f'magnitude_masks({{"bias": ...}}, 0.5, scope="{scope}")')
        assert_same(answer.magnitude_masks({}, 0.5, scope=scope), {}, f'magnitude_masks({{}}, 0.5, scope="{scope}")')


@pytest.mark.after("test_keep_largest")
def test_filter_mask(answer, draw):
    """Filters by their norm
    按范数选卷积核"""
    spiky, flat, large = torch.zeros(9), torch.ones(9), 1.5 * torch.ones(9)
    spiky[4], large[::2] = 4, -1.5  # 1-norms 4, 9, 13.5; 2-norms 4, 3, 4.5; higher ones put the spiky filter first
    weight = torch.stack([spiky, flat, large]).reshape(3, 1, 3, 3)
    assert_same(answer.filter_mask(weight, 1 / 3, p=1), torch.tensor([False, True, True]), "filter_mask(weight, 1/3, p=1)")
    assert_same(answer.filter_mask(weight, 1 / 3, p=2), torch.tensor([True, False, True]), "filter_mask(weight, 1/3, p=2)")
    assert_same(answer.filter_mask(weight, 1 / 3), torch.tensor([True, False, True]), "filter_mask(weight, 1/3)")
    assert_same(answer.filter_mask(weight, 2 / 3), torch.tensor([False, False, True]), "filter_mask(weight, 2/3)")
    weight = draw.uniform(6, 1, 1, 1, low=0.8, high=1.2) * draw.normal(6, 3, 2, 4)
    for p in (1, 2):
        for sparsity in (1 / 3, 0.5, 0.75, 0.0, 1.0):
            module = module_with(weight)
            prune.ln_structured(module, "weight", amount=sparsity, n=p, dim=0)
            expected = module.weight_mask.flatten(1)[:, 0].bool()
            assert_same(answer.filter_mask(weight, sparsity, p=p), expected, f"filter_mask(weight, {sparsity:.2g}, p={p})")


@pytest.mark.after("test_filter_mask", "test_ties")
def test_filter_ties(answer, draw):
    """Filters of equal norm, views, float64
    范数相同的核、非连续输入、float64"""
    equal = torch.tensor([1.0, 2.0, 2.0, 4.0]).expand(5, 4)[:, [0, 3, 2, 1]].reshape(5, 2, 1, 2)
    view = draw.normal(3, 5, 2, 2, dtype=torch.float64).transpose(0, 1)
    for p in (1, 2):
        assert_same(answer.filter_mask(equal, 0.4, p=p), torch.arange(5) >= 2, f"filter_mask(equal filters, 0.4, p={p})")
        norms = [sum(abs(entry) ** p for entry in kernel.flatten().tolist()) for kernel in view]
        assert_same(answer.filter_mask(view, 0.6, p=p), kept(norms, 0.6), f"filter_mask(view, 0.6, p={p})")


def keeps(draw):
    some = draw.permutation(6) < 4  # four of six, never all the first or the last
    return [some, draw.permutation(6) < 1, torch.ones(6, dtype=torch.bool)]


def test_cut_filters(answer, draw):
    """Cut a convolution and the next one
    剪去卷积核与下一层的输入"""
    weight, bias, next_weight = draw.normal(6, 2, 3, 2), draw.normal(6), draw.normal(5, 6, 2, 3)
    x = draw.normal(2, 2, 7, 8)
    for keep in keeps(draw):
        small = answer.cut_filters(weight, bias, next_weight, keep)
        assert_same(small, (weight[keep], bias[keep], next_weight[:, keep]), f"cut_filters(weight, bias, next_weight, {keep.int().tolist()})")
        stays = keep.float()
        masked = F.conv2d(F.conv2d(x, weight * stays[:, None, None, None], bias * stays).relu(), next_weight)
        # float32 sums of up to 36 products in another order
        assert_same(F.conv2d(F.conv2d(x, small[0], small[1]).relu(), small[2]), masked, "conv2d(relu(conv2d(x, ...)), ...)", rtol=1e-4, atol=1e-4)
        without = answer.cut_filters(weight.double(), None, next_weight.double(), keep)
        assert_same(
            without, (weight.double()[keep], None, next_weight.double()[:, keep]), f"cut_filters(weight, None, next_weight, {keep.int().tolist()})"
        )
    none = torch.zeros(6, dtype=torch.bool)
    assert_same(
        answer.cut_filters(weight, bias, next_weight, none),
        (weight[:0], bias[:0], next_weight[:, :0]),
        "cut_filters(weight, bias, next_weight, [0, 0, 0, 0, 0, 0])",
    )


@pytest.mark.after("test_cut_filters")
def test_cut_before_a_linear_layer(answer, draw):
    """Cut a convolution before a linear layer
    剪去卷积核与其后线性层的输入"""
    weight, bias, next_weight = draw.normal(6, 2, 3, 3), draw.normal(6), draw.normal(5, 6 * 4 * 3)
    x = draw.normal(2, 2, 6, 5)
    for keep in keeps(draw):
        small = answer.cut_filters(weight, bias, next_weight, keep)
        columns = [channel * 12 + place for channel in range(6) if keep[channel] for place in range(12)]
        assert_same(small, (weight[keep], bias[keep], next_weight[:, columns]), f"cut_filters(weight, bias, linear weight, {keep.int().tolist()})")
        stays = keep.float()
        masked = F.conv2d(x, weight * stays[:, None, None, None], bias * stays).relu().flatten(1) @ next_weight.T
        # float32 sums of up to 72 products in another order
        assert_same(
            F.conv2d(x, small[0], small[1]).relu().flatten(1) @ small[2].T,
            masked,
            "linear(relu(conv2d(x, ...)).flatten(1), ...)",
            rtol=1e-4,
            atol=1e-4,
        )
    one_place = draw.normal(3, 6)
    keep = keeps(draw)[0]
    assert_same(
        answer.cut_filters(weight, None, one_place, keep),
        (weight[keep], None, one_place[:, keep]),
        "cut_filters(weight, None, weight of a 1x1 map, keep)",
    )
    none = torch.zeros(6, dtype=torch.bool)
    assert_same(
        answer.cut_filters(weight, bias, next_weight, none),
        (weight[:0], bias[:0], next_weight[:, :0]),
        "cut_filters(weight, bias, linear weight, [0, 0, 0, 0, 0, 0])",
    )


def test_schedule(answer):
    """The cubic schedule
    三次方的稀疏度日程"""
    for first, last, final, initial in [(0, 10, 0.8, 0.0), (3, 8, 0.9, 0.25), (5, 105, 0.5, 0.5), (2, 3, 1.0, 0.1)]:
        for step in range(first, last + 1, max(1, (last - first) // 10)):
            left = (last - step) / (last - first)
            expected = final * (1 - left**3) + initial * left**3
            call = f"sparsity_at({step}, first={first}, last={last}, final={final:g}, initial={initial:g})"
            assert_same(answer.sparsity_at(step, first=first, last=last, final=final, initial=initial), expected, call)
            if initial == 0:
                call = f"sparsity_at({step}, first={first}, last={last}, final={final:g})"
                assert_same(answer.sparsity_at(step, first=first, last=last, final=final), expected, call)


@pytest.mark.after("test_schedule")
def test_schedule_outside(answer):
    """Before, after, and a schedule of no length
    日程之前、之后，以及长度为零的日程"""
    for first, last in [(4, 9), (4, 5), (4, 4)]:
        for step, expected in [(0, 0.125), (first - 1, 0.125), (last, 0.75), (last + 1, 0.75), (last + 40, 0.75)]:
            call = f"sparsity_at({step}, first={first}, last={last}, final=0.75, initial=0.125)"
            assert_same(answer.sparsity_at(step, first=first, last=last, final=0.75, initial=0.125), expected, call)


def test_apply_masks(answer, draw, worker, device):
    """Masks on a model, in place
    在模型上原地施加掩码"""
    sizes = (6, 5, 4)
    state = draw_state(draw, sequential_here(sizes))
    model = sequential(worker, device, sizes)
    model.load_state_dict(state)
    optimiser = worker.torch.optim.SGD(model.parameters(), lr=0.5)
    masks = {"0.weight": draw.boolean(5, 6)}
    answer.apply_masks(model, masks)
    expected = state | {"0.weight": state["0.weight"] * masks["0.weight"]}
    assert_same(model.state_dict(), expected, "model.state_dict() after apply_masks")
    masks = {"0.weight": draw.boolean(5, 6), "2.weight": draw.boolean(4, 5)}
    answer.apply_masks(model, masks)
    expected |= {name: expected[name] * mask for name, mask in masks.items()}
    assert_same(model.state_dict(), expected, "model.state_dict() after apply_masks with other masks")
    here = sequential_here(sizes)
    here.load_state_dict(expected)
    x, y = draw.normal(8, 6), draw.integers(0, 4, (8,))
    backward(here, x, y)
    torch.optim.SGD(here.parameters(), lr=0.5).step()
    worker.define(backward)(model, x, y)
    optimiser.step()
    assert_same(model.state_dict(), dict(here.state_dict()), "model.state_dict() after a step of an optimiser made before apply_masks")


OPTIMISERS = {
    "SGD": ("SGD", {"lr": 0.1}),
    "momentum and weight decay": ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.05}),
    "Nesterov": ("SGD", {"lr": 0.1, "momentum": 0.8, "nesterov": True}),
    "Adam": ("Adam", {"lr": 0.02}),
    "AdamW": ("AdamW", {"lr": 0.02, "weight_decay": 0.1}),
}


@pytest.mark.parametrize("name", list(OPTIMISERS))
@pytest.mark.after("test_apply_masks")
def test_masked_step(answer, draw, worker, device, name):
    """Steps that keep the pruned at zero
    更新之后被剪的权重仍为零"""
    kind, settings = OPTIMISERS[name]
    sizes = (6, 5, 4)
    here = sequential_here(sizes, dtype=torch.float64)
    state = draw_state(draw, here)
    here.load_state_dict(state)
    maskable(here)
    optimiser_here = getattr(torch.optim, kind)(here.parameters(), **settings)
    model = sequential(worker, device, sizes, dtype=torch.float64)
    model.load_state_dict(state)
    optimiser = getattr(worker.torch.optim, kind)(model.parameters(), **settings)
    backward_there = worker.define(backward)
    everything = {"0.weight": torch.ones(5, 6, dtype=torch.bool), "2.weight": torch.ones(4, 5, dtype=torch.bool)}
    for step in range(8):
        masks = everything
        if step >= 3:  # the momentum is warm by now
            masks = {"0.weight": kept(state["0.weight"].flatten().tolist(), 0.5).reshape(5, 6)}
        if step >= 6:
            masks["2.weight"] = kept(state["2.weight"].flatten().tolist(), 0.7).reshape(4, 5)
        x, y = draw.normal(9, 6, dtype=torch.float64), draw.integers(0, 4, (9,))
        if step not in {3, 6}:  # there the gradient is that of the network before it was pruned
            answer.apply_masks(model, masks)
            set_masks(here, masks)
        backward_there(model, x, y)
        backward(here, x, y)
        answer.masked_step(model, optimiser, masks)
        optimiser_here.step()
        set_masks(here, masks)
        assert_same(model.state_dict(), effective(here), f"model.state_dict() after step {step}, {name}")


@pytest.mark.after("test_apply_masks", "test_masked_step", "test_global_masks", "test_schedule")
def test_prune_while_training(answer, draw, worker, device):
    """Prune while training, step by step
    边训练边剪枝，逐步对照"""
    sizes, settings = (7, 6, 5), {"lr": 0.2, "momentum": 0.9, "weight_decay": 0.01}
    for first, last, final in [(2, 7, 0.7), (0, 4, 0.55), (20, 30, 0.9)]:
        here = sequential_here(sizes, dtype=torch.float64)
        state = draw_state(draw, here)
        here.load_state_dict(state)
        maskable(here)
        optimiser_here = torch.optim.SGD(here.parameters(), **settings)
        model = sequential(worker, device, sizes, dtype=torch.float64)
        model.load_state_dict(state)
        optimiser = worker.torch.optim.SGD(model.parameters(), **settings)
        x, y = draw.normal(4, 7, dtype=torch.float64), draw.integers(0, 5, (4,))
        worker.define(backward)(model, x, y)  # old gradients, which must not count
        batches = [(draw.normal(1, 7, dtype=torch.float64), draw.integers(0, 5, (1,))) for _ in range(10)]
        for step, (x, y) in enumerate(batches):
            left = min(max((last - step) / (last - first), 0.0), 1.0)
            now = effective(here)
            flat = [abs(entry) for name in ("0.weight", "2.weight") for entry in now[name].flatten().tolist()]
            pieces = kept(flat, final * (1 - left**3)).split([42, 30])
            masks = {"0.weight": pieces[0].reshape(6, 7), "2.weight": pieces[1].reshape(5, 6)}
            set_masks(here, masks)
            backward(here, x, y)
            optimiser_here.step()
        call = f"prune_while_training(model, optimiser, batches, first={first}, last={last}, final={final:g})"
        assert_same(answer.prune_while_training(model, optimiser, batches, first=first, last=last, final=final), masks, call)
        assert_same(model.state_dict(), effective(here), f"model.state_dict() after {call}")


@pytest.mark.after("test_prune_while_training")
def test_digits(answer, draw, worker, device):
    """Real digits at 80 % sparsity
    真实手写数字，80 % 稀疏度"""
    train_x, train_y, test_x, test_y = digits(draw)
    settings = {"lr": 0.05, "momentum": 0.9, "weight_decay": 1e-4}

    def batches(count):
        return [(train_x[rows], train_y[rows]) for rows in draw.integers(0, len(train_x), (count, 64))]

    here = sequential_here((64, 20, 10))
    here.load_state_dict(draw_state(draw, here))
    optimiser_here = torch.optim.SGD(here.parameters(), **settings)
    for x, y in batches(250):
        backward(here, x, y)
        optimiser_here.step()
    accuracy = (here(test_x).argmax(dim=1) == test_y).float().mean().item()

    model = sequential(worker, device, (64, 20, 10))
    model.load_state_dict(dict(here.state_dict()))
    optimiser = worker.torch.optim.SGD(model.parameters(), **settings)
    masks = answer.prune_while_training(model, optimiser, batches(200), first=0, last=120, final=0.8)
    pruned = model.state_dict()
    gone = {name: int((pruned[name] == 0).sum()) for name in ("0.weight", "2.weight")}
    assert_same({name: int((~mask).sum()) for name, mask in masks.items()}, gone, "weights that are 0, by layer")
    assert_same(sum(gone.values()), round(0.8 * (64 * 20 + 20 * 10)), "weights that are 0")
    here.load_state_dict(pruned)
    after = (here(test_x).argmax(dim=1) == test_y).float().mean().item()
    # a right answer loses one point, give or take one; see the README for the bound
    assert_between(after, accuracy - 0.05, 1.0, "test accuracy after pruning")


def test_refusals(answer, draw):
    """What has no meaning is refused
    拒绝没有意义的要求"""
    scores, weight = draw.uniform(4), draw.uniform(4, 3)
    for sparsity in (-0.01, 1.01, 80):
        assert_raises(ValueError, answer.keep_largest, scores, sparsity)
        assert_raises(ValueError, answer.filter_mask, weight[:, :, None, None], sparsity)
        for scope in ("layer", "global"):
            assert_raises(ValueError, answer.magnitude_masks, {"weight": weight}, sparsity, scope=scope)
    for scope in ("local", "tensor", ""):
        assert_raises(ValueError, answer.magnitude_masks, {"weight": weight}, 0.5, scope=scope)
