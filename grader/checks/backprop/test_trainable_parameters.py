"""The reference is a real step of gradient descent with weight decay on a model of the same kind: what differs afterwards was trained."""

import pytest
import torch

from grader.compare import assert_same


# ── models, built alike here and in the learner's process ────────────────────────────────────────
def plain(torch, x):
    nn = torch.nn

    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2, bias=False)).to(x.device)


def first_layer_frozen(torch, x):
    nn = torch.nn

    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2))
    model[0].requires_grad_(False)
    model[4].bias.requires_grad_(False)
    return model.to(x.device)


def middle_layer_frozen(torch, x):
    nn = torch.nn

    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2))
    model[2].requires_grad_(False)
    return model.to(x.device)


def with_buffers(torch, x):
    nn = torch.nn

    return nn.Sequential(nn.BatchNorm1d(3, affine=False), nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2)).to(x.device)


def norm_in_eval(torch, x):
    nn = torch.nn

    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2))
    model[1].eval()
    model[3].eval()
    return model.to(x.device)


def tied(torch, x):
    nn = torch.nn

    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3, bias=False))
    model[2].weight = model[0].weight
    model[4].weight = model[0].weight
    return model.to(x.device)


def tied_and_frozen(torch, x):
    nn = torch.nn

    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3))
    model[2].weight = model[0].weight
    model[0].weight.requires_grad_(False)
    return model.to(x.device)


def unused_layer(torch, x):
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.used = nn.Linear(3, 2)
            self.left_over = nn.Linear(3, 2)
            self.free = nn.Parameter(self.used.weight.detach().clone())
            self.register_buffer("scale", self.used.bias.detach().clone())

        def forward(self, x):
            return self.used(x) * self.scale

    return Model().to(x.device)


def cut_graph(torch, x):
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = nn.Linear(3, 4)
            self.statistics = nn.Linear(4, 1)
            self.head = nn.Linear(4, 2)

        def forward(self, x):
            features = self.backbone(x).detach()
            with torch.no_grad():
                scale = self.statistics(features).exp()
            return self.head(features * scale)

    return Model().to(x.device)


def only_in_training(torch, x):
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.main = nn.Linear(3, 2)
            self.side = nn.Linear(3, 2)
            self.late = nn.Linear(3, 2)

        def forward(self, x):
            return self.main(x) + (self.side(x) if self.training else self.late(x))

    return Model().to(x.device)


def only_in_training_evaluated(torch, x):
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.main = nn.Linear(3, 2)
            self.side = nn.Linear(3, 2)
            self.late = nn.Linear(3, 2)

        def forward(self, x):
            return self.main(x) + (self.side(x) if self.training else self.late(x))

    return Model().to(x.device).eval()


def zero_gradients(torch, x):
    nn = torch.nn

    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    with torch.no_grad():
        model[0].bias.fill_(-1e6)
    return model.to(x.device)


def all_frozen(torch, x):
    nn = torch.nn

    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)).requires_grad_(False).to(x.device)


def no_parameters(torch, x):
    nn = torch.nn

    return nn.Sequential(nn.Flatten(), nn.BatchNorm1d(3, affine=False)).to(x.device)


# ── the reference ────────────────────────────────────────────────────────────────────────────────
def trained(model, x):
    """Names of the parameters that a step of SGD with weight decay changes."""
    loss = model(x).sum()
    if loss.requires_grad:
        loss.backward()
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    with torch.no_grad():  # a step of torch.optim.SGD(parameters, lr=0.5, weight_decay=0.5), which passes by what has no grad
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.sub_(0.5 * (parameter.grad + 0.5 * parameter))
    return [name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])]


def fates(model, x):
    names = [name for name, _ in model.named_parameters()]
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    changed = set(trained(model, x))
    expected = {name: "trained" if name in changed else "frozen" if name in frozen else "unreached" for name in names}
    expected |= {name: "tied" for name, _ in model.named_parameters(remove_duplicate=False) if name not in expected}
    return expected | {name: "buffer" for name, _ in model.named_buffers()}


def size(model, x):
    changed, every = set(trained(model, x)), dict(model.named_parameters())
    return sum(every[name].numel() for name in changed), sum(parameter.numel() for parameter in every.values())


def make(draw, worker, build, x):
    """Such a model in the learner's process."""
    worker.seed(int(draw.integers(0, 2**31)))
    return worker.define(build)(worker.torch, x)


def compare(answer, draw, worker, build):
    """trainable and explain, on fresh models of one kind."""
    x, what = draw.normal(5, 3), build.__name__.replace("_", " ")
    assert_same(answer.trainable(make(draw, worker, build, x), x), trained(build(torch, x), x), f"trainable(model, x), {what}")
    assert_same(answer.explain(make(draw, worker, build, x), x), fates(build(torch, x), x), f"explain(model, x), {what}")


