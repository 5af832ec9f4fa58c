"""The references are the definitions, pair by pair in plain Python, and suppression by brute force."""

import math

import pytest
import torch

from grader.compare import assert_fast, assert_same, assert_same_gradient, assert_true

F64 = {"dtype": torch.float64}


def area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def pair_iou(p, q):
    width, height = min(p[2], q[2]) - max(p[0], q[0]), min(p[3], q[3]) - max(p[1], q[1])
    both = width * height if width > 0 and height > 0 else 0.0
    either = area(p) + area(q) - both
    return both / either if either > 0 else 0.0


def pair_giou(p, q):
    hull = area((min(p[0], q[0]), min(p[1], q[1]), max(p[2], q[2]), max(p[3], q[3])))
    iou = pair_iou(p, q)
    union = (area(p) + area(q)) / (1 + iou)  # the intersection is iou * union
    return iou - (hull - union) / hull if hull > 0 else iou


def table(function, a, b, dtype=torch.float64):
    values = [[function(p, q) for q in b.tolist()] for p in a.tolist()]
    return torch.tensor(values, dtype=dtype).reshape(len(a), len(b))


def suppress(boxes, scores, labels, threshold):
    kept = []
    for i in sorted(range(len(scores)), key=lambda i: (-scores[i].item(), i)):
        if all(labels[i] != labels[j] or pair_iou(boxes[i].tolist(), boxes[j].tolist()) <= threshold for j in kept):
            kept.append(i)
    return torch.tensor(kept, dtype=torch.int64)


def random_boxes(draw, n, spread=4.0):
    corner, size = spread * draw.uniform(n, 2, **F64) - 2, 0.5 + 3 * draw.uniform(n, 2, **F64)
    return torch.cat([corner, corner + size], 1)


def reference_iou(a, b):
    low, high = torch.maximum(a[:, None, :2], b[:, :2]), torch.minimum(a[:, None, 2:], b[:, 2:])
    both = torch.relu(high - low).prod(2)
    return both / ((a[:, 2:] - a[:, :2]).prod(1)[:, None] + (b[:, 2:] - b[:, :2]).prod(1) - both)


def reference_giou(a, b):
    iou = reference_iou(a, b)
    union = ((a[:, 2:] - a[:, :2]).prod(1)[:, None] + (b[:, 2:] - b[:, :2]).prod(1)) / (1 + iou)
    hull = (torch.maximum(a[:, None, 2:], b[:, 2:]) - torch.minimum(a[:, None, :2], b[:, :2])).prod(2)
    return iou - 1 + union / hull


def reference_decode(anchors, offsets):
    size, middle = anchors[:, 2:] - anchors[:, :2], (anchors[:, 2:] + anchors[:, :2]) / 2
    middle, size = middle + offsets[:, :2] * size, size * offsets[:, 2:].clamp(max=math.log(62.5)).exp()
    return torch.cat([middle - size / 2, middle + size / 2], 1)


def test_iou(answer, draw):
    """box_iou: boxes that overlap
    box_iou：相互重叠的框"""
    corner, size = draw.uniform(7, 2, **F64), 2 + draw.uniform(7, 2, **F64)  # each overlaps each other one
    boxes = torch.cat([corner, corner + size], 1)
    a, b = boxes[:4], boxes[4:]
    assert_same(answer.box_iou(a, b), table(pair_iou, a, b), "box_iou(a, b)")
    assert_same(answer.box_iou(a / 100, b / 100), table(pair_iou, a / 100, b / 100), "box_iou(a, b), coordinates as parts of an image")


@pytest.mark.after("test_iou")
def test_iou_apart(answer, draw):
    """box_iou: apart, touching, one inside the other
    box_iou：相离、相切、包含"""
    base = torch.tensor([[0.0, 0.0, 2.0, 3.0]], **F64) + draw.normal(1, 1, **F64)
    moves = torch.tensor([[5, 0], [0, 7], [5, 7], [-5, -7], [-5, 7], [2, 0], [0, 3], [2, 3]], **F64)
    others = torch.cat([base + moves.repeat(1, 2), base + torch.tensor([[0.5, 0.5, -0.5, -0.5], [-1, -1, 1, 1], [0, 0, 0, 0]], **F64)])
    # apart from moves by whole sizes, rounding may leave an overlap of 1e-16
    assert_same(answer.box_iou(base, others), table(pair_iou, base, others), "box_iou of boxes apart, touching and nested")
    a, b = random_boxes(draw, 8, 12.0), random_boxes(draw, 5, 12.0)
    assert_same(answer.box_iou(a, b), table(pair_iou, a, b), "box_iou of boxes far and near")


