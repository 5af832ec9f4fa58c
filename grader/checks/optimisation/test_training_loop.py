"""The reference is the canonical loop with torch.optim.SGD, from the same weights and with the same shuffles."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same

WEIGHTS = {"0.weight": (6, 4), "0.bias": (6,), "1.weight": (6,), "1.bias": (6,), "3.weight": (3, 6), "3.bias": (3,)}


def job(torch, tools, weights, data, seed, batch_size, epochs, plan):
    """Run fit (epochs > 0), train_epoch (0) or evaluate (< 0) on a fresh model; what it returns, the model's state, and what each forward saw."""
    evaluate, train_epoch, fit = tools
    nn, log = torch.nn, []

    class Probe(nn.Module):
        def forward(self, x):
            log.append((len(x), x.flatten()[0].item(), self.training, torch.is_grad_enabled()))
            return x

    class Scheduler:
        def __init__(self, optimiser):
            self.optimiser = optimiser

        def step(self):
            log.append("scheduler")
            self.optimiser.param_groups[0]["lr"] *= 0.5

    x, y, valid_x, valid_y = data
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 3)).to(x.device, x.dtype)
    model.load_state_dict(weights, strict=False)
    model.insert(0, Probe())
    optimiser = torch.optim.SGD(model.parameters(), lr=0.25, momentum=0.5)
    generator = torch.Generator().manual_seed(seed)
    if plan == "stale":
        for parameter in model.parameters():
            parameter.grad = torch.ones_like(parameter)
    if plan == "eval":
        model.eval()
    if epochs < 0:
        result = evaluate(model, x, y, batch_size)
    elif epochs == 0:
        result = train_epoch(model, optimiser, x, y, batch_size, generator)
    else:
        scheduler = Scheduler(optimiser) if plan == "scheduler" else None
        result = fit(model, optimiser, (x, y), (valid_x, valid_y), epochs, batch_size, generator, scheduler)
    return result, {name: value.clone() for name, value in model.state_dict().items()}, log, model.training


def right_evaluate(model, x, y, batch_size):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        parts = [model(part) for part in x.split(batch_size)]
    model.train(was_training)
    logits = torch.cat(parts)
    return F.cross_entropy(logits, y).item(), (logits.argmax(dim=1) == y).double().mean().item()


def right_train_epoch(model, optimiser, x, y, batch_size, generator):
    model.train()
    order, losses = torch.randperm(len(x), generator=generator), []
    for begin in range(0, len(x), batch_size):
        batch = order[begin : begin + batch_size]
        optimiser.zero_grad()
        each = F.cross_entropy(model(x[batch]), y[batch], reduction="none")
        each.mean().backward()
        optimiser.step()
        losses.append(each.detach())
    return torch.cat(losses).mean().item()


def right_fit(model, optimiser, train, valid, epochs, batch_size, generator, scheduler):
    history = []
    for _ in range(epochs):
        row = {"lr": optimiser.param_groups[0]["lr"], "loss": right_train_epoch(model, optimiser, *train, batch_size, generator)}
        row["valid_loss"], row["valid_accuracy"] = right_evaluate(model, *valid, batch_size)
        history.append(row)
        if scheduler is not None:
            scheduler.step()
    return history


def outcomes(answer, draw, worker, size, batch_size, epochs, plan="", valid_size=7):
    """The job by the learner's functions and by the reference's."""
    weights = {name: draw.normal(*shape, dtype=torch.float64) for name, shape in WEIGHTS.items()}
    x, valid_x = (2 * draw.normal(n, 4, dtype=torch.float64) + 1 for n in (size, valid_size))
    y, valid_y = draw.integers(0, 3, (size,)), draw.integers(0, 3, (valid_size,))
    inputs = weights, (x, y, valid_x, valid_y), int(draw.integers(0, 1000)), batch_size, epochs, plan
    tools = [answer.evaluate, answer.train_epoch, answer.fit]
    return worker.define(job)(worker.torch, tools, *inputs), job(torch, [right_evaluate, right_train_epoch, right_fit], *inputs)


def compare_state(actual, expected, what):
    for name, value in expected.items():
        assert_same(actual[name], value, f"{name} {what}")


@pytest.mark.parametrize(("size", "batch_size"), [(12, 4), (5, 5), (3, 8)])
def test_evaluate(answer, draw, worker, size, batch_size):
    """evaluate: loss and accuracy
    evaluate：损失与准确率"""
    yours, right = outcomes(answer, draw, worker, size, batch_size, -1)
    assert_same(yours[0], right[0], f"evaluate(model, x, y, {batch_size}), {size} samples")