def test_plain(answer, draw, worker):
    """A plain network
    普通网络"""
    compare(answer, draw, worker, plain)


@pytest.mark.after("test_plain")
@pytest.mark.parametrize("build", [first_layer_frozen, middle_layer_frozen], ids=lambda build: build.__name__)
def test_frozen(answer, draw, worker, build):
    """Frozen parameters
    冻结的参数"""
    compare(answer, draw, worker, build)


@pytest.mark.after("test_plain")
def test_buffers(answer, draw, worker):
    """Buffers are no parameters
    缓冲区不是参数"""
    compare(answer, draw, worker, with_buffers)


@pytest.mark.after("test_plain")
@pytest.mark.parametrize("build", [unused_layer, cut_graph], ids=lambda build: build.__name__)
def test_unreached(answer, draw, worker, build):
    """Parameters outside the graph
    计算图之外的参数"""
    compare(answer, draw, worker, build)


@pytest.mark.after("test_plain")
@pytest.mark.parametrize("build", [norm_in_eval, only_in_training, only_in_training_evaluated], ids=lambda build: build.__name__)
def test_modes(answer, draw, worker, build):
    """Evaluation mode freezes nothing, and modes are kept
    评估模式不冻结任何参数；沿用原有模式"""
    compare(answer, draw, worker, build)


@pytest.mark.after("test_frozen")
@pytest.mark.parametrize("build", [tied, tied_and_frozen], ids=lambda build: build.__name__)
def test_tied(answer, draw, worker, build):
    """Tied weights
    共享的权重"""
    compare(answer, draw, worker, build)


@pytest.mark.after("test_plain")
def test_zero_gradient(answer, draw, worker):
    """A gradient of zeros is one
    全零的梯度也是梯度"""
    compare(answer, draw, worker, zero_gradients)


@pytest.mark.after("test_frozen")
@pytest.mark.parametrize("build", [all_frozen, no_parameters], ids=lambda build: build.__name__)
def test_nothing_to_train(answer, draw, worker, build):
    """Nothing to train
    没有可训练的参数"""
    compare(answer, draw, worker, build)


@pytest.mark.after("test_frozen", "test_unreached")
def test_gradients_from_earlier(answer, draw, worker):
    """Gradients from earlier play no part
    以前留下的梯度不起作用"""
    x = draw.normal(5, 3)
    model = make(draw, worker, unused_layer, x)
    worker.define(stale)(model)
    assert_same(answer.trainable(model, x), ["used.weight", "used.bias"], "trainable(model, x), every parameter with a grad from before")


def stale(model):
    for parameter in model.parameters():
        parameter.grad = parameter.detach().clone()


def state(model):
    """All that may not change: tensors, gradients and modes."""
    tensors = {name: value.detach().clone() for name, value in model.state_dict().items()}
    gradients = {name: None if parameter.grad is None else parameter.grad.clone() for name, parameter in model.named_parameters()}
    return tensors, gradients, {name: module.training for name, module in model.named_modules()}


@pytest.mark.after("test_buffers", "test_modes")
@pytest.mark.parametrize("function", ["explain", "trainable", "count"])
def test_model_unchanged(answer, draw, worker, function):
    """The model stays as it was
    模型保持原样"""
    x, look = draw.normal(5, 3), worker.define(state)
    for build in (with_buffers, norm_in_eval, only_in_training_evaluated):
        model = make(draw, worker, build, x)
        if build is norm_in_eval:
            worker.define(stale)(model)
        before = look(model)
        getattr(answer, function)(model, x)
        for part, name in enumerate(("state_dict", "gradients", "modes")):
            assert_same(look(model)[part], before[part], f"{name} after {function}(model, x)")


def without_gradients(torch, explain, model, x):
    with torch.no_grad():
        return explain(model, x)


@pytest.mark.after("test_unreached")
def test_under_no_grad(answer, draw, worker):
    """Asked under torch.no_grad()
    在 torch.no_grad() 下调用"""
    x = draw.normal(5, 3)
    found = worker.define(without_gradients)(worker.torch, answer.explain, make(draw, worker, cut_graph, x), x)
    assert_same(found, fates(cut_graph(torch, x), x), "explain(model, x) under torch.no_grad(), cut graph")


@pytest.mark.after("test_tied", "test_buffers", "test_unreached")
def test_count(answer, draw, worker):
    """How many numbers are trained
    有多少个数会被训练"""
    for build in (plain, first_layer_frozen, with_buffers, tied, tied_and_frozen, unused_layer, all_frozen, no_parameters):
        x = draw.normal(5, 3)
        assert_same(answer.count(make(draw, worker, build, x), x), size(build(torch, x), x), f"count(model, x), {build.__name__.replace('_', ' ')}")