@pytest.mark.after("test_iou_apart")
def test_giou(answer, draw):
    """generalized_iou
    广义 IoU"""
    for spread in (2.0, 12.0):
        a, b = random_boxes(draw, 5, spread), random_boxes(draw, 6, spread)
        assert_same(answer.generalized_iou(a, b), table(pair_giou, a, b), "generalized_iou(a, b)")


@pytest.mark.after("test_giou")
def test_no_area(answer, draw):
    """Boxes without an area, and no boxes
    没有面积的框，以及没有框"""
    line, point = torch.tensor([[1.0, 2.0, 1.0, 5.0]], **F64), torch.tensor([[1.0, 2.0, 1.0, 2.0]], **F64)
    flat = torch.cat([line, point, line + 3, point - 1])
    boxes = random_boxes(draw, 3)
    for a, b in [(flat, flat), (flat, boxes), (boxes, flat)]:
        assert_same(answer.box_iou(a, b), table(pair_iou, a, b), "box_iou with boxes without an area")
        assert_same(answer.generalized_iou(a, b), table(pair_giou, a, b), "generalized_iou with boxes without an area")
    for n, m in [(0, 3), (3, 0), (0, 0)]:
        assert_same(answer.box_iou(boxes[:n], boxes[:m]), torch.zeros(n, m, **F64), f"box_iou of {n} and {m} boxes")
        assert_same(answer.generalized_iou(boxes[:n], boxes[:m]), torch.zeros(n, m, **F64), f"generalized_iou of {n} and {m} boxes")


@pytest.mark.after("test_giou")
def test_overlap_float32(answer, draw):
    """float32, views
    float32 与非连续输入"""
    a, b = random_boxes(draw, 6).float()[::2], random_boxes(draw, 4).float().T.contiguous().T
    assert_same(answer.box_iou(a, b), table(pair_iou, a, b, torch.float32), "box_iou in float32")
    assert_same(answer.generalized_iou(a, b), table(pair_giou, a, b, torch.float32), "generalized_iou in float32")


@pytest.mark.after("test_giou")
def test_overlap_gradients(answer, draw, worker):
    """Gradients of both overlaps
    两种重叠度的梯度"""
    a, b = random_boxes(draw, 4, 2.0), random_boxes(draw, 3, 2.0)
    assert_same_gradient(answer.box_iou, reference_iou, (a, b), (0, 1), "box_iou", worker=worker)
    assert_same_gradient(answer.generalized_iou, reference_giou, (a, b), (0, 1), "generalized_iou", worker=worker)
    points = a[:, :2].repeat(1, 2)
    for function, name in ((answer.box_iou, "box_iou"), (answer.generalized_iou, "generalized_iou")):
        _, gradients = worker.vjp(function, (points, points), torch.ones(4, 4, **F64), (0, 1))
        finite = all(bool(gradient.isfinite().all()) for gradient in gradients)
        message = "it is nan: 0 / 0 is kept out of the result, but not out of its gradient", "出现了 nan：0 / 0 没有进入结果，却进入了梯度"
        assert_true(finite, f"gradient of {name} of boxes without an area", *message)


def test_decode(answer, draw):
    """decode: from anchors to boxes
    decode：由锚框得到框"""
    anchors, offsets = random_boxes(draw, 6), 0.7 * draw.normal(6, 4, **F64)
    assert_same(answer.decode(anchors, 0 * offsets), anchors, "decode(anchors, zeros)")
    assert_same(answer.decode(anchors, offsets), reference_decode(anchors, offsets), "decode(anchors, offsets)")
    expected = reference_decode(anchors, offsets.float().double()).float()
    # two roundings of coordinates of size 5
    assert_same(answer.decode(anchors.float(), offsets.float()), expected, "decode(anchors, offsets) in float32", rtol=1e-5, atol=1e-5)
    assert_same(answer.decode(anchors[:0], offsets[:0]), torch.zeros(0, 4, **F64), "decode of no anchors")


@pytest.mark.after("test_decode")
def test_decode_limits(answer, draw, worker):
    """decode: huge offsets, gradients
    decode：极大的偏移量与梯度"""
    anchors, offsets = random_boxes(draw, 6), draw.normal(6, 4, **F64)
    offsets[:, 2:] = torch.tensor([[4.1, 4.2], [1e4, -1e4], [-30.0, 800.0], [0.3, 4.135], [5.0, 0.0], [-5.0, 4.136]], **F64)
    assert_same(answer.decode(anchors, offsets), reference_decode(anchors, offsets), "decode with tw and th of up to 10,000")
    offsets = draw.normal(6, 4, **F64)
    assert_same_gradient(answer.decode, reference_decode, (anchors, offsets), (0, 1), "decode", worker=worker)


