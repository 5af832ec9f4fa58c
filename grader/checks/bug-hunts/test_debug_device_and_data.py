"""The references are the same network and steps written out in torch; devices are told apart by torch's meta device, which every machine has."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from grader.compare import assert_between, assert_same, assert_true
from grader.data import digits

DOUBLE = torch.float64
NAMES = ["first.bias", "first.weight", "mean", "second.bias", "second.weight", "std"]


def state(model):
    return {name: value.detach() for name, value in model.state_dict().items()}


def trainable(model):
    return sorted(name for name, _ in model.named_parameters())


def pair(answer, draw, device, features=4, hidden=5, classes=3):
    """The learner's network in float64 and its state."""
    mean, std = draw.normal(features, dtype=DOUBLE), draw.uniform(features, low=0.5, high=3.0, dtype=DOUBLE)
    shapes = {"first.weight": (hidden, features), "first.bias": (hidden,), "second.weight": (classes, hidden), "second.bias": (classes,)}
    values = {name: draw.normal(*shape, dtype=DOUBLE) for name, shape in shapes.items()} | {"mean": mean, "std": std}
    model = answer.Net(mean.float(), std.float(), hidden, classes).to(device).double()
    model.load_state_dict(values)
    return model, values


def logits_of(values, x):
    hidden = torch.relu((x - values["mean"]) / values["std"] @ values["first.weight"].T + values["first.bias"])
    return hidden @ values["second.weight"].T + values["second.bias"]


def stepped(values, x, labels, learning_rate):
    """One step of gradient descent."""
    leaves = {name: value.clone().requires_grad_(name not in {"mean", "std"}) for name, value in values.items()}
    F.cross_entropy(logits_of(leaves, x), labels).backward()
    return {name: value if value.grad is None else value.detach() - learning_rate * value.grad for name, value in leaves.items()}


def batch_of(draw, n, features=4, classes=3):
    return draw.normal(n, features, dtype=DOUBLE), draw.integers(0, classes, (n,))


def test_state(answer, draw, worker, device):
    """Net: state and parameters
    Net：状态与参数"""
    mean, std = draw.normal(6), draw.uniform(6, low=0.5, high=2.0)
    worker.seed(int(draw.integers(0, 1000)))
    model = answer.Net(mean, std, 5, 3).to(device)
    found = worker.define(state)(model)
    assert_same(sorted(found), NAMES, "names in Net(mean, std, 5, 3).state_dict()")
    assert_same({name: tuple(value.shape) for name, value in found.items() if "." in name},
                {"first.bias": (5,), "first.weight": (5, 6), "second.bias": (3,), "second.weight": (3, 5)}, "shapes")  # fmt: skip
    assert_same((found["mean"], found["std"]), (mean, std), "mean and std in the state_dict")
    assert_same(worker.define(trainable)(model), [name for name in NAMES if "." in name], "names of the parameters")


@pytest.mark.after("test_state")
def test_logits(answer, draw, device):
    """Net: logits, no softmax
    Net：输出 logits，不做 softmax"""
    model, values = pair(answer, draw, device)
    for n in (6, 1):
        x, _ = batch_of(draw, n)
        assert_same(model(x), logits_of(values, x), f"net(x), batch of {n}")


def devices_of_net(net, predict, train_step):
    """Everything on the meta device, where tensors have no values; what cannot be mixed raises."""
    mean, std = torch.zeros(4), torch.ones(4)
    model = net(mean, std, 5, 3).to("meta")
    found = [model(torch.ones(2, 4, device="meta")).device.type]
    found.append(predict(model, torch.ones(2, 4)).device.type)
    train_step(model, torch.ones(2, 4), torch.zeros(2, dtype=torch.int64), 0.1)
    train_step(model, torch.ones(2, 4, device="meta"), torch.zeros(2, dtype=torch.int64), 0.1)
    return [*found, *(value.device.type for value in [*model.parameters(), *model.buffers()])]


def linear(weight):
    model = nn.Sequential(nn.Linear(*weight.T.shape, bias=False), nn.BatchNorm1d(weight.shape[0], affine=False)).to(weight.device, weight.dtype)
    model[0].weight.data = weight.clone()
    return model


def modes(model):
    return [module.training for module in model.modules()]


@pytest.mark.after("test_logits")
@pytest.mark.parametrize("shape", [(6, 4), (3, 3), (1, 5), (7, 2)], ids=str)
def test_predict(answer, draw, worker, shape):
    """predict: the largest logit of each row
    predict：每行最大的 logit"""
    n, classes = shape
    weight, x = draw.normal(classes, 4, dtype=DOUBLE), draw.normal(n, 4, dtype=DOUBLE)
    model = worker.define(linear)(weight)
    assert_same(answer.predict(model, x), (x @ weight.T).argmax(dim=1), f"predict(model, x), {n} rows, {classes} classes")
    assert_same(worker.define(modes)(model), [False] * 3, "training flags after predict")


