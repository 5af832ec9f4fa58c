"""The references are the state before and after, gradient steps on the head written out, a least-squares solver, and training from scratch."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from grader.compare import assert_between, assert_same, assert_true
from grader.data import digits

DOUBLE = torch.float64


def build(values):
    """head(body(x)) with batch norm and dropout in the body; values: a state dict."""

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            upper = nn.Sequential(nn.Dropout(0.5), nn.Linear(6, 5), nn.BatchNorm1d(5))
            self.body = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), upper)
            self.head = nn.Linear(5, 3)

        def forward(self, x):
            return self.head(self.body(x))

    model = Model().to(values["head.bias"].device, values["head.bias"].dtype)
    model.load_state_dict(values)
    return model


def fresh(draw, dtype=DOUBLE):
    shapes = {"head.weight": (3, 5), "head.bias": (3,), "body.0.weight": (6, 4), "body.0.bias": (6,)}
    shapes |= {"body.3.1.weight": (5, 6), "body.3.1.bias": (5,)}
    for place, size in (("body.1", 6), ("body.3.2", 5)):
        shapes |= {f"{place}.{part}": (size,) for part in ("weight", "bias", "running_mean", "running_var")}
    values = {name: draw.uniform(*shape, low=0.3, high=1.5, dtype=dtype) for name, shape in shapes.items()}
    return values | {f"{place}.num_batches_tracked": draw.integers(1, 50) for place in ("body.1", "body.3.2")}


def state(model):
    return {name: value.detach() for name, value in model.state_dict().items()}


def flags(model):
    return {name: parameter.requires_grad for name, parameter in model.named_parameters()}


def thaw(model, mode):
    model.train(mode)
    model.requires_grad_(True)


def compare_body(worker, model, values, when):
    found = worker.define(state)(model)
    for name, value in values.items():
        if name.startswith("body"):
            assert_same(found[name], value, f"{name} {when}")
    return found


def test_replace_head(answer, draw, worker):
    """replace_head: a fresh head, the same body
    replace_head：新的头部，原来的主体"""
    for dtype, classes in ((DOUBLE, 7), (torch.float32, 2)):
        values = fresh(draw, dtype)
        model = worker.define(build)(values)
        worker.seed(int(draw.integers(0, 10**6)))
        answer.replace_head(model, classes)
        found = compare_body(worker, model, values, "after replace_head")
        assert_same((tuple(found["head.weight"].shape), tuple(found["head.bias"].shape)), ((classes, 5), (classes,)), "shapes of the new head")
        assert_same((found["head.weight"].dtype, found["head.bias"].dtype), (dtype, dtype), "dtypes of the new head")
        bound = 5**-0.5
        largest = found["head.weight"].abs().max().item()
        assert_between(largest, 0.1 * bound, 1.0001 * bound, "largest weight of the new head")  # ten below a tenth: once in 10^10 runs
        assert_between(found["head.weight"].std().item(), 0.01, bound, "spread of the weights of the new head")
        trainable = worker.define(flags)(model)
        assert_same((trainable["head.weight"], trainable["head.bias"]), (True, True), "requires_grad of the new head")


def test_freeze_body(answer, draw, worker):
    """freeze_body: the body, and only the body
    freeze_body：只冻结主体"""
    model = worker.define(build)(fresh(draw))
    answer.freeze_body(model)
    expected = {name: name.startswith("head") for name in worker.define(flags)(model)}
    assert_same(worker.define(flags)(model), expected, "requires_grad after freeze_body")
    worker.define(freeze_all)(model)
    answer.freeze_body(model)
    assert_same(worker.define(flags)(model), expected, "requires_grad after freeze_body, when everything was frozen before")


def freeze_all(model):
    model.requires_grad_(False)


@pytest.mark.parametrize("mode", [True, False])
def test_features(answer, draw, worker, mode):
    """features: the body in evaluation mode
    features：评估模式下的主体"""
    values = fresh(draw)
    model, theirs = worker.define(build)(values), build(values).eval()
    worker.define(thaw)(model, mode)
    worker.seed(int(draw.integers(0, 10**6)))  # after every module is made: making one draws numbers too
    for n in (6, 1):
        x = draw.normal(n, 4, dtype=DOUBLE)
        assert_same(answer.features(model, x), theirs.body(x).detach(), f"features(model, x), batch of {n}")
    compare_body(worker, model, values, "after features")
    assert_same(worker.define(has_graph)(answer.features, model, x), False, "requires_grad of features(model, x)")
    assert_same(worker.define(body_modes)(model), [False] * 8, "training flags of the body after features")


def has_graph(features, model, x):
    return bool(features(model, x).requires_grad)


def body_modes(model):
    return [module.training for module in model.body.modules()]


def trained(fixed, labels, weight, bias, steps, learning_rate):
    """Gradient descent on a linear layer."""
    losses = []
    for _ in range(steps):
        w, b = weight.clone().requires_grad_(), bias.clone().requires_grad_()
        loss = F.cross_entropy(fixed @ w.T + b, labels)
        loss.backward()
        weight, bias = weight - learning_rate * w.grad, bias - learning_rate * b.grad
        losses.append(loss.item())
    return weight, bias, losses


@pytest.mark.after("test_replace_head", "test_freeze_body", "test_features")
@pytest.mark.parametrize("mode", [True, False])
def test_transfer(answer, draw, worker, mode):
    """transfer: the new head learns, nothing else moves
    transfer：新的头部在学，其余不动"""
    values, x, labels = fresh(draw), draw.normal(9, 4, dtype=DOUBLE), draw.integers(0, 4, (9,))
    fixed, seed = build(values).eval().body(x).detach(), int(draw.integers(0, 10**6))
    starts = []
    for steps in (0, 3):
        model = worker.define(build)(values)
        worker.define(thaw)(model, mode)
        worker.seed(seed)
        losses = answer.transfer(model, x, labels, 4, steps, 0.7)
        found = compare_body(worker, model, values, f"after transfer with {steps} steps")
        starts.append((found["head.weight"], found["head.bias"]))
        assert_same(len(losses), steps, f"number of losses after {steps} steps")
    weight, bias, expected = trained(fixed, labels, *starts[0], 3, 0.7)
    assert_same([float(loss) for loss in losses], expected, "losses of three steps")
    assert_same(starts[1], (weight, bias), "weight and bias of the head after three steps")
    trainable = worker.define(flags)(model)
    assert_same(trainable, {name: name.startswith("head") for name in trainable}, "requires_grad after transfer")


@pytest.mark.parametrize(("n", "size", "classes"), [(12, 4, 3), (6, 9, 4), (20, 5, 2)])
@pytest.mark.parametrize("ridge", [0.01, 3.0])
def test_linear_probe(answer, draw, n, size, classes, ridge):
    """linear_probe: least squares, unpenalised bias
    linear_probe：最小二乘，偏置不受惩罚"""
    inputs = draw.normal(n, size, dtype=DOUBLE) + draw.normal(size, dtype=DOUBLE)
    present = max(classes - 1, 2)  # the last class may have no sample yet
    labels = torch.cat([torch.arange(present), draw.integers(0, present, (n - present,))])
    # the penalty as `size` further samples: root of ridge times a unit vector, target 0, and no bias
    rows = torch.cat([inputs, ridge**0.5 * torch.eye(size, dtype=DOUBLE)])
    rows = torch.cat([rows, torch.cat([torch.ones(n, dtype=DOUBLE), torch.zeros(size, dtype=DOUBLE)])[:, None]], dim=1)
    targets = torch.cat([torch.eye(classes, dtype=DOUBLE)[labels], torch.zeros(size, classes, dtype=DOUBLE)])
    solution = torch.linalg.lstsq(rows, targets).solution
    found = answer.linear_probe(inputs, labels, classes, ridge)
    expected = solution[:-1].T, solution[-1]
    assert_same(tuple(found), expected, f"linear_probe of {n} samples, {size} features, ridge={ridge}", rtol=1e-7, atol=1e-8)  # two solvers
    single = answer.linear_probe(inputs.float(), labels, classes, 3.0)
    assert_same((single[0].dtype, single[1].dtype), (torch.float32, torch.float32), "dtypes for float32 features")


def network(seed):
    """64 pixels, two hidden layers with batch norm, ten classes."""
    torch.manual_seed(seed)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU())
            self.head = nn.Linear(32, 10)

        def forward(self, x):
            return self.head(self.body(x))

    return Model()


def descend(model, x, labels, epochs, batch, learning_rate):
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).to(x.device).split(batch):
            model.train()
            model.zero_grad()
            F.cross_entropy(model(x[rows]), labels[rows]).backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.sub_(learning_rate * parameter.grad)


@pytest.mark.after("test_transfer")
def test_digits(answer, draw, worker, device):
    """transfer: beats training from scratch
    transfer：胜过从头训练"""
    x, labels, test_x, test_labels = digits(draw)
    rows = torch.cat([torch.nonzero(labels == digit)[:2, 0] for digit in range(10)])
    rest = torch.ones(len(x), dtype=torch.bool)
    rest[rows] = False
    seed = int(draw.integers(0, 10**6))
    model = worker.define(network)(seed).to(device)
    worker.define(descend)(model, x[rest], labels[rest], 5, 32, 0.1)
    # the new task: the same digits are called 9, 8, ..., 0, and there are two labels of each
    answer.transfer(model, x[rows], 9 - labels[rows], 10, 50, 0.5)
    worker.define(evaluation)(model)
    right = (model(test_x).argmax(dim=1) == 9 - test_labels).double().mean().item()
    scratch = network(seed)
    descend(scratch, x[rows], 9 - labels[rows], 50, 20, 0.5)
    theirs = (scratch.eval()(test_x).argmax(dim=1) == 9 - test_labels).double().mean().item()
    assert_true(right > theirs, "accuracy", f"{right:.3f}, from scratch {theirs:.3f}", f"{right:.3f}，从头训练为 {theirs:.3f}")
    assert_between(right, 0.85, 1.0, "accuracy on unseen digits after transfer")  # 0.94 to 0.99 in dozens of runs; from scratch 0.6 to 0.8


def evaluation(model):
    model.eval()
