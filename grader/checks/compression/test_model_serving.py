"""The references are the outputs of single requests, and a simulated clock that is moved step by step."""

import math

import pytest

from grader.compare import assert_raises, assert_same


def recorder(bad):
    """A model that multiplies by 10, keeps a record of its calls, and cannot stand some inputs."""
    calls = []

    def model(inputs):
        calls.append(list(inputs))
        if any(x in bad for x in inputs):
            raise ValueError(f"{next(x for x in inputs if x in bad)} cannot be served")
        return [10 * x for x in inputs]

    model.calls = calls
    return model


def state(future):
    """What became of a request."""
    if not future.done():
        return "waiting"
    error = future.exception()
    return future.result() if error is None else f"{type(error).__name__}: {error}"


class Bench:
    """A batcher of the answer, its model, and the futures by request."""

    def __init__(self, answer, worker, bad=(), **settings):
        self.settings = {"max_batch": 3, "max_wait": 0.5, "max_queue": 100} | settings
        self.look, self.model, self.futures = worker.define(state), worker.define(recorder)(list(bad)), {}
        self.batcher = answer.MicroBatcher(self.model, **self.settings)

    def submit(self, now, *requests):
        for request in requests:
            self.futures[request] = self.batcher.submit(now, request)

    def tick(self, now, batches):
        assert_same(self.batcher.tick(now), batches, f"tick({now:g})")

    def expect(self, calls, results=None):
        assert_same(self.model.calls, calls, "batches that the model has seen")
        states = {request: self.look(future) for request, future in self.futures.items()}
        served = {x for call in calls for x in call}
        expected = {request: 10 * request if request in served else "waiting" for request in states} | (results or {})
        assert_same(states, expected, "results by request")


def test_full_batch(answer, worker):
    """tick: a full batch runs at once
    tick：批次满了立即运行"""
    bench = Bench(answer, worker)
    bench.submit(1.0, 7, 8, 9)
    bench.expect([])  # submit alone runs nothing
    bench.tick(1.0, 1)
    bench.expect([[7, 8, 9]])
    bench.tick(1.0, 0)
    bench.expect([[7, 8, 9]])


def test_waiting(answer, worker):
    """tick: a single request waits, but not for ever
    tick：单个请求会等待，但不会无限等下去"""
    bench = Bench(answer, worker)
    bench.submit(2.0, 5)
    bench.tick(2.0, 0)
    bench.tick(2.375, 0)
    bench.expect([])
    bench.tick(2.5, 1)  # exactly max_wait
    bench.expect([[5]])
    bench.submit(3.0, 6)
    bench.submit(3.25, 7)
    bench.tick(3.375, 0)
    bench.tick(3.5, 1)  # the oldest decides, and takes along who came later
    bench.expect([[5], [6, 7]])
    bench.tick(9.0, 0)


@pytest.mark.after("test_full_batch", "test_waiting")
def test_several_batches(answer, worker):
    """tick: several batches, oldest first, a rest that stays
    tick：多个批次，先来先服务，余下的留着"""
    bench = Bench(answer, worker)
    bench.submit(1.0, 4, 2, 9, 1)
    bench.submit(1.25, 8, 3, 7, 5)
    bench.tick(1.25, 2)
    bench.expect([[4, 2, 9], [1, 8, 3]])
    bench.tick(1.625, 0)  # the rest came at 1.25
    bench.tick(1.75, 1)
    bench.expect([[4, 2, 9], [1, 8, 3], [7, 5]])
    bench.submit(2.0, 10, 11, 12, 13)
    bench.tick(3.0, 2)  # late: the rest is due as well
    bench.expect([[4, 2, 9], [1, 8, 3], [7, 5], [10, 11, 12], [13]])


def test_next_time(answer, worker):
    """next_time: when somebody has to look
    next_time：何时需要再来看"""
    bench = Bench(answer, worker)
    assert_same(bench.batcher.next_time(), math.inf, "next_time() of an empty batcher")
    bench.submit(1.0, 1)
    bench.submit(1.25, 2)
    assert_same(float(bench.batcher.next_time()), 1.5, "next_time(), two of three requests since 1.0")
    bench.submit(1.375, 3)
    assert_same(float(bench.batcher.next_time()), 1.0, "next_time(), a full batch since 1.0")
    bench.submit(1.375, 4)
    bench.tick(1.375, 1)
    assert_same(float(bench.batcher.next_time()), 1.875, "next_time(), one request since 1.375")
    bench.tick(1.875, 1)
    assert_same(bench.batcher.next_time(), math.inf, "next_time() after all were served")


