"""The references are a plain list, cumulative sums, and exact probabilities; frequencies are compared with what they have to be on average."""

import numpy as np
import pytest

from grader.compare import assert_between, assert_fast, assert_raises, assert_same, assert_true


def generator(worker, draw):
    return worker.numpy.random.default_rng(int(draw.integers(0, 2**31)))


# Counts are sums of independent draws of 0 or 1 (or vary less, where they are stratified): at 7 standard deviations a false alarm is one in 10^11.
def assert_frequent(count, times, p, what):
    p = float(p)
    spread = 7 * (times * p * (1 - p)) ** 0.5 + 3
    assert_between(count, times * p - spread, times * p + spread, what)


@pytest.mark.parametrize("capacity", [1, 3, 5])
def test_ring_buffer(answer, capacity):
    """RingBuffer: keeps the last ones, the oldest first
    RingBuffer：保留最近的，最旧的在前"""
    buffer, kept = answer.RingBuffer(capacity), []
    assert_same(len(buffer), 0, "len(RingBuffer(…))")
    for number in range(2 * capacity + 2):
        transition = (number, float(number) / 2, number % 3 == 0)
        assert_same(buffer.add(transition), number % capacity, f"slot of transition {number}, capacity {capacity}")
        kept = [*kept, transition][-capacity:]
        assert_same(len(buffer), len(kept), f"len(buffer) after {number + 1} transitions")
        assert_same([buffer[age] for age in range(len(kept))], kept, f"buffer[0], buffer[1], … after {number + 1} transitions")
        for age in (-1, len(kept)):
            assert_raises(IndexError, lambda a: buffer[a], age)


def ring_draws(buffer, rng, batch):
    return [list(buffer.sample(1, rng)), list(buffer.sample(batch, rng))]


@pytest.mark.after("test_ring_buffer")
def test_ring_sample(answer, worker, draw):
    """RingBuffer: uniform draws
    RingBuffer：均匀抽样"""
    draws = worker.define(ring_draws)
    for stored, capacity in ((3, 8), (4, 4), (9, 4)):
        buffer = answer.RingBuffer(capacity)
        for number in range(stored):
            buffer.add(number)
        one, many = draws(buffer, generator(worker, draw), 600)
        assert_same((len(one), len(many)), (1, 600), "lengths of the samples")
        expected = range(max(0, stored - capacity), stored)
        assert_true(set(many) <= set(expected), "sample", "something is drawn that is not stored", "抽到了不在缓冲区里的东西")
        for number in expected:
            assert_frequent(many.count(number), 600, 1 / len(expected), f"how often one of {len(expected)} transitions is drawn in 600 times")


def tree_of(answer, priorities):
    tree = answer.SumTree(len(priorities))
    for index, priority in enumerate(priorities):
        tree.set(index, float(priority))
    return tree


@pytest.mark.parametrize("capacity", [1, 2, 5, 8])
def test_tree(answer, draw, capacity):
    """SumTree: priorities and their total
    SumTree：优先级及其总和"""
    tree, priorities = answer.SumTree(capacity), np.zeros(capacity)
    assert_same(tree.total(), 0.0, "SumTree(…).total()")
    for index in [*draw.permutation(capacity).tolist(), *draw.integers(0, capacity, (4,)).tolist()]:
        priorities[index] = draw.numpy.uniform(0, 3)
        tree.set(index, float(priorities[index]))
        assert_same(tree.total(), float(priorities.sum()), "tree.total()")
    assert_same([tree[index] for index in range(capacity)], priorities.tolist(), "tree[0], tree[1], …")


