"""The references are nested loops for the grid (as sklearn's ParameterGrid), exact distributions, and rounds written out one by one."""

import math

import numpy as np
import pytest

from grader.compare import assert_between, assert_raises, assert_same, assert_true

COUNT = 1000  # by the inequality of Dvoretzky, Kiefer and Wolfowitz a right sample strays by 0.105 once in 2e9: 2 exp(-2 * 1000 * 0.105^2)
FAR = 0.105


def combinations(space):
    found = [{}]
    for name, values in space.items():
        found = [{**config, name: value} for config in found for value in values]
    return found


class Objective:
    """Counts its calls; the training score points the other way."""

    def __init__(self, score):
        self.score, self.seen = score, []

    def __call__(self, config):
        self.seen.append(config)
        value = self.score(config)
        return {"train": -value, "valid": value}


def straying(values, distribution):
    """The largest distance between the sample's distribution function and the right one."""
    ordered = np.sort(np.asarray(values, dtype=float))
    right = np.array([distribution(value) for value in ordered])
    steps = np.arange(len(ordered) + 1) / len(ordered)
    return float(max((steps[1:] - right).max(), (right - steps[:-1]).max()))


def samples(numpy, sample, space, seed, count):
    rng = numpy.random.default_rng(seed)
    return [sample(space, rng) for _ in range(count)]


def drawn(answer, draw, worker, space, count=COUNT):
    return worker.define(samples)(worker.numpy, answer.sample, space, int(draw.integers(0, 2**31)), count)


def test_grid(answer):
    """grid: all combinations, in order
    grid：按顺序列出所有组合"""
    spaces = [
        {"lr": [0.1, 0.01], "width": [8, 16, 32]},
        {"b": [1, 2], "a": ["x"], "c": [True, False]},
        {"depth": [3, 1, 2]},
        {},
        {"a": [1, 2], "b": []},
    ]
    for space in spaces:
        assert_same(answer.grid(space), combinations(space), f"grid({space})")


def number(draw):
    return float(draw.uniform(1, low=-3.0, high=3.0))


@pytest.mark.parametrize("budget", [3, 6, 50])
def test_search(answer, draw, budget):
    """search: the best on validation, within the budget
    search：预算之内验证得分最高者"""
    configs = [{"lr": number(draw), "width": width} for width in range(6)]
    objective = Objective(lambda config: math.sin(7 * config["lr"]) + 0.01 * config["width"])
    best, score, calls = answer.search(objective, configs, budget)
    reached = configs[:budget]
    right = max(reached, key=objective.score)
    message = f"it is called {len(objective.seen)} times, with a budget of {budget}", f"它被调用了 {len(objective.seen)} 次，而预算是 {budget}"
    assert_true(len(objective.seen) <= budget, "objective", *message)
    assert_same(objective.seen, reached, "what objective was called with")
    assert_same(best, right, f"the best configuration, budget {budget}")
    assert_same(score, objective.score(right), "its score")
    assert_same(calls, len(reached), "the number of calls")


@pytest.mark.after("test_search")
def test_repeats(answer):
    """search: nothing is evaluated twice
    search：同一配置不评估两次"""
    configs = [{"a": 1, "b": 2}, {"a": 2, "b": 1}, {"b": 2, "a": 1}, {"a": 1, "b": 2}, {"a": 3, "b": 0}, {"a": 2, "b": 1}]
    different = [configs[0], configs[1], configs[4]]
    for budget, reached in ((9, different), (3, different), (2, different[:2])):
        objective = Objective(lambda config: float(config["a"]))
        best, _, calls = answer.search(objective, configs, budget)
        assert_same(objective.seen, reached, f"what objective was called with, {budget=}")
        assert_same(calls, len(reached), f"the number of calls, {budget=}")
        assert_same(best, reached[-1], f"the best configuration, {budget=}")


@pytest.mark.after("test_search")
def test_ties_and_nan(answer):
    """search: the first among equals, nan never
    search：并列取最先者，nan 不算"""
    for scores, place in (([1.0, 3.0, 3.0, 2.0], 1), ([math.nan, 1.0, math.nan], 1), ([2.0, math.nan, 1.0], 0), ([-math.inf, -5.0], 1)):
        configs = [{"i": i} for i in range(len(scores))]
        best, score, calls = answer.search(Objective(lambda config, scores=scores: scores[config["i"]]), configs, 9)
        assert_same(best, configs[place], f"the best configuration, scores {scores}")
        assert_same(score, scores[place], f"its score, scores {scores}")
        assert_same(calls, len(scores), f"the number of calls, scores {scores}")
    for scores in ([], [math.nan, math.nan]):
        found = answer.search(Objective(lambda config: math.nan), [{"i": i} for i in range(len(scores))], 9)
        assert_same(found, (None, -math.inf, len(scores)), f"search, scores {scores}")


