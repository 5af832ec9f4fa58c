"""The references are the same steps written out with autograd, and real digits."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from grader.compare import assert_between, assert_raises, assert_same, assert_true
from grader.data import digits

DOUBLE = torch.float64


def squared(logits, labels):
    return ((logits - torch.eye(logits.shape[1], dtype=logits.dtype, device=logits.device)[labels]) ** 2).mean()


def network(weight, bias, scale):
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(weight.shape[1]), nn.Linear(*weight.T.shape)).to(weight.device, weight.dtype)
    model[2].weight.data, model[2].bias.data, model[1].weight.data = weight.clone(), bias.clone(), scale.clone()
    return model


def state(model):
    return {name: value.detach() for name, value in model.state_dict().items()}


def modes(model):
    return [module.training for module in model.modules()]


def set_mode(model, training):
    model.train(training)


def pair(draw, worker, classes=3, pixels=6):
    """The same small network there and here."""
    parts = draw.normal(classes, pixels, dtype=DOUBLE), draw.normal(classes, dtype=DOUBLE), draw.uniform(pixels, low=0.5, high=2.0, dtype=DOUBLE)
    return worker.define(network)(*parts), network(*parts)


def batch_of(draw, n, classes=3):
    return draw.normal(n, 1, 2, 3, dtype=DOUBLE), draw.integers(0, classes, (n,))


def reference_step(model, x, labels, loss, learning_rate):
    """Training mode, gradients from nothing, one step."""
    model.train()
    value = loss(model(x), labels)
    gradients = torch.autograd.grad(value, list(model.parameters()))
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        parameter.data -= learning_rate * gradient
    return value.item()


def compare_states(worker, ours, theirs, when):
    found = worker.define(state)(ours)
    for name, value in state(theirs).items():
        assert_same(found[name], value, f"{name} {when}")


def test_resolve(answer, draw, worker):
    """resolve: names, functions, and nonsense
    resolve：名称、函数与不认识的名称"""
    logits, labels = draw.normal(5, 3, dtype=DOUBLE), draw.integers(0, 3, (5,))
    for name, loss in (("cross-entropy", F.cross_entropy), ("squared", squared)):
        assert_same(answer.resolve(name)(logits, labels), loss(logits, labels), f'resolve("{name}")(logits, labels)')
        assert_same(answer.resolve(name)(logits.float(), labels), loss(logits.float(), labels), f'resolve("{name}") of float32')
    own = worker.define(squared)
    assert_same(answer.resolve(own)(logits, labels), squared(logits, labels), "resolve(function)(logits, labels)")
    assert_raises(ValueError, answer.resolve, "hinge")


def test_train_step(answer, draw, worker):
    """train_step: the weights move, each time alike
    train_step：权重移动，且每次一致"""
    for start in (True, False):
        ours, theirs = pair(draw, worker)
        worker.define(set_mode)(ours, start)
        for step in range(1, 4):
            x, labels = batch_of(draw, 5)
            found = answer.train_step(ours, x, labels, worker.define(squared), 0.3)
            expected = reference_step(theirs, x, labels, squared, 0.3)
            assert_true(isinstance(found, float), "train_step(...)", "the loss is not a Python float", "返回的损失不是 Python 的 float")
            assert_same(found, expected, f"loss of step {step}")
            compare_states(worker, ours, theirs, f"after step {step}, the model was in {'training' if start else 'evaluation'} mode before")
    assert_same(worker.define(modes)(ours), [True] * 4, "training flags after train_step")


def recorder():
    class Recorder:
        def __init__(self):
            self.fitted, self.seen, self.calls = [], [], 0

        def fit(self, x):
            self.fitted.append(x.clone())

        def transform(self, x):
            return 3 * x - 1

        def augment(self, x, generator):
            torch.rand(1, generator=generator)
            self.seen.append(x.clone())
            self.calls += 1
            return 2 * x + self.calls % 2

    return Recorder()


def seen_by(record):
    return [len(record.fitted), *record.fitted], record.seen


def test_evaluate(answer, draw, worker):
    """evaluate: evaluation mode, transformed images
    evaluate：评估模式，变换后的图像"""
    for start in (True, False):
        ours, theirs = pair(draw, worker)
        for _ in range(2):  # statistics that are not those of the batch
            x, labels = batch_of(draw, 6)
            answer.train_step(ours, x, labels, worker.define(squared), 0.1)
            reference_step(theirs, x, labels, squared, 0.1)
        worker.define(set_mode)(ours, start)
        x, labels = 2 * draw.normal(200, 1, 2, 3, dtype=DOUBLE) + 1, draw.integers(0, 3, (200,))
        theirs.eval()
        expected = (theirs(3 * x - 1).argmax(dim=1) == labels).double().mean().item()
        record = worker.define(recorder)()
        found = answer.evaluate(ours, x, labels, record)
        assert_true(isinstance(found, float), "evaluate(...)", "the accuracy is not a Python float", "返回的准确率不是 Python 的 float")
        assert_same(found, expected, f"evaluate(...), the model was in {'training' if start else 'evaluation'} mode before")
        compare_states(worker, ours, theirs, "after evaluate")
        assert_same(worker.define(modes)(ours), [False] * 4, "training flags after evaluate")
        assert_same(worker.define(seen_by)(record), ([0], []), "what evaluate fits and augments")


def generator(draw, worker):
    return worker.torch.Generator().manual_seed(int(draw.integers(0, 10**6)))


@pytest.mark.after("test_train_step", "test_resolve")
def test_train_with_full_batches(answer, draw, worker):
    """train: one batch an epoch, exact steps
    train：每轮一个批次时的精确步骤"""
    for name, loss in (("cross-entropy", F.cross_entropy), ("squared", squared), (worker.define(squared), squared)):
        ours, theirs = pair(draw, worker)
        x, labels = batch_of(draw, 7)
        history = answer.train(ours, x, labels, worker.define(recorder)(), name, 3, 0.2, 7, generator(draw, worker))
        expected = [reference_step(theirs, 2 * x + epoch % 2, labels, loss, 0.2) for epoch in (1, 2, 3)]
        assert_same([float(value) for value in history], expected, "history of three epochs of one batch")
        compare_states(worker, ours, theirs, "after three epochs of one batch")


@pytest.mark.after("test_train_with_full_batches")
def test_train_in_batches(answer, draw, worker):
    """train: every row once an epoch, augmented
    train：每一轮每行一次，均经增强"""
    ours, _ = pair(draw, worker)
    x, labels = batch_of(draw, 22)
    record = worker.define(recorder)()
    seed = int(draw.integers(0, 10**6))
    answer.train(ours, x, labels, record, "squared", 2, 0.01, 4, worker.torch.Generator().manual_seed(seed))
    fitted, seen = worker.define(seen_by)(record)
    assert_same(fitted, [1, x], "how often the augmenter was fitted, and on what")
    assert_same([len(part) for part in seen], [4, 4, 4, 4, 4, 2] * 2, "sizes of the augmented batches in two epochs of 22 rows")
    orders = [torch.cat(seen[k : k + 6])[:, 0, 0, 0] for k in (0, 6)]
    for epoch, order in enumerate(orders):
        assert_same(order.sort().values, x[:, 0, 0, 0].sort().values, f"first pixels of all images of epoch {epoch}, sorted")
    for name, chinese, other in (
        ("the rows are not shuffled", "行没有打乱", x[:, 0, 0, 0]),
        ("both epochs have one order", "两轮的顺序相同", orders[1]),
    ):
        assert_true(bool((orders[0] != other).any()), "order of the rows", name, chinese)
    again = worker.define(recorder)()
    worker.seed(int(draw.integers(0, 10**6)))
    answer.train(pair(draw, worker)[0], x, labels, again, "squared", 2, 0.01, 4, worker.torch.Generator().manual_seed(seed))
    order = torch.cat(worker.define(seen_by)(again)[1])[:22, 0, 0, 0]
    assert_same(order, orders[0], "order of the rows with an equal generator")


@pytest.mark.after("test_train_in_batches")
def test_history(answer, draw, worker):
    """train: the mean loss of an epoch's batches
    train：一轮中各批次损失的平均"""
    ours, _ = pair(draw, worker)
    x, labels = batch_of(draw, 10)
    record = worker.define(recorder)()
    history = answer.train(ours, x, labels, record, worker.define(first_pixel), 2, 0.0, 4, generator(draw, worker))
    parts = worker.define(seen_by)(record)[1]
    # the labels do not enter, and nothing moves: the loss of a batch is known from its images
    ours_now = [float(value) for value in history]
    assert_same(len(ours_now), 2, "len(history)")
    expected = [sum(float(len(part)) for part in parts[k : k + 3]) / 3 for k in (0, 3)]
    assert_same(ours_now, expected, "history, when the loss of a batch is its number of rows")


def first_pixel(logits, labels):
    return logits.sum() * 0 + float(len(labels))


def small_network(seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10))


@pytest.mark.after("test_train_step", "test_evaluate", "test_resolve")
def test_digits(answer, draw, worker, device):
    """train: 85 % of unseen digits
    train：认出 85 % 的新数字"""
    x, labels, test_x, test_labels = digits(draw)
    model = worker.define(small_network)(int(draw.integers(0, 1000))).to(device)
    augmenter = answer.Augmenter()
    x, test_x = x.reshape(-1, 1, 8, 8), test_x.reshape(-1, 1, 8, 8)
    answer.train(model, x, labels, augmenter, "cross-entropy", 6, 0.2, 32, generator(draw, worker))
    assert_between(answer.evaluate(model, test_x, test_labels, augmenter), 0.85, 1.0, "accuracy on unseen digits")
