"""The reference is the whole of a small space, listed by brute force; the networks are run by hand with their own parameters."""

from functools import partial
from itertools import pairwise, product

import pytest
import torch

from grader.compare import assert_raises, assert_same, assert_same_gradient, assert_true

ACTS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
SMALL = (4, 3, 2, (4, 6), ("relu", "tanh"))  # in_features, out_features, max_layers, widths, activations
THREE = (5, 2, 3, (5, 3, 2), ("tanh", "sigmoid"))


def every_layer(space):
    return list(product(space[3], space[4], (False, True)))


def fits(space, layers):
    widths = [space[0], *(width for width, _, _ in layers)]
    return all(not skip or width == widths[place] for place, (width, _, skip) in enumerate(layers))


def everything(space):
    """All valid architectures, as tuples."""
    return [layers for n in range(1, space[2] + 1) for layers in product(every_layer(space), repeat=n) if fits(space, layers)]


def around(space, layers):
    """All valid architectures one edit away from one."""

    def edits(other):
        if len(other) == len(layers):
            return sum(x != y for mine, theirs in zip(layers, other, strict=True) for x, y in zip(mine, theirs, strict=True))
        short, long = sorted((layers, other), key=len)
        removed = [long[:i] + long[i + 1 :] for i in range(len(long))]
        return 1 if len(long) == len(short) + 1 and short in removed else 2

    return {other for other in everything(space) if edits(other) == 1}


def as_set(architectures):
    return sorted(str(tuple(tuple(layer) for layer in layers)) for layers in architectures)


def pick(draw, options):
    return options[int(draw.integers(0, len(options)))]


def seeded(worker, draw):
    return worker.torch.Generator().manual_seed(draw.integers(0, 2**31, ()).item())


def many(function, arguments, times):
    return [function(*arguments) for _ in range(times)]


def tally(function, arguments, times):
    """How often each result came up, as pairs: so little has to travel."""
    counts = {}
    for _ in range(times):
        key = tuple(tuple(layer) for layer in function(*arguments))
        counts[key] = counts.get(key, 0) + 1
    return list(counts.items())


def assert_uniform(found, options, limit, what):
    """Chi-square over the options; the limit is beyond what a uniform choice reaches once in 10^10 runs."""
    counts = {tuple(option): 0 for option in options}
    for key, times in found:
        assert_true(key in counts, what, f"{list(key)} is none of those that there are", f"{list(key)} 不在可选之列")
        counts[key] = times
    expected = sum(counts.values()) / len(options)
    statistic = sum((n - expected) ** 2 / expected for n in counts.values())
    rare, common = min(counts, key=counts.get), max(counts, key=counts.get)
    line = f"{counts[rare]} times {list(rare)} and {counts[common]} times {list(common)}, expected about {expected:.0f} of each"
    zh = f"{list(rare)} 出现 {counts[rare]} 次，{list(common)} 出现 {counts[common]} 次，预期各约 {expected:.0f} 次"
    assert_true(statistic < limit, what, line, zh)


def test_is_valid(answer, draw):
    """is_valid: known choices, skips that fit, 1 to max_layers layers
    is_valid：已知的选项、合适的跳接、层数在范围内"""
    space = answer.Space(*SMALL)
    for layers in everything(SMALL)[:: int(draw.integers(2, 5))]:
        assert_same(answer.is_valid(space, list(layers)), True, f"is_valid(space, {list(layers)})")
    wrong = [layers for n in (1, 2) for layers in product(every_layer(SMALL), repeat=n) if not fits(SMALL, layers)]
    for layers in wrong[:: int(draw.integers(2, 5))]:
        assert_same(answer.is_valid(space, list(layers)), False, f"is_valid(space, {list(layers)})")
    plain = (6, "relu", False)
    for layers in ([], [plain] * 3, [(5, "relu", False)], [plain, (6, "sigmoid", False)], [plain, (0, "tanh", False)]):
        assert_same(answer.is_valid(space, layers), False, f"is_valid(space, {layers})")