@pytest.mark.after("test_search", "test_grid")
def test_grid_search(answer, draw):
    """grid_search
    grid_search：网格搜索"""
    space = {"a": [1, 2, 3, 2], "b": [number(draw), number(draw)]}
    different = combinations({"a": [1, 2, 3], "b": space["b"]})
    for budget in (4, 100):
        objective = Objective(lambda config: math.sin(5 * config["a"] + config["b"]))
        best, score, calls = answer.grid_search(objective, space, budget)
        reached = different[:budget]
        right = max(reached, key=objective.score)
        assert_same((best, score, calls), (right, objective.score(right), len(reached)), f"grid_search(objective, {space}, {budget})")
        assert_same(objective.seen, reached, f"what objective was called with, budget {budget}")


def test_sample_uniform(answer, draw, worker):
    """sample: evenly
    sample：均匀分布"""
    found = drawn(answer, draw, worker, {"dropout": ("uniform", -0.25, 0.75)})
    assert_same(sorted(found[0]), ["dropout"], "names of sample(space, rng)")
    values = [config["dropout"] for config in found]
    assert_true(all(type(value) is float for value in values), "dropout", "not a Python float", "不是 Python 的 float")
    assert_between(min(values), -0.25, 0.75, "the least of 1000 values of (uniform, -0.25, 0.75)")
    assert_between(max(values), -0.25, 0.75, "the greatest of 1000 values of (uniform, -0.25, 0.75)")
    assert_between(straying(values, lambda value: value + 0.25), 0.0, FAR, "(uniform, -0.25, 0.75): distance from the distribution")


@pytest.mark.after("test_sample_uniform")
@pytest.mark.parametrize(("low", "high"), [(1e-5, 1e-1), (0.5, 2000.0)])
def test_sample_log(answer, draw, worker, low, high):
    """sample: evenly in the logarithm
    sample：对数上均匀"""
    values = [config["lr"] for config in drawn(answer, draw, worker, {"lr": ("log", low, high)})]
    assert_true(all(type(value) is float for value in values), "lr", "not a Python float", "不是 Python 的 float")
    span = math.log(high / low)
    assert_between(min(values), low * (1 - 1e-12), high, f"the least of 1000 values of (log, {low:g}, {high:g})")
    assert_between(max(values), low, high * (1 + 1e-12), f"the greatest of 1000 values of (log, {low:g}, {high:g})")
    what = f"(log, {low:g}, {high:g}): distance from the distribution"
    assert_between(straying(values, lambda value: math.log(value / low) / span), 0.0, FAR, what)


@pytest.mark.after("test_sample_uniform")
def test_sample_int_and_choice(answer, draw, worker):
    """sample: whole numbers and choices
    sample：整数与选项"""
    found = drawn(answer, draw, worker, {"depth": ("int", 2, 5), "act": ("choice", ["relu", "tanh", None]), "one": ("int", 7, 7)})
    depths = [config["depth"] for config in found]
    assert_true(all(type(value) is int for value in depths), "depth", "not a Python int", "不是 Python 的 int")
    assert_same({config["one"] for config in found} == {7}, True, "(int, 7, 7) gives only 7")
    # each of 1000 counts strays from its mean by 6 standard deviations less than once in 5e8; a quarter: 250 +- 82, a third: 333 +- 90
    for value in range(2, 6):
        assert_between(float(depths.count(value)), 168.0, 332.0, f"how often {value} was drawn from (int, 2, 5), of 1000")
    acts = [config["act"] for config in found]
    for value in ("relu", "tanh", None):
        assert_between(float(acts.count(value)), 243.0, 424.0, f"how often {value} was drawn from the three choices, of 1000")
    both = sum(config["depth"] == 2 and config["act"] == "relu" for config in found)
    # a twelfth, 83, with a standard deviation of 9
    assert_between(float(both), 20.0, 150.0, "how often depth 2 and relu were drawn together, of 1000")


def calls_of(numpy, random_search, seed):
    rng = numpy.random.default_rng(seed)
    return [random_search(lambda _: {"train": 0.0, "valid": 0.0}, {"a": ("int", 1, 2)}, 2, rng)[2] for _ in range(400)]


