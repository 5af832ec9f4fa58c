"""Another right answer: coordinates by name, and a suppression that works on what is left of each class."""

import math

import torch


def split(boxes):
    return boxes.unbind(-1)


def parts(a, b):
    ax1, ay1, ax2, ay2 = (v.unsqueeze(1) for v in split(a))
    bx1, by1, bx2, by2 = (v.unsqueeze(0) for v in split(b))
    width = (torch.min(ax2, bx2) - torch.max(ax1, bx1)).relu()
    height = (torch.min(ay2, by2) - torch.max(ay1, by1)).relu()
    both = width * height
    either = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - both
    hull = (torch.max(ax2, bx2) - torch.min(ax1, bx1)) * (torch.max(ay2, by2) - torch.min(ay1, by1))
    return both, either, hull


def safe(a, b):
    empty = b == 0
    return (a / b.masked_fill(empty, 1.0)).masked_fill(empty, 0.0)


def box_iou(a, b):
    both, either, _ = parts(a, b)
    return safe(both, either)


def generalized_iou(a, b):
    both, either, hull = parts(a, b)
    return safe(both, either) + safe(either - hull, hull)


def decode(anchors, offsets):
    x1, y1, x2, y2 = split(anchors)
    tx, ty, tw, th = split(offsets)
    width, height = x2 - x1, y2 - y1
    limit = math.log(62.5)
    new_width, new_height = width * torch.exp(tw.clamp(max=limit)), height * torch.exp(th.clamp(max=limit))
    x, y = (x1 + x2) / 2 + tx * width, (y1 + y2) / 2 + ty * height
    return torch.stack([x - new_width / 2, y - new_height / 2, x + new_width / 2, y + new_height / 2], dim=1)


def nms(boxes, scores, labels, threshold):
    kept = []
    for label in labels.unique():
        left = (labels == label).nonzero()[:, 0]
        left = left[torch.sort(-scores[left], stable=True).indices]
        while len(left) > 0:
            best, left = left[0], left[1:]
            kept.append(best)
            left = left[box_iou(boxes[best][None], boxes[left])[0] <= threshold]
    if not kept:
        return labels.new_zeros(0)
    kept = torch.stack(kept).sort().values
    return kept[torch.sort(-scores[kept], stable=True).indices]
