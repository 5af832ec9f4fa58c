"""The references are F.softmax and F.cross_entropy row by row, and propagation as a loop that runs until nothing moves."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from grader.compare import assert_same, assert_same_gradient

F64 = torch.float64


def confident(draw, n, classes, dtype=F64):
    """Logits of which some rows are sure and others are not; no probability is so near to 0.6 or 0.95 that rounding could decide."""
    logits = draw.normal(n, classes, dtype=dtype) * torch.linspace(0.2, 6, n, dtype=dtype)[draw.permutation(n)][:, None]
    for _ in range(20):
        largest = F.softmax(logits, dim=1).amax(dim=1, keepdim=True)
        logits = torch.where(((largest - 0.6).abs() < 1e-3) | ((largest - 0.95).abs() < 1e-3), 1.03 * logits, logits)
    return logits


def reference_pseudo(logits, threshold):
    probabilities = F.softmax(logits.detach(), dim=1)
    return probabilities.argmax(dim=1), probabilities.amax(dim=1) >= threshold


@pytest.mark.parametrize("dtype", [F64, torch.float32], ids=str)
@pytest.mark.parametrize("threshold", [0.95, 0.6])
def test_pseudo_labels(answer, draw, threshold, dtype):
    """pseudo_labels: class and confidence
    pseudo_labels：类别与置信"""
    logits = confident(draw, 40, 4, dtype)
    expected = reference_pseudo(logits, threshold)
    assert_same(answer.pseudo_labels(logits, threshold), expected, f"pseudo_labels(logits, {threshold})")
    assert_same(answer.pseudo_labels(logits[:0], threshold), (expected[0][:0], expected[1][:0]), "pseudo_labels of no rows")


@pytest.mark.after("test_pseudo_labels")
def test_at_the_threshold(answer):
    """pseudo_labels: exactly the threshold is sure
    pseudo_labels：恰为阈值也算可信"""
    logits = torch.tensor([[0.0, 0.0], [3.0, 0.0]], dtype=F64)  # probabilities 1/2 and 0.95
    expected = torch.tensor([True, True])
    assert_same(answer.pseudo_labels(logits, 0.5)[1], expected, "sure, threshold 0.5, probabilities 0.5 and 0.95")


def reference_fixmatch(logits, labels, weak, strong, *, threshold=0.95, weight=1.0):
    targets, sure = reference_pseudo(weak, threshold)
    total = sum((F.cross_entropy(strong[i : i + 1], targets[i : i + 1]) for i in range(len(weak)) if sure[i]), 0 * strong.sum())
    return F.cross_entropy(logits, labels) + weight * total / len(weak)


def batches(draw, dtype=F64):
    return 2 * draw.normal(5, 4, dtype=dtype), draw.integers(0, 4, (5,)), confident(draw, 9, 4, dtype), 2 * draw.normal(9, 4, dtype=dtype)


@pytest.mark.after("test_pseudo_labels")
@pytest.mark.parametrize("settings", [{}, {"threshold": 0.6, "weight": 2.5}, {"threshold": 1.1}], ids=["default", "other", "none sure"])
def test_fixmatch_loss(answer, draw, settings):
    """fixmatch_loss: divided by the batch
    fixmatch_loss：除以批次大小"""
    for dtype in (F64, torch.float32):
        inputs = batches(draw, dtype)
        assert_same(answer.fixmatch_loss(*inputs, **settings), reference_fixmatch(*inputs, **settings), f"fixmatch_loss(..., {settings})")


@pytest.mark.after("test_fixmatch_loss")
def test_fixmatch_gradient(answer, draw, worker):
    """fixmatch_loss: gradients, none for the weak view
    fixmatch_loss：梯度，弱增强视图没有"""
    settings = {"threshold": 0.6, "weight": 2.5}
    what = "gradient of logits, weak_logits, strong_logits"
    assert_same_gradient(answer.fixmatch_loss, reference_fixmatch, batches(draw), (0, 2, 3), what, worker=worker, **settings)


def test_update_teacher(answer, draw, worker, device):
    """update_teacher: an average at first, then exponential
    update_teacher：先算术平均，再指数平均"""
    shapes = {name: value.shape for name, value in nn.BatchNorm1d(3).state_dict().items()}

    def fresh():
        return {n: draw.integers(0, 9, ()) if n == "num_batches_tracked" else draw.normal(*shape, dtype=F64) for n, shape in shapes.items()}

    student, teacher = (worker.torch.nn.BatchNorm1d(3, dtype=F64, device=device) for _ in range(2))
    slow = fresh()
    teacher.load_state_dict(slow)
    for step, settings in ((0, {}), (1, {}), (2, {}), (5, {"decay": 0.5}), (5000, {})):
        fast = fresh()
        student.load_state_dict(fast)
        answer.update_teacher(student, teacher, step, **settings)
        d = min(settings.get("decay", 0.999), step / (step + 1))
        slow |= {name: d * slow[name] + (1 - d) * fast[name] for name in ("weight", "bias")}
        assert_same(dict(teacher.state_dict()), slow, f"teacher after update_teacher(student, teacher, {step}, {settings})")
        assert_same(dict(student.state_dict()), fast, "student after update_teacher")


def reference_propagation(weights, labels, classes):
    known = labels >= 0
    rows = torch.full((len(labels), classes), 1 / classes, dtype=F64)
    rows[known] = F.one_hot(labels[known], classes).double()
    fixed = rows.clone()
    for _ in range(3000):
        before = rows
        rows = torch.where(known[:, None], fixed, weights @ rows / weights.sum(dim=1, keepdim=True))
        if (rows - before).abs().max() < 1e-12:
            break
    return rows


@pytest.mark.parametrize(("n", "labelled", "classes"), [(12, 4, 3), (9, 8, 2), (6, 6, 2)])
def test_propagate_labels(answer, draw, n, labelled, classes):
    """propagate_labels: on a weighted graph
    propagate_labels：在带权图上"""
    weights = draw.uniform(n, n, low=0.1, high=1.0, dtype=F64) ** 3
    weights = weights + weights.T
    labels = torch.full((n,), -1)
    labels[draw.permutation(n)[:labelled]] = torch.arange(labelled) % classes
    expected = reference_propagation(weights, labels, classes)
    assert_same(answer.propagate_labels(weights, labels, classes), expected, "propagate_labels(weights, labels, classes)", rtol=0, atol=2e-6)


@pytest.mark.after("test_propagate_labels")
def test_propagation_along_a_chain(answer, draw):
    """propagate_labels: along a chain, through unknown nodes
    propagate_labels：沿链条穿过未知节点"""
    weights = torch.diag(torch.ones(6, dtype=F64), 1)
    weights = weights + weights.T + torch.diag(draw.uniform(7, dtype=F64))  # loops slow the walk, and change nothing in the end
    labels = torch.tensor([0, -1, -1, -1, -1, -1, 2])
    expected = torch.stack([torch.tensor([1 - i / 6, 0, i / 6, 0], dtype=F64) for i in range(7)])
    order = draw.permutation(7)
    found = answer.propagate_labels(weights[order][:, order], labels[order], 4)
    assert_same(found, expected[order], "propagate_labels of a chain with ends 0 and 2, four classes", rtol=0, atol=2e-6)
