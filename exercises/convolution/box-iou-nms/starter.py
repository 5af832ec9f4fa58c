import math

import torch
from torch import Tensor


def box_iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of each pair of boxes.

    a: (n, 4), b: (m, 4), rows (x1, y1, x2, y2) with x1 <= x2 and y1 <= y2, float32 or float64; n and m may be 0. Coordinates are real numbers,
    so a box has the area (x2 - x1) * (y2 - y1). Returns (n, m); 0 where the union has no area. Gradients reach a and b.
    """
    raise NotImplementedError("your turn")


def generalized_iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU minus the part of the hull that belongs to neither box; the hull is the smallest box around both.

    Arguments and result as in box_iou, values in [-1, 1]. Where the hull has no area, that part is 0.
    """
    raise NotImplementedError("your turn")


def decode(anchors: Tensor, offsets: Tensor) -> Tensor:
    """Boxes from anchors and what a network predicts for each of them.

    anchors: (n, 4), rows (x1, y1, x2, y2). offsets: (n, 4), rows (tx, ty, tw, th): the centre moves by tx widths and ty heights of the anchor,
    width and height are multiplied by exp(tw) and exp(th); a tw or th above log(1000 / 16) counts as log(1000 / 16), so that nothing overflows.
    Returns boxes (n, 4), rows (x1, y1, x2, y2). Gradients reach anchors and offsets.
    """
    raise NotImplementedError("your turn")


def nms(boxes: Tensor, scores: Tensor, labels: Tensor, threshold: float) -> Tensor:
    """Non-maximum suppression for each class.

    boxes: (n, 4) as in box_iou; scores: (n,); labels: (n,), int64; n may be 0. From the highest score down, a box is kept unless its IoU with a box
    already kept, of the same label, is larger than threshold. Among equal scores the lower index comes first.
    Returns the indices of the boxes kept, int64, from the highest score down. There is no Python loop over pairs of boxes.
    """
    raise NotImplementedError("your turn")