@pytest.mark.after("test_evaluate")
@pytest.mark.parametrize(("size", "batch_size"), [(10, 4), (7, 6)])
def test_evaluate_short_batch(answer, draw, worker, size, batch_size):
    """evaluate: every sample counts once
    evaluate：每个样本只计一次"""
    yours, right = outcomes(answer, draw, worker, size, batch_size, -1)
    assert_same(yours[0], right[0], f"evaluate(model, x, y, {batch_size}), {size} samples")
    assert_same([seen[0] for seen in yours[2]], [seen[0] for seen in right[2]], "batch sizes that the model saw")


@pytest.mark.after("test_evaluate")
def test_evaluate_leaves_no_trace(answer, draw, worker):
    """evaluate: no gradients, and the mode is restored
    evaluate：不记录梯度，并恢复模式"""
    for plan in ("", "eval"):
        yours, right = outcomes(answer, draw, worker, 8, 4, -1, plan)
        assert_same([seen[3] for seen in yours[2]], [False, False], "torch.is_grad_enabled() within the model, in evaluate")
        assert_same(yours[3], right[3], f"model.training after evaluate, {not plan} before")
        compare_state(yours[1], right[1], "after evaluate")


@pytest.mark.parametrize(("size", "batch_size"), [(12, 4), (6, 6), (4, 9)])
def test_train_epoch(answer, draw, worker, size, batch_size):
    """train_epoch: the weights after one epoch
    train_epoch：一轮之后的权重"""
    yours, right = outcomes(answer, draw, worker, size, batch_size, 0)
    assert_same([list(seen[:2]) for seen in yours[2]], [list(seen[:2]) for seen in right[2]], "size and first entry of each batch")
    compare_state(yours[1], right[1], f"after train_epoch, {size} samples, batch_size={batch_size}")


@pytest.mark.after("test_train_epoch")
@pytest.mark.parametrize(("size", "batch_size"), [(10, 4), (11, 8)])
def test_train_short_batch(answer, draw, worker, size, batch_size):
    """train_epoch: the last, shorter batch
    train_epoch：较短的最后一个批次"""
    yours, right = outcomes(answer, draw, worker, size, batch_size, 0)
    assert_same([seen[0] for seen in yours[2]], [seen[0] for seen in right[2]], "batch sizes that the model saw")
    compare_state(yours[1], right[1], f"after train_epoch, {size} samples, batch_size={batch_size}")


@pytest.mark.after("test_train_short_batch")
def test_train_loss(answer, draw, worker):
    """train_epoch: the mean loss
    train_epoch：平均损失"""
    for size, batch_size in ((8, 4), (10, 4)):
        yours, right = outcomes(answer, draw, worker, size, batch_size, 0)
        assert_same(yours[0], right[0], f"what train_epoch returns, {size} samples, batch_size={batch_size}")


@pytest.mark.after("test_train_epoch")
def test_train_begins_clean(answer, draw, worker):
    """train_epoch: old gradients and evaluation mode
    train_epoch：旧梯度与评估模式"""
    for plan, what in (("stale", "with gradients from before"), ("eval", "a model in evaluation mode")):
        yours, right = outcomes(answer, draw, worker, 8, 4, 0, plan)
        compare_state(yours[1], right[1], f"after train_epoch, {what}")
        assert_same(yours[3], True, f"model.training after train_epoch, {what}")


@pytest.mark.after("test_train_begins_clean", "test_train_short_batch", "test_evaluate_leaves_no_trace")
def test_fit_weights(answer, draw, worker):
    """fit: the weights after three epochs
    fit：三轮之后的权重"""
    yours, right = outcomes(answer, draw, worker, 10, 4, 3)
    assert_same([seen[2] for seen in yours[2]], [seen[2] for seen in right[2]], "model.training in each forward pass")
    compare_state(yours[1], right[1], "after fit, 3 epochs")


@pytest.mark.after("test_fit_weights", "test_train_loss", "test_evaluate_short_batch")
def test_fit_history(answer, draw, worker):
    """fit: the history
    fit：训练历史"""
    yours, right = outcomes(answer, draw, worker, 10, 4, 3, valid_size=9)
    assert_same(yours[0], right[0], "fit(…)")
    yours, right = outcomes(answer, draw, worker, 6, 3, 1, valid_size=4)
    assert_same(yours[0], right[0], "fit(…), one epoch")


@pytest.mark.after("test_fit_history")
def test_fit_scheduler(answer, draw, worker):
    """fit: one step of the scheduler per epoch
    fit：调度器每轮走一步"""
    yours, right = outcomes(answer, draw, worker, 10, 4, 3, "scheduler")
    calls = [[event == "scheduler" for event in log] for log in (yours[2], right[2])]
    assert_same(sum(calls[0]), 3, "calls of scheduler.step() in 3 epochs")
    assert_same(yours[0], right[0], "fit(…, scheduler)")
    compare_state(yours[1], right[1], "after fit with a scheduler, 3 epochs")
