"""The reference is torch.nn.functional: mse_loss, l1_loss, huber_loss, binary_cross_entropy_with_logits and cross_entropy."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_raises, assert_same, assert_same_gradient

REDUCTIONS = ["none", "sum", "mean"]
REGRESSION = {"mse": F.mse_loss, "mae": F.l1_loss, "huber": F.huber_loss}
# 1e-6 of sums of about ten terms of size 1 to 100 in float32
SUMS = {"rtol": 1e-5, "atol": 1e-5}


def compare(answer, name, reference, inputs, **settings):
    said = "".join(f", {key}={key if isinstance(value, torch.Tensor) else value}" for key, value in settings.items())
    for reduction in REDUCTIONS:
        expected = reference(*inputs, reduction=reduction, **settings)
        assert_same(getattr(answer, name)(*inputs, reduction=reduction, **settings), expected, f"{name}(…{said}, reduction={reduction!r})", **SUMS)


def logits_and_labels(draw, shape, dtype=torch.float32):
    """Labels such that each class but the last is there, if there is room."""
    labels = draw.integers(0, shape[1], (shape[0], *shape[2:]))
    first = min(labels.numel(), shape[1] - 1)
    labels.view(-1)[:first] = torch.arange(first)
    return 2 * draw.normal(*shape, dtype=dtype), labels


def weights(draw, classes, dtype=torch.float32):
    """Between 0.5 and 3, all different."""
    return (torch.linspace(0.5, 3.0, classes, dtype=torch.float64)[draw.permutation(classes)] + 0.1 * draw.uniform(classes, dtype=torch.float64)).to(
        dtype
    )


@pytest.mark.parametrize("name", REGRESSION)
def test_regression(answer, draw, name):
    """mse, mae and huber with each reduction
    mse、mae、huber 的各种 reduction"""
    for shape in [(4, 3), (2, 1, 5), (1,)]:
        prediction, target = 3 * draw.normal(*shape), draw.normal(*shape)
        compare(answer, name, REGRESSION[name], (prediction, target))
    assert_same(getattr(answer, name)(prediction, target), REGRESSION[name](prediction, target), f"{name}(prediction, target)", **SUMS)


@pytest.mark.after("test_regression")
def test_huber_delta(answer, draw):
    """huber with other deltas, on both sides of the bend
    huber 的其他 delta，弯折点两侧"""
    for delta in (0.25, 2.0, 5.0):
        difference = delta * torch.tensor([0.0, 0.4, -0.4, 1.0, -1.0, 3.0, -3.0])
        target = draw.normal(7)
        compare(answer, "huber", F.huber_loss, (target + difference, target), delta=delta)


def test_bce(answer, draw):
    """bce_with_logits: hard and soft targets
    bce_with_logits：硬目标与软目标"""
    for shape in [(6,), (4, 3), (2, 3, 2)]:
        logits = 2 * draw.normal(*shape)
        for target in (draw.boolean(*shape).float(), draw.uniform(*shape)):
            compare(answer, "bce_with_logits", F.binary_cross_entropy_with_logits, (logits, target))
    expected = F.binary_cross_entropy_with_logits(logits, target)
    assert_same(answer.bce_with_logits(logits, target), expected, "bce_with_logits(logits, target)", **SUMS)


@pytest.mark.after("test_bce")
def test_bce_pos_weight(answer, draw):
    """bce_with_logits: weights of the positive class
    bce_with_logits：正类权重"""
    logits, target = 2 * draw.normal(5, 3), draw.uniform(5, 3)
    for pos_weight in (weights(draw, 3), torch.tensor(4.0)):
        compare(answer, "bce_with_logits", F.binary_cross_entropy_with_logits, (logits, target), pos_weight=pos_weight)


def test_cross_entropy(answer, draw):
    """cross_entropy with each reduction
    cross_entropy 的各种 reduction"""
    for shape in [(6, 4), (3, 2), (1, 5), (8, 1)]:
        compare(answer, "cross_entropy", F.cross_entropy, logits_and_labels(draw, shape))
    logits, labels = logits_and_labels(draw, (6, 4))
    assert_same(answer.cross_entropy(logits, labels), F.cross_entropy(logits, labels), "cross_entropy(logits, target)", **SUMS)


@pytest.mark.after("test_cross_entropy")
def test_class_weights(answer, draw):
    """cross_entropy: class weights
    cross_entropy：类别权重"""
    compare(answer, "cross_entropy", F.cross_entropy, logits_and_labels(draw, (7, 4)), weight=weights(draw, 4))


@pytest.mark.after("test_class_weights")
def test_ignored_targets(answer, draw):
    """cross_entropy: ignored targets
    cross_entropy：被忽略的目标"""
    for ignore_index in (-100, 255, 1):
        logits, labels = logits_and_labels(draw, (8, 4))
        labels[torch.tensor([0, 3, 7])] = ignore_index
        settings = {} if ignore_index == -100 else {"ignore_index": ignore_index}
        compare(answer, "cross_entropy", F.cross_entropy, (logits, labels), **settings)
        compare(answer, "cross_entropy", F.cross_entropy, (logits, labels), weight=weights(draw, 4), **settings)
    compare(answer, "cross_entropy", F.cross_entropy, (logits, torch.full((8,), -100)))
    compare(answer, "cross_entropy", F.cross_entropy, (logits[:, :1], torch.tensor([0, -100] * 4)))


@pytest.mark.after("test_class_weights")
def test_label_smoothing(answer, draw):
    """cross_entropy: label smoothing
    cross_entropy：标签平滑"""
    for label_smoothing in (0.1, 0.5, 1.0):
        compare(answer, "cross_entropy", F.cross_entropy, logits_and_labels(draw, (6, 4)), label_smoothing=label_smoothing)


@pytest.mark.after("test_label_smoothing", "test_ignored_targets")
def test_all_settings_at_once(answer, draw):
    """cross_entropy: weights, smoothing and ignored targets together
    cross_entropy：权重、标签平滑与忽略同时使用"""
    logits, labels = logits_and_labels(draw, (8, 5))
    labels[::3] = 2
    settings = {"weight": weights(draw, 5), "label_smoothing": 0.4, "ignore_index": 2}
    compare(answer, "cross_entropy", F.cross_entropy, (logits, labels), **settings)


@pytest.mark.after("test_all_settings_at_once")
def test_extra_dimensions(answer, draw):
    """cross_entropy: classes are along dim 1
    cross_entropy：类别在第 1 维"""
    for shape in [(3, 4, 5), (2, 3, 4, 2), (2, 3, 3), (3, 4, 1)]:
        inputs = logits_and_labels(draw, shape)
        compare(answer, "cross_entropy", F.cross_entropy, inputs)
        compare(answer, "cross_entropy", F.cross_entropy, inputs, weight=weights(draw, shape[1]), label_smoothing=0.3)


@pytest.mark.after("test_regression", "test_bce_pos_weight", "test_class_weights")
def test_float64(answer, draw):
    """float64, and inputs that are views
    float64，以及作为视图的输入"""
    for name, reference in REGRESSION.items():
        prediction, target = draw.normal(4, 3, dtype=torch.float64).T, draw.normal(3, 8, dtype=torch.float64)[:, ::2]
        assert_same(getattr(answer, name)(prediction, target), reference(prediction, target), f"{name} in float64")
    target = draw.uniform(3, 4, dtype=torch.float64)
    expected = F.binary_cross_entropy_with_logits(prediction, target)
    assert_same(answer.bce_with_logits(prediction, target), expected, "bce_with_logits in float64")
    logits, labels = logits_and_labels(draw, (6, 4), torch.float64)
    for settings in ({}, {"label_smoothing": 0.2}, {"weight": weights(draw, 4, torch.float64)}):
        assert_same(answer.cross_entropy(logits, labels, **settings), F.cross_entropy(logits, labels, **settings), "cross_entropy in float64")


@pytest.mark.after("test_float64")
@pytest.mark.parametrize("name", REGRESSION)
def test_regression_gradients(answer, draw, worker, name):
    """Gradients of mse, mae and huber
    mse、mae、huber 的梯度"""
    target = draw.normal(7, dtype=torch.float64)
    prediction = target + torch.tensor([0.0, 0.5, -0.5, 0.9, -2.0, 2.0, 0.0], dtype=torch.float64)
    for reduction in REDUCTIONS:
        assert_same_gradient(getattr(answer, name), REGRESSION[name], (prediction, target), (0, 1), f"{name}(…)", worker=worker, reduction=reduction)


@pytest.mark.after("test_float64", "test_all_settings_at_once")
def test_classification_gradients(answer, draw, worker):
    """Gradients of bce_with_logits and cross_entropy
    bce_with_logits 与 cross_entropy 的梯度"""
    inputs = draw.normal(5, 3, dtype=torch.float64), draw.uniform(5, 3, dtype=torch.float64)
    settings = {"pos_weight": weights(draw, 3, torch.float64)}
    reference = F.binary_cross_entropy_with_logits
    assert_same_gradient(answer.bce_with_logits, reference, inputs, 0, "logits.grad of bce_with_logits", worker=worker, **settings)
    logits, labels = logits_and_labels(draw, (6, 4), torch.float64)
    labels[4] = -100
    settings = {"weight": weights(draw, 4, torch.float64), "label_smoothing": 0.2}
    assert_same_gradient(answer.cross_entropy, F.cross_entropy, (logits, labels), 0, "logits.grad of cross_entropy", worker=worker, **settings)


@pytest.mark.after("test_classification_gradients")
def test_large_logits(answer, draw, worker):
    """Logits of ±10,000
    大小为 ±10,000 的 logits"""
    logits = torch.tensor([1e4, -1e4, 1e4, -1e4, 300.0, -300.0], dtype=torch.float64)
    target = torch.tensor([1.0, 1.0, 0.0, 0.0, 0.5, 0.5], dtype=torch.float64)
    for x, y in ((logits, target), (logits.float(), target.float())):
        compare(answer, "bce_with_logits", F.binary_cross_entropy_with_logits, (x, y))
    reference = F.binary_cross_entropy_with_logits
    assert_same_gradient(answer.bce_with_logits, reference, (logits, target), 0, "logits.grad of bce_with_logits", worker=worker)
    logits = torch.tensor([[1e4, 0.0, -1e4], [1e4, 0.0, -1e4], [-1e4, -1e4, -1e4], [200.0, 1e4, 1e4]])
    labels = torch.tensor([0, 2, 1, 0])
    for settings in ({}, {"label_smoothing": 0.3}):
        compare(answer, "cross_entropy", F.cross_entropy, (logits, labels), **settings)
    assert_same_gradient(answer.cross_entropy, F.cross_entropy, (logits, labels), 0, "logits.grad of cross_entropy", worker=worker)


def test_refusals(answer, draw):
    """Unequal shapes and unknown reductions are refused
    拒绝不相等的形状和未知的 reduction"""
    x, labels = draw.normal(4, 1), draw.integers(0, 3, (4,))
    for name in [*REGRESSION, "bce_with_logits"]:
        loss = getattr(answer, name)
        for other in (draw.uniform(4), draw.uniform(1, 1), draw.uniform(4, 2)):
            assert_raises(ValueError, loss, x, other)
        assert_raises(ValueError, loss, x, draw.uniform(4, 1), reduction="average")
    for reduction in ("average", "Mean", ""):
        assert_raises(ValueError, answer.cross_entropy, draw.normal(4, 3), labels, reduction=reduction)