def check_nms(answer, boxes, scores, labels, threshold, what):
    assert_same(answer.nms(boxes, scores, labels, threshold), suppress(boxes, scores, labels, threshold), what)


def crowd(draw, n, objects=3):
    """n boxes around a few places, so that many overlap much."""
    return random_boxes(draw, objects)[draw.integers(0, objects, (n,))] + 0.3 * draw.normal(n, 4, **F64).clamp(-0.7, 0.7)


@pytest.mark.after("test_iou_apart")
def test_nms_one_class(answer, draw):
    """nms: one class
    nms：单个类别"""
    labels = torch.zeros(14).long()
    for threshold in (0.5, 0.2, 0.8):
        boxes, scores = crowd(draw, 14), draw.permutation(14).double() / 14
        check_nms(answer, boxes, scores, labels, threshold, f"nms(boxes, scores, labels, {threshold}), one class")


@pytest.mark.after("test_nms_one_class")
def test_nms_chain(answer, draw):
    """nms: what is suppressed suppresses nothing
    nms：被抑制的框不再抑制别人"""
    left = torch.arange(0, 6.0, 1.0, **F64)  # neighbours have IoU 1/2, others at most 1/5
    boxes = torch.stack([left, 0 * left, left + 3, 0 * left + 2], 1)
    order = draw.permutation(6)
    scores = torch.linspace(0.9, 0.1, 6, **F64)
    check_nms(answer, boxes[order], scores[order], torch.zeros(6).long(), 0.4, "nms of a chain of boxes")


@pytest.mark.after("test_nms_one_class")
def test_nms_classes(answer, draw):
    """nms: each class for itself
    nms：各类别互不影响"""
    for threshold in (0.3, 0.6):
        boxes, scores, labels = crowd(draw, 20), draw.normal(20, **F64), draw.integers(0, 3, (20,)) * 7 - 5
        boxes[:2], labels[:2] = boxes[2], torch.tensor([2, 9])
        check_nms(answer, boxes, scores, labels, threshold, f"nms(boxes, scores, labels, {threshold}), three classes")
    boxes[:10] += 1e6
    check_nms(answer, boxes, scores, labels, 0.5, "nms, coordinates of a million")


@pytest.mark.after("test_nms_chain", "test_nms_classes")
def test_nms_edges(answer, draw):
    """nms: equal scores, IoU equal to the threshold, no boxes
    nms：得分相等、IoU 恰为阈值、没有框"""
    boxes, labels = crowd(draw, 40, 6), draw.integers(0, 2, (40,))
    check_nms(answer, boxes, draw.integers(0, 3, (40,)).double(), labels, 0.4, "nms with equal scores")
    halves = torch.tensor([[0, 0, 1, 2], [0, 0, 1, 1], [0, 0, 4, 1], [0, 0, 2, 1]], **F64)  # IoU 1/2 exactly for two pairs
    zeros = torch.zeros(4).long()
    check_nms(answer, halves, torch.tensor([0.9, 0.8, 0.7, 0.6], **F64), zeros, 0.5, "nms, IoU equal to the threshold")
    check_nms(answer, boxes.float()[::2], draw.normal(40)[::2], labels[::2], 0.5, "nms in float32")
    nothing = torch.zeros(0).long()
    assert_same(answer.nms(torch.zeros(0, 4), torch.zeros(0), nothing, 0.5), nothing, "nms of no boxes")
    assert_same(answer.nms(boxes[:1], torch.ones(1, **F64), labels[:1], 0.5), torch.tensor([0]), "nms of one box")


@pytest.mark.after("test_nms_edges")
def test_speed(answer, draw, worker):
    """nms: 120 boxes
    nms：120 个框"""
    boxes, scores, labels = random_boxes(draw, 120, 100.0), draw.normal(120, **F64), draw.integers(0, 3, (120,))
    seconds = []
    while len(seconds) < 3 and 0.2 < min(seconds, default=0.3) < 0.8:  # again: the machine may have been busy
        with worker.timed() as clock:
            answer.nms(boxes, scores, labels, 0.5)
        seconds.append(clock.seconds)
    # some 5 ms by a loop over the boxes; about a second by one over the pairs
    assert_fast(min(seconds), 0.4, "nms of 120 boxes")
