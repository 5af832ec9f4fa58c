"""What a check can do with the answer's objects, and what it must not."""

import numpy as np
import pytest
import torch

from grader.candidate import LocalCandidate
from grader.compare import assert_raises, assert_same, assert_same_gradient
from grader.failure import CheckFailure
from grader.proxy import Answer, Line, Remote, WorkerHandle
from grader.verdict import Job
from grader.worker.session import Session

SOURCE = """
import numpy as np
import torch

LIMIT = 5

class Vector:
    def __init__(self, *parts): self.parts = list(parts)
    def __add__(self, other): return Vector(*(a + (other.parts[i] if isinstance(other, Vector) else other) for i, a in enumerate(self.parts)))
    __radd__ = __add__
    def __rsub__(self, other): return Vector(*(other - a for a in self.parts))
    def __neg__(self): return Vector(*(-a for a in self.parts))
    def __len__(self): return len(self.parts)
    def __getitem__(self, i): return self.parts[i]
    def __setitem__(self, i, value): self.parts[i] = value
    def __call__(self, k): return sum(self.parts) * k
    def norm(self, *, p=2): return sum(a ** p for a in self.parts) ** (1 / p)

def count(n):
    yield from range(n)

def apply(f, x): return f(x)
def twice(f, x): return f(f(x))
def guarded(f, x):
    try: return f(x)
    except RuntimeError as e: return str(e)

class SGD:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr
    def step(self):
        with torch.no_grad():
            for p in self.params: p -= self.lr * p.grad

def square(x): return x * x
def pair(x, y): return x * y, x + y
def shape_wrong(x): return x.sum()
def add_(x): x += 1; return x
def fill(a): a[:] = 0; return 1
def layer(): return torch.nn.Linear(2, 3)
def fail(): raise LookupError("lost")
"""


@pytest.fixture
def line():
    job = Job(slug="it", source=SOURCE, filename="it.py", checks="")
    candidate = LocalCandidate(job, Session(None))
    assert candidate.try_load()
    return Line(candidate)


@pytest.fixture
def answer(line):
    return Answer(line)


@pytest.fixture
def worker(line):
    return WorkerHandle(line)


def test_objects_and_what_they_can_do(answer):
    v = answer.Vector(1.0, 2.0)
    assert type(v) is Remote
    assert v.parts == [1.0, 2.0]
    assert (v + answer.Vector(1.0, 1.0)).parts == [2.0, 3.0]
    assert (1 + v).parts == [2.0, 3.0]
    assert (10 - v).parts == [9.0, 8.0]
    assert (-v).parts == [-1.0, -2.0]
    assert len(v) == 2
    assert v[1] == 2.0
    v[1] = 7.0
    assert v.parts == [1.0, 7.0]
    assert v(2) == 16.0
    assert v.norm(p=1) == 8.0
    v.extra = [1]
    assert v.extra == [1]
    assert answer.LIMIT == 5


def test_iteration(answer):
    assert list(answer.count(4)) == [0, 1, 2, 3]
    assert list(answer.count(0)) == []


@pytest.mark.parametrize("decide", [lambda v: v == 1, lambda v: v != 1, lambda v: v < 1, bool, lambda v: 1 in v, hash, lambda v: v >= 2])
def test_the_answers_objects_decide_nothing(answer, decide):
    with pytest.raises(TypeError):
        decide(answer.Vector(1.0))


def test_functions_of_the_check_are_called_back(answer):
    seen = []
    assert answer.apply(lambda x: seen.append(x) or x + 1, 3) == 4
    assert answer.twice(lambda x: x * 2, torch.tensor([1.0])).tolist() == [4.0]
    assert "ZeroDivisionError" in answer.guarded(lambda x: x / 0, 1)
    assert seen == [3]


def test_callbacks_may_use_the_answer(answer):
    assert answer.apply(lambda x: answer.square(x) + 1, torch.tensor([3.0])).tolist() == [10.0]


def test_values_held_in_the_worker_change_in_place(answer, worker):
    p = worker.hold(torch.tensor([1.0, 2.0]), requires_grad=True)
    optimiser = answer.SGD([p], 0.5)
    p.grad = torch.tensor([1.0, 4.0])
    optimiser.step()
    assert worker.fetch(p).tolist() == [0.5, 0.0]


def test_results_kept_in_the_worker_keep_their_graph(answer, worker):
    x = worker.hold(torch.tensor([3.0]), requires_grad=True)
    y = worker.keep(answer.square, x)
    y.backward()
    assert worker.fetch(worker.ref(x).grad).tolist() == [6.0]


def test_references_stay_references(answer, worker):
    layer = answer.layer()
    assert type(layer.weight) is torch.Tensor
    kept = worker.ref(layer).weight
    assert type(kept) is Remote
    assert worker.fetch(kept).shape == (3, 2)
    layer.load_state_dict({"weight": torch.ones(3, 2), "bias": torch.zeros(3)})
    assert worker.fetch(kept).tolist() == [[1.0, 1.0]] * 3
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    assert [name for name, _value in layer.named_parameters()] == ["weight", "bias"]


def test_the_workers_own_torch(worker):
    generator = worker.torch.Generator()
    generator.manual_seed(5)
    drawn = worker.torch.randn(3, generator=generator)
    assert torch.equal(drawn, torch.randn(3, generator=torch.Generator().manual_seed(5)))
    assert worker.numpy.float64(2.0) == 2.0


def test_source_can_be_shipped(answer, worker):
    def cube(x):
        return x * x * x

    there = worker.define(cube)
    assert_same_gradient(there, cube, (torch.tensor([2.0, 3.0]),), 0, "x.grad", worker=worker)
    assert answer.apply(there, 2) == 8


def test_vector_jacobian_products(answer, worker):
    x, y = torch.randn(3), torch.randn(3)
    assert_same_gradient(answer.pair, lambda a, b: (a * b, a + b), (x, y), (0, 1), "grad", worker=worker)
    output, gradients = worker.vjp(answer.pair, (x, y), (torch.ones(3), torch.zeros(3)), (1,))
    assert_same(output[1], x + y, "sum")
    assert_same(gradients, [x], "y.grad")
    with pytest.raises(CheckFailure, match="shape"):
        assert_same_gradient(answer.shape_wrong, lambda a: a * 2, (x,), 0, "x.grad", worker=worker)


@pytest.mark.parametrize(
    ("name", "value"), [("add_", torch.ones(2)), ("add_", torch.ones(4, 3).T), ("fill", np.ones(3)), ("fill", np.ones((3, 2)).T)]
)
def test_inputs_changed_in_place_are_noticed(answer, worker, name, value):
    with pytest.raises(CheckFailure, match="argument #1"):
        getattr(answer, name)(value)
    with worker.allow_changes():
        getattr(answer, name)(value)


def test_exceptions(answer):
    assert_raises(LookupError, answer.fail)
    with pytest.raises(CheckFailure, match="LookupError: lost") as caught:
        answer.fail()
    assert caught.value.failure.frames[0].code == 'def fail(): raise LookupError("lost")'
    with pytest.raises(CheckFailure, match="has no nothing"):
        _ = answer.nothing
    with pytest.raises(TypeError):
        answer.apply({1, 2}, 3)


def test_seeding_the_worker(answer, worker):
    worker.seed(3)
    first = worker.torch.rand(2)
    worker.seed(3)
    assert torch.equal(first, worker.torch.rand(2))
    with worker.timed() as clock:
        answer.square(first)
    assert clock.seconds > 0