@pytest.mark.after("test_sample_log", "test_sample_int_and_choice", "test_repeats")
def test_random_search(answer, draw, worker):
    """random_search
    random_search：随机搜索"""
    space = {"lr": ("log", 1e-4, 1.0), "depth": ("int", 1, 3)}
    seen = []
    for seed in (1, 2):
        objective = Objective(lambda config: -abs(math.log10(config["lr"]) + 2) - config["depth"])
        rng = worker.numpy.random.default_rng(int(draw.integers(0, 2**30)) * 2 + seed)
        best, score, calls = answer.random_search(objective, space, 20, rng)
        assert_same(len(objective.seen), 20, "calls of objective, budget 20, of a space in which nothing repeats")
        right = max(objective.seen, key=objective.score)
        assert_same((best, score, calls), (right, objective.score(right), 20), "random_search(objective, space, 20, rng)")
        seen += [config["lr"] for config in objective.seen]
    assert_same(len(set(seen)), 40, "number of different values in two searches of 20 with different generators")
    objective = Objective(lambda config: float(config["a"]))
    best, _, calls = answer.random_search(objective, {"a": ("int", 1, 3)}, 100, worker.numpy.random.default_rng(int(draw.integers(0, 2**30))))
    assert_same(sorted(config["a"] for config in objective.seen), [1, 2, 3], "what objective was called with: 100 samples of (int, 1, 3)")
    assert_same((best, calls), ({"a": 3}, 3), "best configuration and calls: 100 samples of (int, 1, 3)")
    calls = worker.define(calls_of)(worker.numpy, answer.random_search, int(draw.integers(0, 2**30)))
    # two samples of two values differ with probability 1/2: 200 times of 400, and 65 more or less than that once in 10^10
    assert_between(float(calls.count(2)), 135.0, 265.0, "how many of 400 random searches in (int, 1, 2) with budget 2 made two calls")


def halving(score, count, budget, start, factor):
    """Rounds as lists of calls, the winner and what was spent."""
    alive, resource, spent, calls, best = list(range(count)), start, 0, [], None
    while spent + len(alive) * resource <= budget:
        spent += len(alive) * resource
        calls += [(place, resource) for place in alive]
        scored = sorted(alive, key=lambda place: (math.isnan(score(place, resource)), -score(place, resource), place))
        best = scored[0], score(scored[0], resource)
        if len(alive) == 1:
            break
        alive, resource = sorted(scored[: max(1, len(alive) // factor)]), resource * factor
    return best, spent, calls


def compare_halving(answer, score, count, budget, what, **settings):
    calls = []

    def objective(config, resource):
        calls.append((config["i"], resource))
        return score(config["i"], resource)

    config, value, spent = answer.successive_halving(objective, [{"i": i} for i in range(count)], budget, **settings)
    (place, right), cost, expected = halving(score, count, budget, settings.get("start", 1), settings.get("factor", 3))
    really = sum(resource for _, resource in calls)
    message = f"a resource of {really} is spent, with a budget of {budget}", f"用掉了 {really} 的资源，而预算是 {budget}"
    assert_true(really <= budget, "successive_halving", *message)
    assert_same(sorted(calls, key=lambda call: (call[1], call[0])), expected, f"what objective was called with (place, resource), {what}")
    assert_same(config, {"i": place}, f"the best configuration, {what}")
    assert_same(value, right, f"its score, {what}")
    assert_same(spent, cost, f"the resource spent, {what}")


def test_halving(answer, draw):
    """successive_halving: the rounds
    successive_halving：各轮"""
    table = draw.normal(20, 100).double().tolist()
    for count in (9, 11, 2, 1):
        compare_halving(answer, lambda i, r: table[i][r], count, 1000, f"{count} configurations")
    compare_halving(answer, lambda i, r: table[i][r], 12, 1000, "12 configurations, start=2, factor=2", start=2, factor=2)


@pytest.mark.after("test_halving")
def test_halving_budget(answer, draw):
    """successive_halving: the budget
    successive_halving：预算"""
    table = draw.normal(20, 100).double().tolist()
    for budget in (9, 17, 18, 26, 27):
        compare_halving(answer, lambda i, r: table[i][r], 9, budget, f"9 configurations, budget {budget}")
    for count, budget, start in ((9, 8, 1), (4, 7, 2), (1, 2, 3)):
        configs = [{"i": i} for i in range(count)]
        assert_raises(ValueError, answer.successive_halving, lambda config, resource: 1.0, configs, budget, start=start)


@pytest.mark.after("test_halving")
def test_halving_last_round(answer):
    """successive_halving: the last round decides, ties and nan
    successive_halving：由最后一轮决定，并列与 nan"""
    compare_halving(answer, lambda i, r: 10.0 / r + (i if r < 3 else -i), 9, 100, "scores that fall with the resource")
    compare_halving(answer, lambda i, r: float(i // 3), 9, 100, "scores with ties")
    compare_halving(answer, lambda i, r: float(i if r == 1 else 0), 9, 100, "scores with ties in later rounds")
    compare_halving(answer, lambda i, r: math.nan if i % 3 else -float(i), 9, 100, "scores with nan")
    compare_halving(answer, lambda i, r: math.nan, 3, 100, "only nan")