@pytest.mark.parametrize("space", [SMALL, THREE, (4, 1, 1, (4,), ("relu",)), (7, 1, 2, (4, 8), ("relu", "tanh", "sigmoid"))], ids=str)
def test_count(answer, space):
    """count: every valid architecture once
    count：每个合法架构数一次"""
    assert_same(answer.count(answer.Space(*space)), len(everything(space)), f"count(Space{space})")


@pytest.mark.after("test_count")
def test_count_of_a_large_space(answer):
    """count: twelve layers
    count：十二层"""
    total, ending = 0, {8: 1, 16: 0, 32: 0, 64: 0}  # how many architectures of so many layers end at each width; 8 comes in
    for _ in range(12):
        everywhere = sum(ending.values())
        ending = {width: 3 * (everywhere + ending[width]) for width in ending}
        total += sum(ending.values())
    assert_same(answer.count(answer.Space(8, 10, 12, (8, 16, 32, 64), ("relu", "tanh", "sigmoid"))), total, "count of a space with 12 layers")


@pytest.mark.after("test_count")
@pytest.mark.parametrize(("space", "limit"), [(SMALL, 140.0), ((9, 1, 3, (2, 3), ("relu",)), 120.0)], ids=["skips", "depths"])
def test_sample(answer, draw, worker, space, limit):
    """sample: each valid architecture as likely as any other
    sample：每个合法架构概率相同"""
    found = worker.define(tally)(answer.sample, (answer.Space(*space), seeded(worker, draw)), 2000)
    assert_uniform(found, everything(space), limit, "2,000 calls of sample")  # 42 and 26 architectures


@pytest.mark.after("test_sample")
def test_sample_of_a_large_space(answer, draw, worker):
    """sample: a large space, the same again from the same seed
    sample：大空间；种子相同则结果相同"""
    space = answer.Space(8, 10, 12, (8, 16, 32, 64), ("relu", "tanh", "sigmoid"))
    generator = seeded(worker, draw)
    state = generator.get_state()
    worker.seed(3)
    first = worker.define(many)(answer.sample, (space, generator), 20)
    for architecture in first:
        assert_same(answer.is_valid(space, architecture), True, "is_valid(space, sample(space, generator))")
    generator.set_state(state)
    worker.seed(7)
    assert_same(worker.define(many)(answer.sample, (space, generator), 20), first, "20 samples from the same state of the generator")


@pytest.mark.parametrize("space", [SMALL, THREE], ids=["two-layers", "three-layers"])
def test_neighbours(answer, draw, space):
    """neighbours: exactly those one edit away
    neighbours：恰好是一次编辑可达的"""
    ours, options = answer.Space(*space), everything(space)
    for number in range(3):
        layers = pick(draw, [o for o in options if len(o) == min(number + 1, space[2])])
        assert_same(as_set(answer.neighbours(ours, list(layers))), as_set(around(space, layers)), f"neighbours of {list(layers)}")
    twins = ((space[3][0], "tanh", False),) * 2  # putting the same layer before or behind is one neighbour
    assert_same(as_set(answer.neighbours(ours, list(twins))), as_set(around(space, twins)), f"neighbours of {list(twins)}")


@pytest.mark.after("test_neighbours")
def test_mutate(answer, draw, worker):
    """mutate: each neighbour as likely as any other
    mutate：每个邻居概率相同"""
    layers = ((4, "relu", True), (6, "tanh", False))
    options = around(SMALL, layers)
    space, generator = answer.Space(*SMALL), seeded(worker, draw)
    state = generator.get_state()
    worker.seed(3)
    first = worker.define(many)(answer.mutate, (space, list(layers), generator), 30)
    generator.set_state(state)
    worker.seed(7)
    assert_same(worker.define(many)(answer.mutate, (space, list(layers), generator), 30), first, "30 mutations from the same state of the generator")
    found = worker.define(tally)(answer.mutate, (answer.Space(*SMALL), list(layers), seeded(worker, draw)), 600)
    assert_uniform(found, options, 80.0, f"600 mutations of {list(layers)}")  # 6 neighbours or so


def shapes(network):
    return [tuple(p.shape) for p in network.parameters()]


