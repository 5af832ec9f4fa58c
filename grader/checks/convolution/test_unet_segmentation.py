"""The references are F.conv_transpose2d, and the formulas of the statement in slow loops."""

import math

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_raises, assert_same, assert_same_gradient

F64 = {"dtype": torch.float64}


def reference_dice(logits, labels, smooth=1.0):
    """Sample by sample, class by class."""
    p, terms = logits.exp() / logits.exp().sum(1, keepdim=True), []
    for n in range(logits.shape[0]):
        for k in range(logits.shape[1]):
            truth = (labels[n] == k).to(logits.dtype)
            terms.append((2 * (p[n, k] * truth).sum() + smooth) / (p[n, k].sum() + truth.sum() + smooth))
    return 1 - torch.stack(terms).mean()


def reference_iou(predicted, labels, classes):
    pairs, scores = list(zip(predicted.flatten().tolist(), labels.flatten().tolist(), strict=True)), []
    for k in range(classes):
        union = sum(k in pair for pair in pairs)
        if union > 0:
            scores.append(sum(pair == (k, k) for pair in pairs) / union)
    return sum(scores) / len(scores)


def labels_with_all(draw, classes, *shape):
    """Labels among which each class occurs, in unequal numbers."""
    values = torch.cat([torch.arange(classes), draw.integers(0, 2, (math.prod(shape) - classes,))])
    return values[draw.permutation(len(values))].reshape(shape)


@pytest.mark.parametrize("sizes", [(1, 1, 3, 4, 2, 3), (3, 2, 4, 3, 3, 2), (2, 5, 1, 6, 2, 1)], ids=str)
def test_painting(answer, draw, sizes):
    """Transposed convolution: stride 1
    转置卷积：步长 1"""
    inputs, outputs, height, width, rows, columns = sizes
    x, w = draw.normal(2, inputs, height, width, **F64), draw.normal(inputs, outputs, rows, columns, **F64)
    assert_same(answer.transposed_conv(x, w), F.conv_transpose2d(x, w), "transposed_conv(x, w)")


@pytest.mark.after("test_painting")
def test_bias(answer, draw):
    """Transposed convolution: bias
    转置卷积：偏置"""
    x, w, b = draw.normal(2, 3, 4, 3, **F64), draw.normal(3, 2, 3, 2, **F64), draw.normal(2, **F64)
    assert_same(answer.transposed_conv(x, w, b), F.conv_transpose2d(x, w, b), "transposed_conv(x, w, b)")


@pytest.mark.after("test_painting")
@pytest.mark.parametrize("stride", [2, 3, 4])
def test_stride(answer, draw, stride):
    """Transposed convolution: stride
    转置卷积：步长"""
    for rows, columns in [(3, 4), (2, 2)]:
        x, w = draw.normal(2, 2, 4, 3, **F64), draw.normal(2, 3, rows, columns, **F64)
        expected = F.conv_transpose2d(x, w, None, stride)
        assert_same(answer.transposed_conv(x, w, None, stride), expected, f"transposed_conv(x, w, None, {stride}), kernel {rows} x {columns}")


@pytest.mark.after("test_stride")
@pytest.mark.parametrize(("stride", "padding"), [(1, 1), (2, 1), (3, 2)])
def test_padding(answer, draw, stride, padding):
    """Transposed convolution: padding cuts off
    转置卷积：填充即裁边"""
    x, w = draw.normal(2, 2, 4, 3, **F64), draw.normal(2, 3, 3, 4, **F64)
    expected = F.conv_transpose2d(x, w, None, stride, padding)
    assert_same(answer.transposed_conv(x, w, None, stride, padding), expected, f"transposed_conv(x, w, None, {stride}, {padding})")


@pytest.mark.after("test_padding", "test_bias")
@pytest.mark.parametrize(("stride", "padding", "extra"), [(2, 1, 1), (2, 0, 1), (3, 1, 2), (4, 2, 3)])
def test_output_padding(answer, draw, stride, padding, extra):
    """Transposed convolution: output_padding
    转置卷积：output_padding"""
    x, w, b = draw.normal(2, 2, 4, 3, **F64), draw.normal(2, 3, 3, 4, **F64), draw.normal(3, **F64)
    expected = F.conv_transpose2d(x, w, b, stride, padding, extra)
    assert_same(answer.transposed_conv(x, w, b, stride, padding, extra), expected, f"transposed_conv(x, w, b, {stride}, {padding}, {extra})")


@pytest.mark.after("test_output_padding")
def test_layout(answer, draw):
    """float32, views, an empty batch
    float32、非连续输入、空批次"""
    x, w = draw.normal(5, 4, 3, 2).permute(3, 2, 1, 0), draw.normal(2, 3, 3, 6)[..., ::2].transpose(0, 1)
    expected = F.conv_transpose2d(x.double(), w.double(), None, 2, 1, 1).float()
    # sums of a dozen products of size 1
    assert_same(answer.transposed_conv(x, w, None, 2, 1, 1), expected, "transposed_conv(view, view, None, 2, 1, 1)", rtol=1e-5, atol=1e-5)
    assert_same(answer.transposed_conv(x[:0], w, None, 2), torch.zeros(0, 2, 9, 11), "transposed_conv of an empty batch")


@pytest.mark.after("test_output_padding")
def test_gradients(answer, draw, worker):
    """Transposed convolution: gradients
    转置卷积：梯度"""
    inputs = [draw.normal(*shape, **F64) for shape in [(2, 2, 3, 4), (2, 3, 3, 2), (3,)]]
    options = {"stride": 2, "padding": 1, "output_padding": 1}
    assert_same_gradient(answer.transposed_conv, F.conv_transpose2d, inputs, (0, 1, 2), "transposed_conv", worker=worker, **options)