@pytest.mark.after("test_predict")
def test_accuracy(answer, draw, worker):
    """accuracy: of all samples, batches of any size
    accuracy：全部样本，批次大小任意"""
    weight = draw.normal(3, 4, dtype=DOUBLE)
    model = worker.define(linear)(weight)
    for n, batch in ((11, 4), (8, 4), (5, 9), (10, 3)):
        x = draw.normal(n, 4, dtype=DOUBLE)
        right = torch.arange(n) % 5 != 0
        right[-1] = False  # the last batch is worse than the others
        best = (x @ weight.T).argmax(dim=1)
        labels = torch.where(right, best, (best + 1) % 3)
        loader = answer.Loader((x, labels), batch)
        found = answer.accuracy(model, loader)
        assert_true(isinstance(found, float), "accuracy(model, loader)", "not a Python float", "不是 Python 的 float")
        assert_same(found, right.double().mean().item(), f"accuracy of {n} samples in batches of {batch}")


@pytest.mark.after("test_logits")
def test_train_step(answer, draw, worker, device):
    """train_step: plain gradient descent
    train_step：普通的梯度下降"""
    model, values = pair(answer, draw, device)
    for step in (1, 2, 3):
        x, labels = batch_of(draw, 6)
        answer.train_step(model, x, labels, 0.3)
        values = stepped(values, x, labels, 0.3)
        found = worker.define(state)(model)
        for name in NAMES:
            assert_same(found[name], values[name], f"{name} after step {step}")
    answer.predict(model, x)
    answer.train_step(model, x, labels, 0.3)
    assert_same(worker.define(modes)(model), [True] * 3, "training flags after train_step")


@pytest.mark.after("test_predict", "test_train_step")
def test_devices(answer, worker):
    """Every tensor on the model's device
    所有张量都在模型所在的设备上"""
    found = worker.define(devices_of_net)(answer.Net, answer.predict, answer.train_step)
    assert_same(found, ["meta"] * 8, "devices of logits, predictions, four parameters and two buffers of a model on the meta device")


def generator(draw, worker):
    return worker.torch.Generator().manual_seed(int(draw.integers(0, 10**6)))


@pytest.mark.after("test_accuracy", "test_train_step")
def test_fit_with_full_batches(answer, draw, worker, device):
    """fit: exact steps, accuracy on the test set
    fit：精确的步骤，测试集上的准确率"""
    model, values = pair(answer, draw, device)
    train, test = batch_of(draw, 7), batch_of(draw, 101)
    expected = []
    for _ in range(3):
        values = stepped(values, *train, 0.5)
        expected.append((logits_of(values, test[0]).argmax(dim=1) == test[1]).double().mean().item())
    history = answer.fit(model, train, test, 3, 0.5, 200, generator(draw, worker))
    found = worker.define(state)(model)
    for name in NAMES:
        assert_same(found[name], values[name], f"{name} after three epochs of one batch")
    assert_same([float(value) for value in history], expected, "accuracy on the test set after each epoch")


def recorder(device):
    class Recorder(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(1, 2).to(device)
            self.seen = []

        def forward(self, x):
            if self.training:
                self.seen.append(x.clone())
            return self.layer(x)

    return Recorder()


def seen_by(model):
    return model.seen


@pytest.mark.after("test_fit_with_full_batches")
def test_fit_in_batches(answer, draw, worker, device):
    """fit: every training row once an epoch
    fit：每一轮每行训练一次"""
    model = worker.define(recorder)(str(device))
    x, labels = torch.arange(22.0)[:, None], draw.integers(0, 2, (22,))
    history = answer.fit(model, (x, labels), (100 + x, labels), 2, 0.001, 4, generator(draw, worker))
    assert_same(len(history), 2, "len(history)")
    seen = worker.define(seen_by)(model)
    assert_same([len(part) for part in seen], [4, 4, 4, 4, 4, 2] * 2, "sizes of the batches in two epochs of 22 rows")
    orders = [torch.cat(seen[k : k + 6])[:, 0] for k in (0, 6)]
    for epoch, order in enumerate(orders):
        assert_same(order.sort().values, x[:, 0], f"rows of epoch {epoch}, sorted")
    assert_true(bool((orders[0] != orders[1]).any()), "order of the rows", "both epochs have one order", "两轮的顺序相同")


@pytest.mark.after("test_train_step", "test_accuracy")
def test_digits(answer, draw, worker, device):
    """fit: 85 % of unseen digits
    fit：认出 85 % 的新数字"""
    x, labels, test_x, test_labels = digits(draw)
    worker.seed(int(draw.integers(0, 1000)))
    model = answer.Net(x.mean(dim=0), x.std(dim=0) + 0.1, 32, 10).to(device)
    history = answer.fit(model, (x, labels), (test_x, test_labels), 5, 0.2, 32, generator(draw, worker))
    assert_between(history[-1], 0.85, 1.0, "accuracy on unseen digits after 5 epochs")
