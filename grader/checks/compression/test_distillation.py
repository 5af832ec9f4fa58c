"""The reference is F.kl_div with reduction "batchmean", F.cross_entropy and F.mse_loss; steps of plain SGD are written out."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from grader.compare import assert_between, assert_same, assert_same_gradient
from grader.data import digits

F64 = torch.float64


def reference_soft(student, teacher, temperature):
    target = F.softmax(teacher.detach() / temperature, dim=1)
    return temperature**2 * F.kl_div(F.log_softmax(student / temperature, dim=1), target, reduction="batchmean")


def reference_loss(student, teacher, labels, *, temperature=4.0, alpha=0.9):
    return alpha * reference_soft(student, teacher, temperature) + (1 - alpha) * F.cross_entropy(student, labels)


@pytest.mark.parametrize("dtype", [F64, torch.float32], ids=str)
@pytest.mark.parametrize("temperature", [1.0, 3.0, 0.5])
def test_soft_target_loss(answer, draw, temperature, dtype):
    """soft_target_loss: the value
    soft_target_loss：数值"""
    student, teacher = 3 * draw.normal(5, 4, dtype=dtype), 3 * draw.normal(4, 5, dtype=dtype).T
    expected = reference_soft(student, teacher, temperature)
    assert_same(answer.soft_target_loss(student, teacher, temperature), expected, f"soft_target_loss(student, teacher, {temperature:g})")


@pytest.mark.after("test_soft_target_loss")
def test_soft_target_gradient(answer, draw, worker):
    """soft_target_loss: the student learns, the teacher does not
    soft_target_loss：学生学习，教师不动"""
    inputs = 3 * draw.normal(5, 4, dtype=F64), 3 * draw.normal(5, 4, dtype=F64), 2.5
    assert_same_gradient(answer.soft_target_loss, reference_soft, inputs, (0, 1), "gradient of the logits", worker=worker)


@pytest.mark.after("test_soft_target_loss")
def test_large_logits(answer, draw):
    """soft_target_loss: logits of 10,000
    soft_target_loss：大小为 10,000 的 logits"""
    student, teacher = 1e4 * draw.normal(5, 4, dtype=F64), 1e4 * draw.normal(5, 4, dtype=F64)
    # 1e-8: one rounding of a logit of 10,000 is already 1e-12
    assert_same(answer.soft_target_loss(student, teacher, 2.0), reference_soft(student, teacher, 2.0), "soft_target_loss, large logits", rtol=1e-8)


@pytest.mark.after("test_soft_target_loss")
def test_distillation_loss(answer, draw, worker):
    """distillation_loss: soft and hard targets
    distillation_loss：软目标与硬标签"""
    student, teacher, labels = 2 * draw.normal(6, 4, dtype=F64), 2 * draw.normal(6, 4, dtype=F64), draw.integers(0, 4, (6,))
    for settings in ({}, {"temperature": 2.0, "alpha": 0.3}, {"alpha": 0.0}, {"alpha": 1.0}):
        call = f"distillation_loss(student, teacher, labels, {settings})"
        assert_same(answer.distillation_loss(student, teacher, labels, **settings), reference_loss(student, teacher, labels, **settings), call)
    assert_same_gradient(answer.distillation_loss, reference_loss, (student, teacher, labels), 0, "gradient of the student", worker=worker)


def hint_of(hint_loss, student, teacher, weight):
    return hint_loss(student, teacher, lambda features: features @ weight)


def test_hint_loss(answer, draw, worker):
    """hint_loss: through the projection, not to the teacher
    hint_loss：经过投影，不到教师"""
    student, teacher, weight = draw.normal(5, 3, dtype=F64), draw.normal(5, 4, dtype=F64), draw.normal(3, 4, dtype=F64)

    def reference(_hint_loss, student, teacher, weight):
        return F.mse_loss(student @ weight, teacher.detach())

    inputs, there = (answer.hint_loss, student, teacher, weight), worker.define(hint_of)
    assert_same(there(*inputs), reference(*inputs), "hint_loss(student_features, teacher_features, projection)")
    assert_same_gradient(there, reference, inputs, (1, 2, 3), "gradient of hint_loss", worker=worker)


def same_weights(draw, there, here):
    state = {name: draw.normal(*value.shape, dtype=value.dtype) / value.shape[-1] ** 0.5 for name, value in here.state_dict().items()}
    for model in (there, here):
        model.load_state_dict(state)


def models(worker, draw, device):
    """A student and a teacher with dropout, there and here, with the same fresh weights."""
    pairs = []
    for make in (
        lambda nn, **kwargs: nn.Sequential(nn.Linear(5, 4, **kwargs)),
        lambda nn, **kwargs: nn.Sequential(nn.Linear(5, 6, **kwargs), nn.Dropout(0.5), nn.Linear(6, 4, **kwargs)),
    ):
        there, here = make(worker.torch.nn, dtype=F64, device=device), make(nn, dtype=F64)
        same_weights(draw, there, here)
        pairs.append((there, here.eval()))
    return pairs


def stain(model):
    for parameter in model.parameters():
        parameter.grad = (0 * parameter + 3).detach()


def gradients(model):
    return [parameter.grad for parameter in model.parameters()]


@pytest.mark.after("test_distillation_loss")
@pytest.mark.parametrize("settings", [{}, {"temperature": 2.0, "alpha": 0.5}], ids=["default", "other"])
def test_distil(answer, draw, worker, device, settings):
    """distil: three steps
    distil：三步"""
    (student, student_here), (teacher, teacher_here) = models(worker, draw, device)
    batches = [(draw.normal(6, 5, dtype=F64), draw.integers(0, 4, (6,))) for _ in range(3)]
    worker.seed(draw.integers(0, 2**31, ()).item())
    worker.define(stain)(student)
    worker.define(stain)(teacher)
    student.eval()
    teacher.train()
    losses = answer.distil(student, teacher, worker.torch.optim.SGD(student.parameters(), lr=0.5), batches, **settings)
    expected = []
    for x, labels in batches:
        loss = reference_loss(student_here(x), teacher_here(x), labels, **settings)
        expected.append(loss.item())
        moves = torch.autograd.grad(loss, list(student_here.parameters()))
        with torch.no_grad():
            for parameter, move in zip(student_here.parameters(), moves, strict=True):
                parameter.sub_(0.5 * move)
    assert_same(losses, expected, "distil(student, teacher, optimiser, batches)")
    assert_same(dict(student.state_dict()), dict(student_here.state_dict()), "student.state_dict() after distil")
    assert_same(dict(teacher.state_dict()), dict(teacher_here.state_dict()), "teacher.state_dict() after distil")
    assert_same(worker.define(gradients)(teacher), [torch.full_like(p, 3.0) for p in teacher_here.parameters()], "the teacher's .grad")
    assert_same(student.training, True, "student.training after distil")
    assert_same(teacher.training, False, "teacher.training after distil")


def batches_of(x, labels, places):
    return [(x[place], labels[place]) for place in places]


@pytest.mark.after("test_soft_target_loss")
def test_student_on_digits(answer, draw, worker, device):
    """distil: a student with a teacher beats the same student alone
    distil：有教师的学生胜过自学的同一学生"""
    x, labels, test_x, test_labels = digits(draw)
    # The teacher: random features and a ridge regression on all labels, in closed form.
    first, shift = 0.5 * draw.normal(64, 200), draw.normal(200)
    features = (x @ first + shift).relu().double()
    gram = features.T @ features + 10 * torch.eye(200, dtype=F64)
    last = torch.linalg.solve(gram, features.T @ (2.0 * F.one_hot(labels, 10) - 1).double()).float()
    there = worker.torch.nn
    teacher = there.Sequential(there.Linear(64, 200, device=device), there.ReLU(), there.Linear(200, 10, bias=False, device=device))
    teacher.load_state_dict({"0.weight": first.T.contiguous(), "0.bias": shift, "2.weight": 5 * last.T.contiguous()})
    few, start = draw.permutation(len(x))[:20], draw.normal(10, 64) / 8
    accuracy = {}
    for name, alpha, choose in (("alone", 0.0, lambda: few[draw.integers(0, 20, (64,))]), ("taught", 1.0, lambda: draw.integers(0, len(x), (64,)))):
        student = there.Linear(64, 10, device=device)
        student.load_state_dict({"weight": start, "bias": torch.zeros(10)})
        places = [choose() for _ in range(60)]
        batches = worker.keep(worker.define(batches_of), x, labels, places)
        answer.distil(student, teacher, worker.torch.optim.SGD(student.parameters(), lr=1.0), batches, temperature=3.0, alpha=alpha)
        accuracy[name] = (student(test_x).argmax(dim=1) == test_labels).double().mean().item()
    # Over 40 seeds: taught 0.917 with a standard deviation of 0.011, alone (20 labels) 0.62 with one of 0.05.
    assert_between(accuracy["taught"], 0.83, 1.0, "accuracy of the student with a teacher")
    assert_between(accuracy["taught"] - accuracy["alone"], 0.0, 1.0, "what the teacher adds to 20 labels")
