# blind: passed at try 1
import math

import torch
from torch import Tensor


def areas(boxes: Tensor) -> Tensor:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    """numerator / denominator, and 0 (with finite gradients) where the denominator is 0."""
    empty = denominator == 0
    return (numerator / denominator.masked_fill(empty, 1.0)).masked_fill(empty, 0.0)


def overlaps(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Areas of intersection and union of each pair, (n, m)."""
    corner = torch.maximum(a[:, None, :2], b[None, :, :2])
    opposite = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    intersection = (opposite - corner).clamp(min=0).prod(dim=-1)
    return intersection, areas(a)[:, None] + areas(b)[None] - intersection


def box_iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of each pair of boxes."""
    return ratio(*overlaps(a, b))


def generalized_iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU minus the part of the hull that belongs to neither box."""
    intersection, union = overlaps(a, b)
    corner = torch.minimum(a[:, None, :2], b[None, :, :2])
    opposite = torch.maximum(a[:, None, 2:], b[None, :, 2:])
    hull = areas(torch.cat((corner, opposite), dim=-1))
    return ratio(intersection, union) - ratio(hull - union, hull)


def decode(anchors: Tensor, offsets: Tensor) -> Tensor:
    """Boxes from anchors and what a network predicts for each of them."""
    size = anchors[:, 2:] - anchors[:, :2]
    centre = anchors[:, :2] + size / 2 + offsets[:, :2] * size
    half = size * offsets[:, 2:].clamp(max=math.log(1000 / 16)).exp() / 2
    return torch.cat((centre - half, centre + half), dim=1)


@torch.no_grad()
def nms(boxes: Tensor, scores: Tensor, labels: Tensor, threshold: float) -> Tensor:
    """Non-maximum suppression for each class; indices kept, from the highest score down."""
    waiting = torch.sort(scores, descending=True, stable=True).indices
    kept = []
    while len(waiting) > 0:
        best, waiting = waiting[:1], waiting[1:]
        kept.append(best)
        same_object = (box_iou(boxes[best], boxes[waiting])[0] > threshold) & (labels[waiting] == labels[best])
        waiting = waiting[~same_object]
    return torch.cat(kept) if kept else waiting