def run(parameters, layers, x):
    """The network by hand, from its parameters in their order."""
    maps = list(zip(parameters[::2], parameters[1::2], strict=True))
    for (weight, bias), (_, activation, skip) in zip(maps, layers, strict=False):
        y = ACTS[activation](x @ weight.T + bias)
        x = x + y if skip else y
    return x @ maps[-1][0].T + maps[-1][1]


def chosen(draw):
    """Architectures of 1, 2 and 3 layers, with and without skips."""
    options = everything(THREE)
    with_skips = [o for o in options if len(o) == 3 and sum(skip for _, _, skip in o) > 1]
    return [pick(draw, [o for o in options if len(o) == n]) for n in (1, 2, 3)] + [pick(draw, with_skips)]


def test_build(answer, draw, worker):
    """build: the network that is described
    build：造出所描述的网络"""
    for layers in chosen(draw):
        network = answer.build(answer.Space(*THREE), list(layers))
        widths = [5, *(width for width, _, _ in layers), 2]
        expected = [shape for n_in, n_out in pairwise(widths) for shape in ((n_out, n_in), (n_out,))]
        assert_same(worker.define(shapes)(network), expected, f"shapes of the parameters of {list(layers)}")
        parameters = [draw.normal(*shape) for shape in expected]
        worker.define(fill)(network, parameters)
        x = draw.normal(4, 5)
        gradient_of = partial(run, parameters, layers)
        assert_same_gradient(network, gradient_of, (x,), 0, f"network(x), {list(layers)}", worker=worker, rtol=1e-4, atol=1e-4)  # as below
        assert_same(network(x), run(parameters, layers, x), f"network(x), {list(layers)}", rtol=1e-4, atol=1e-5)  # sums of four layers of products


def fill(network, values):
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), values, strict=True):
            parameter.copy_(value)


@pytest.mark.after("test_build", "test_is_valid")
def test_build_refuses(answer):
    """build: invalid architectures
    build：拒绝不合法的架构"""
    space = answer.Space(*THREE)
    for layers in (
        [],
        [(3, "tanh", True)],
        [(3, "tanh", False), (2, "tanh", True)],
        [(4, "tanh", False)],
        [(5, "tanh", True)] * 4,
        [(5, "relu", False)],
    ):
        assert_raises(ValueError, answer.build, space, layers)


@pytest.mark.after("test_build")
def test_cost(answer, draw, worker):
    """cost: what the built network really has
    cost：造出的网络实际的大小"""
    space = answer.Space(*THREE)
    for layers in chosen(draw):
        sizes = worker.define(shapes)(answer.build(space, list(layers)))
        multiplications = sum(shape[0] * shape[1] for shape in sizes if len(shape) == 2)
        expected = (multiplications + sum(shape[0] for shape in sizes if len(shape) == 1), multiplications)
        assert_same(answer.cost(space, list(layers)), expected, f"cost(space, {list(layers)})")


def size(space, layers):
    widths = [space[0], *(width for width, _, _ in layers), space[1]]
    return sum((n_in + 1) * n_out for n_in, n_out in pairwise(widths))


@pytest.mark.after("test_cost", "test_sample")
def test_random_search(answer, draw, worker):
    """random_search: the best of a budget of different ones that fit
    random_search：预算内互不相同且够小者中的最好"""
    options = everything(SMALL)
    table = dict(zip(options, draw.permutation(len(options)).tolist(), strict=True))
    limit = sorted(size(SMALL, option) for option in options)[2 * len(options) // 3]  # some are larger with fewer multiplications
    small = [option for option in options if size(SMALL, option) <= limit]
    for budget in (1, 6, len(small)):
        asked = []

        def score(architecture, asked=asked):
            asked.append(tuple(tuple(layer) for layer in architecture))
            return float(table[asked[-1]] // 2)  # two and two are equally good

        best, value = answer.random_search(answer.Space(*SMALL), score, budget, limit, seeded(worker, draw))
        assert_same(len(asked), budget, f"calls of score with a budget of {budget}")
        assert_same(len(set(asked)), budget, "different architectures among them")
        assert_same(max(size(SMALL, option) for option in asked) <= limit, True, f"all have at most {limit} parameters")
        first = max(asked, key=lambda option: table[option] // 2)
        assert_same((best, value), (list(first), float(table[first] // 2)), "random_search(...)")
