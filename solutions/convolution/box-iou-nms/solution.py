"""A detector proposes too many boxes; overlap tells which of them mean the same object, and the best of these stays."""

import math

import torch
from torch import Tensor


def _ratio(a: Tensor, b: Tensor) -> Tensor:
    """The quotient a / b, and 0 where b is 0."""
    return torch.where(b > 0, a / torch.where(b > 0, b, 1), 0)


def _overlaps(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Areas of intersection and union of each pair, (n, m) each."""
    corner = torch.maximum(a[:, None, :2], b[:, :2])
    opposite = torch.minimum(a[:, None, 2:], b[:, 2:])
    intersection = (opposite - corner).clamp(min=0).prod(dim=2)
    areas_a, areas_b = ((boxes[:, 2:] - boxes[:, :2]).prod(dim=1) for boxes in (a, b))
    return intersection, areas_a[:, None] + areas_b - intersection


def box_iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of each pair of boxes.

    a: (n, 4), b: (m, 4), rows (x1, y1, x2, y2) with x1 <= x2 and y1 <= y2, float32 or float64; n and m may be 0. Coordinates are real numbers,
    so a box has the area (x2 - x1) * (y2 - y1). Returns (n, m); 0 where the union has no area. Gradients reach a and b.
    """
    return _ratio(*_overlaps(a, b))


def generalized_iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU minus the part of the hull that belongs to neither box; the hull is the smallest box around both.

    Arguments and result as in box_iou, values in [-1, 1]. Where the hull has no area, that part is 0.
    """
    intersection, union = _overlaps(a, b)
    corner = torch.minimum(a[:, None, :2], b[:, :2])
    opposite = torch.maximum(a[:, None, 2:], b[:, 2:])
    hull = (opposite - corner).prod(dim=2)
    return _ratio(intersection, union) - _ratio(hull - union, hull)


def decode(anchors: Tensor, offsets: Tensor) -> Tensor:
    """Boxes from anchors and what a network predicts for each of them.

    anchors: (n, 4), rows (x1, y1, x2, y2). offsets: (n, 4), rows (tx, ty, tw, th): the centre moves by tx widths and ty heights of the anchor,
    width and height are multiplied by exp(tw) and exp(th); a tw or th above log(1000 / 16) counts as log(1000 / 16), so that nothing overflows.
    Returns boxes (n, 4), rows (x1, y1, x2, y2). Gradients reach anchors and offsets.
    """
    size = anchors[:, 2:] - anchors[:, :2]
    centre = anchors[:, :2] + size / 2 + offsets[:, :2] * size
    half = size * offsets[:, 2:].clamp(max=math.log(1000 / 16)).exp() / 2
    return torch.cat([centre - half, centre + half], dim=1)


def nms(boxes: Tensor, scores: Tensor, labels: Tensor, threshold: float) -> Tensor:
    """Non-maximum suppression for each class.

    boxes: (n, 4) as in box_iou; scores: (n,); labels: (n,), int64; n may be 0. From the highest score down, a box is kept unless its IoU with a box
    already kept, of the same label, is larger than threshold. Among equal scores the lower index comes first.
    Returns the indices of the boxes kept, int64, from the highest score down. There is no Python loop over pairs of boxes.
    """
    order = scores.argsort(descending=True, stable=True)
    boxes, labels = boxes[order], labels[order]
    clash = (box_iou(boxes, boxes) > threshold) & (labels[:, None] == labels)
    alive = torch.ones_like(labels, dtype=torch.bool)
    for i in range(len(boxes)):
        if alive[i]:
            alive[i + 1 :] &= ~clash[i, i + 1 :]
    return order[alive]