@pytest.mark.after("test_tree")
@pytest.mark.parametrize("capacity", [1, 2, 3, 6, 8, 11])
def test_find(answer, draw, capacity):
    """SumTree.find: as by cumulative sums
    SumTree.find：与累积和一致"""
    priorities = draw.integers(1, 6, (capacity,)).numpy()
    priorities[draw.permutation(capacity)[: capacity // 3].numpy()] = 0
    if capacity > 2:
        priorities[0] = 0
    tree, sums = tree_of(answer, priorities), priorities.cumsum()
    for mass in np.arange(0, sums[-1], 0.5):  # whole numbers and halves: exact in floating point
        assert_same(tree.find(float(mass)), int(np.searchsorted(sums, mass, side="right")), f"find({mass}), priorities {priorities.tolist()}")


@pytest.mark.after("test_find")
def test_find_at_the_end(answer, draw):
    """SumTree.find: never what has priority 0
    SumTree.find：从不找到优先级为 0 的"""
    for priorities, last in (([2.0, 3.0, 0.0, 0.0, 0.0], 1), ([0.0, 0.0, 4.0, 0.0], 2), ([1.0, 2.0, 3.0], 2), ([5.0, 0.0, 0.0], 0)):
        tree = tree_of(answer, priorities)
        for mass in (sum(priorities), np.nextafter(sum(priorities), 100)):
            assert_same(tree.find(float(mass)), last, f"find({mass}), priorities {priorities}, where rounding made mass reach the total")


@pytest.mark.after("test_tree")
def test_drift(answer, draw):
    """SumTree: no rounding errors are left behind
    SumTree：不留下舍入误差"""
    tree = answer.SumTree(6)
    small = draw.numpy.uniform(1, 2, 6)
    for index in range(6):
        tree.set(index, 1e17)
    for index in range(6):
        tree.set(index, float(small[index]))
    assert_same(tree.total(), float(small.sum()), "tree.total() after all priorities of 1e17 have been replaced by small ones")
    sums = small.cumsum()
    for index in range(6):
        assert_same(tree.find(float(sums[index] - small[index] / 2)), index, "find after that")


def work(tree, indices, priorities, masses):
    found = []
    for index, priority, mass in zip(indices.tolist(), priorities.tolist(), masses.tolist(), strict=True):
        tree.set(index, priority)
        found.append(tree.find(mass * tree.total()))
    return found


@pytest.mark.after("test_find", "test_find_at_the_end", "test_drift")
def test_logarithmic(answer, draw, worker):
    """SumTree: two million priorities
    SumTree：两百万个优先级"""
    capacity, times = 2**21, 1000
    tree = answer.SumTree(capacity)
    indices, priorities, masses = draw.integers(0, capacity, (times,)).numpy(), draw.numpy.uniform(1, 2, times), draw.numpy.random(times)
    job = worker.define(work)
    with worker.timed() as clock:
        found = job(tree, indices, priorities, masses)
    assert_true(set(found) <= set(indices.tolist()), "find", "an index of priority 0 is found", "找到了优先级为 0 的下标")
    # log n: some 0.03 s; a second or two when all sums are added up each time
    assert_fast(clock.seconds, 0.5, f"{times} times set and find in a tree of {capacity} leaves")


def memory(answer, errors, alpha, capacity):
    """A full memory whose priorities are known; transitions are numbers."""
    replay = answer.PrioritisedReplay(capacity, alpha)
    for number in range(len(errors)):
        replay.add(number)
    replay.update(np.arange(len(errors)), np.array(errors))
    powers = (np.abs(errors) + 1e-6) ** alpha
    return replay, powers / powers.sum()


def compare_sample(replay, batch, beta, rng, probabilities, what):
    """Everything about a sample but its frequencies. Transitions are their slots."""
    slots, transitions, weights = replay.sample(batch, beta, rng)
    assert_same(
        (list(slots.shape), slots.dtype.name, len(transitions)), ([batch], "int64", batch), f"{what}: shape and dtype of slots, number of transitions"
    )
    assert_true(bool(((slots >= 0) & (slots < len(probabilities))).all()), what, "a slot is drawn that is empty", "抽到了空的位置")
    assert_same(list(transitions), slots.tolist(), f"{what}: transitions of these slots")
    raw = (len(probabilities) * probabilities[slots]) ** -beta
    assert_same(weights, raw / raw.max(), f"{what}: weights")
    return slots


@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 1.0), (0.6, 0.4), (0.5, 0.0)])
def test_weights(answer, worker, draw, alpha, beta):
    """PrioritisedReplay: slots, transitions, weights
    PrioritisedReplay：位置、转移与权重"""
    for stored, capacity in ((5, 5), (4, 7)):
        errors = draw.numpy.uniform(0.5, 2, stored) * np.array([1, -1, 3, -2, 1])[:stored]
        replay, probabilities = memory(answer, errors, alpha, capacity)
        compare_sample(replay, 60, beta, generator(worker, draw), probabilities, f"sample(60, {beta}), alpha {alpha}")
    replay, probabilities = memory(answer, np.zeros(3), alpha, 3)
    compare_sample(replay, 7, beta, generator(worker, draw), probabilities, "sample when all errors are 0")