@pytest.mark.after("test_full_batch", "test_waiting")
def test_no_wait(answer, worker):
    """max_wait of 0, and batches of one
    max_wait 为 0，以及每批一个"""
    bench = Bench(answer, worker, max_wait=0.0)
    bench.submit(1.0, 1, 2)
    bench.tick(1.0, 1)
    bench.expect([[1, 2]])
    bench = Bench(answer, worker, max_batch=1)
    bench.submit(1.0, 1, 2)
    bench.tick(1.0, 2)
    bench.expect([[1], [2]])


@pytest.mark.after("test_full_batch")
def test_bad_requests(answer, worker):
    """A bad request fails alone
    坏请求只让自己失败"""
    bench = Bench(answer, worker, bad=(2, 9, 6))
    bench.submit(1.0, 1, 2, 3, 4, 5, 7, 6, 8, 9)
    bench.tick(1.0, 3)
    wrong = {request: f"ValueError: {request} cannot be served" for request in (2, 6, 9)}
    bench.expect([[1, 2, 3], [1], [2], [3], [4, 5, 7], [6, 8, 9], [6], [8], [9]], wrong)
    bench.submit(2.0, 20)
    bench.tick(2.5, 1)  # and the batcher goes on
    assert_same(bench.look(bench.futures[20]), 200, "a request after the failures")


@pytest.mark.after("test_bad_requests")
def test_bad_request_alone(answer, worker):
    """A bad request in a batch of its own
    独占一批的坏请求"""
    bench = Bench(answer, worker, bad=(2,))
    bench.submit(1.0, 2)
    bench.tick(1.5, 1)
    assert_same(bench.look(bench.futures[2]), "ValueError: 2 cannot be served", "the future of a bad request alone")


@pytest.mark.after("test_full_batch")
def test_back_pressure(answer, worker):
    """A full queue refuses, and forgets what it refused
    队列满时拒绝，并忘掉被拒的请求"""
    bench = Bench(answer, worker, max_queue=4)
    bench.submit(1.0, 1, 2, 3, 4)
    assert_raises(RuntimeError, bench.batcher.submit, 1.0, 5)
    assert_raises(RuntimeError, bench.batcher.submit, 1.0, 6)
    bench.tick(1.0, 1)
    bench.submit(1.125, 7, 8)  # there is room again
    bench.tick(1.125, 1)
    bench.expect([[1, 2, 3], [4, 7, 8]])


@pytest.mark.after("test_several_batches", "test_next_time")
def test_a_day_of_requests(answer, worker, draw):
    """A stream of requests, woken by next_time only
    请求流，只按 next_time 唤醒"""
    arrivals = (draw.numpy.integers(1, 12, 40).cumsum() / 16).tolist()  # sixteenths are exact
    bench, calls, waiting = Bench(answer, worker, max_batch=4, max_wait=1.0), [], []
    for number, time in enumerate([*arrivals, math.inf]):
        while waiting and waiting[0][0] + 1.0 < time:  # somebody is due before the next arrival
            due = waiting[0][0] + 1.0
            assert_same(float(bench.batcher.next_time()), due, "next_time()")
            bench.tick(due, 1)
            calls.append([request for _, request in waiting])
            waiting = []
        if time < math.inf:
            bench.submit(time, number)
            waiting.append((time, number))
            full = len(waiting) == 4 or waiting[0][0] + 1.0 <= time
            bench.tick(time, int(full))
            if full:
                calls.append([request for _, request in waiting])
                waiting = []
    bench.expect(calls)


def test_replicas_wanted(answer):
    """replicas_wanted: up at once, down by one, within bounds
    replicas_wanted：增则立即，减则逐个，不出界"""
    for waiting, rate, target, current, bounds, expected in (
        (100, 8.0, 4.0, 1, {}, 4),
        (96, 8.0, 4.0, 1, {}, 3),
        (97, 8.0, 4.0, 3, {}, 4),
        (0, 8.0, 4.0, 5, {}, 4),
        (0, 8.0, 4.0, 1, {}, 1),
        (40, 8.0, 4.0, 9, {}, 8),
        (1000, 8.0, 4.0, 2, {}, 10),
        (1000, 8.0, 4.0, 2, {"high": 6}, 6),
        (10, 8.0, 4.0, 3, {"low": 3}, 3),
        (1, 8.0, 4.0, 1, {"low": 2, "high": 5}, 2),
        (0, 8.0, 4.0, 12, {"low": 2, "high": 5}, 5),
        (3, 0.5, 2.0, 1, {}, 3),
    ):
        value = answer.replicas_wanted(waiting, rate=rate, target=target, current=current, **bounds)
        assert_same(value, expected, f"replicas_wanted({waiting}, rate={rate:g}, target={target:g}, current={current}, {bounds})")