def test_skip(answer, draw):
    """skip_concat: crop and order
    skip_concat：裁剪与次序"""
    x = draw.normal(2, 3, 4, 5)
    for height, width in [(4, 5), (6, 9), (7, 6), (5, 8)]:
        skip = draw.normal(2, 2, height, width)
        top, left = (height - 4) // 2, (width - 5) // 2
        expected = torch.cat([skip[:, :, top : top + 4, left : left + 5], x], 1)
        assert_same(answer.skip_concat(x, skip), expected, f"skip_concat(x, skip), skip {height} x {width}")


@pytest.mark.after("test_skip")
def test_skip_gradient(answer, draw, worker):
    """skip_concat: gradients
    skip_concat：梯度"""
    x, skip = draw.normal(1, 2, 2, 3, **F64), draw.normal(1, 2, 5, 4, **F64)
    assert_same_gradient(answer.skip_concat, lambda x, skip: torch.cat([skip[:, :, 1:3, :3], x], 1), (x, skip), (0, 1), "skip_concat", worker=worker)


@pytest.mark.parametrize("classes", [2, 4])
def test_dice(answer, draw, classes):
    """dice_loss: one sample
    dice_loss：单个样本"""
    logits, labels = 2 * draw.normal(1, classes, 4, 5, **F64), labels_with_all(draw, classes, 1, 4, 5)
    for smooth in (1.0, 0.1, 5.0):
        assert_same(answer.dice_loss(logits, labels, smooth), reference_dice(logits, labels, smooth), f"dice_loss(logits, labels, {smooth})")
    assert_same(answer.dice_loss(logits, labels), reference_dice(logits, labels), "dice_loss(logits, labels)")


@pytest.mark.after("test_dice")
def test_dice_batch(answer, draw):
    """dice_loss: sample by sample, absent classes
    dice_loss：逐样本计算，缺席的类别"""
    logits, labels = 3 * draw.normal(3, 4, 3, 5, **F64), draw.integers(0, 2, (3, 3, 5))
    labels[0], labels[1, 0] = 3, 2
    assert_same(answer.dice_loss(logits, labels), reference_dice(logits, labels), "dice_loss of a batch of three")
    assert_same(answer.dice_loss(logits.float(), labels), reference_dice(logits.float(), labels), "dice_loss in float32")


@pytest.mark.after("test_dice_batch")
def test_dice_large_logits(answer, draw):
    """dice_loss: logits of 10,000
    dice_loss：大小为 10,000 的 logits"""
    labels = labels_with_all(draw, 3, 2, 3, 4)
    one_hot = torch.stack([labels == k for k in range(3)], 1).double()
    assert_same(answer.dice_loss(1e4 * one_hot, labels), torch.tensor(0.0, **F64), "dice_loss of perfect logits of 10,000")
    other = torch.stack([(labels + 1) % 3 == k for k in range(3)], 1).double()
    wrong = 1 - torch.stack([1 / (t.sum() + o.sum() + 1) for ts, os in zip(one_hot, other, strict=True) for t, o in zip(ts, os, strict=True)]).mean()
    assert_same(answer.dice_loss(1e4 * other, labels), wrong, "dice_loss of wrong logits of 10,000")


@pytest.mark.after("test_dice_batch")
def test_dice_gradient(answer, draw, worker):
    """dice_loss: gradient
    dice_loss：梯度"""
    logits, labels = draw.normal(2, 3, 3, 4, **F64), draw.integers(0, 3, (2, 3, 4))
    assert_same_gradient(answer.dice_loss, reference_dice, (logits, labels), 0, "the gradient of logits", worker=worker)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_iou(answer, draw, classes):
    """mean_iou: every class present
    mean_iou：各类别都出现"""
    predicted, labels = labels_with_all(draw, classes, 2, 5, 4), labels_with_all(draw, classes, 2, 5, 4)
    predicted = torch.where(draw.boolean(2, 5, 4), labels, predicted)
    assert_same(answer.mean_iou(predicted, labels, classes), reference_iou(predicted, labels, classes), f"mean_iou(predicted, labels, {classes})")


@pytest.mark.after("test_iou")
def test_iou_absent(answer, draw):
    """mean_iou: classes that are absent
    mean_iou：缺席的类别"""
    one, other = labels_with_all(draw, 3, 4, 5), labels_with_all(draw, 4, 4, 5)
    for predicted, labels, classes in [(one, one, 3), (one, one, 7), (one, other, 6), (other, one, 6), (one + 2, other + 2, 8), (one, one + 3, 6)]:
        what = f"mean_iou, predicted {sorted(set(predicted.flatten().tolist()))}, labels {sorted(set(labels.flatten().tolist()))}, {classes} classes"
        assert_same(answer.mean_iou(predicted, labels, classes), reference_iou(predicted, labels, classes), what)
    nothing = torch.zeros(0, 3, 3).long()
    assert_same(answer.mean_iou(nothing, nothing, 4), math.nan, "mean_iou of no pixels")


def test_errors(answer, draw):
    """What has no meaning raises ValueError
    没有意义的要求抛出 ValueError"""
    x, w = draw.normal(1, 2, 3, 3), draw.normal(2, 2, 3, 3)
    for stride, extra in [(1, 1), (2, 2), (2, 3)]:
        assert_raises(ValueError, answer.transposed_conv, x, w, None, stride, 0, extra)
    for height, width in [(2, 5), (5, 2), (2, 2)]:
        assert_raises(ValueError, answer.skip_concat, x, draw.normal(1, 2, height, width))