@pytest.mark.after("test_weights")
def test_frequencies(answer, worker, draw):
    """PrioritisedReplay: how often each one is drawn
    PrioritisedReplay：各个转移被抽到的频率"""
    for alpha in (0.7, 0.0):
        replay, probabilities = memory(answer, (draw.permutation(4).numpy() * 2.0 + 0.5) * [1, -1, 1, -1], alpha, 4)
        slots = compare_sample(replay, 1200, 0.5, generator(worker, draw), probabilities, f"sample(1200, 0.5), alpha {alpha}")
        for slot, p in enumerate(probabilities):
            assert_frequent(int((slots == slot).sum()), 1200, p, f"how often slot {slot} is drawn in 1200 times, P = {p:.3f}")
    defaults = answer.PrioritisedReplay(2)
    defaults.add(0)
    defaults.add(1)
    defaults.update(np.array([0, 1, 0]), np.array([9.0, 0.5, 3.0]))
    powers = (np.array([3.0, 0.5]) + 1e-6) ** 0.6
    compare_sample(defaults, 40, 1.0, generator(worker, draw), powers / powers.sum(), "sample, alpha by default, slot 0 updated twice")


@pytest.mark.after("test_weights")
def test_new_transitions(answer, worker, draw):
    """PrioritisedReplay: new ones get the largest priority so far
    PrioritisedReplay：新转移得到迄今最大的优先级"""
    replay, errors = answer.PrioritisedReplay(3, 0.5), np.zeros(3)
    for number in range(2):
        replay.add(number)
    powers = np.ones(2)
    compare_sample(replay, 20, 1.0, generator(worker, draw), powers / 2, "sample before any update")
    replay.update(np.array([0]), np.array([-8.0]))
    replay.update(np.array([0, 1]), np.array([0.25, 0.5]))
    replay.add(2)
    errors = np.array([0.25, 0.5, 8.0])
    powers = (errors + 1e-6) ** 0.5
    slots = compare_sample(replay, 400, 1.0, generator(worker, draw), powers / powers.sum(), "sample after one more was added")
    assert_frequent(int((slots == 2).sum()), 400, powers[2] / powers.sum(), "how often the new one is drawn in 400 times")
    replay.add(0)  # takes the place of the oldest, which was 0 too
    powers = (np.array([8.0, 0.5, 8.0]) + 1e-6) ** 0.5
    compare_sample(replay, 40, 1.0, generator(worker, draw), powers / powers.sum(), "sample after the oldest was overwritten")
    replay = answer.PrioritisedReplay(2, 0.5)
    replay.add(0)
    replay.update(np.array([0]), np.array([0.25]))
    replay.add(1)
    powers = np.array([0.25 + 1e-6, 1.0]) ** 0.5
    compare_sample(replay, 40, 1.0, generator(worker, draw), powers / powers.sum(), "sample of a new one and one with a smaller error")


def test_polyak_update(answer, draw):
    """polyak_update: a step towards the online network
    polyak_update：向在线网络靠近一步"""
    for dtype in (np.float64, np.float32):
        target, online = ({"W": draw.numpy.normal(size=(3, 2)).astype(dtype), "b": draw.numpy.normal(size=4).astype(dtype)} for _ in range(2))
        for tau in (0.005, 0.25, 0.0, 1.0):
            expected = {name: (target[name].astype(float) * (1 - tau) + online[name].astype(float) * tau).astype(dtype) for name in target}
            assert_same(answer.polyak_update(target, online, tau), expected, f"polyak_update(target, online, {tau})")
