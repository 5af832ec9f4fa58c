"""Few labels, many inputs: trust the model where it is sure, keep a slow copy of it, let labels flow along a graph."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def pseudo_labels(logits: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """(labels, sure): the most probable class of each row, int64, and whether its softmax probability is at least the threshold, bool.

    logits: (n, classes). Both results are (n,) and carry no graph.
    """
    probability, labels = logits.detach().softmax(dim=-1).max(dim=-1)
    return labels, probability >= threshold


def fixmatch_loss(
    logits: Tensor, labels: Tensor, weak_logits: Tensor, strong_logits: Tensor, *, threshold: float = 0.95, weight: float = 1.0
) -> Tensor:
    """Cross-entropy on the labelled batch + weight * consistency on the unlabelled one; a 0-d tensor.

    logits: (n, classes) with labels (n,) of int64, averaged over n. weak_logits, strong_logits: (m, classes), for a weakly and a strongly augmented
    view of the same m inputs, m at least 1. Consistency: the cross-entropy of the strong view with the weak view's pseudo-label, summed over the
    inputs where that is sure, and divided by m, however many they are. No gradient flows to weak_logits.
    """
    targets, sure = pseudo_labels(weak_logits, threshold)
    consistency = (F.cross_entropy(strong_logits, targets, reduction="none") * sure).mean()
    return F.cross_entropy(logits, labels) + weight * consistency


def update_teacher(student: nn.Module, teacher: nn.Module, step: int, *, decay: float = 0.999) -> None:
    """Mean teacher: after step number `step` (0, 1, ...) of the student, move the teacher's parameters towards it, in place.

    teacher = d * teacher + (1 - d) * student with d = min(decay, step / (step + 1)): a plain average at first, step 0 being a copy. The student and
    all buffers stay as they are; no graph arises.
    """
    d = min(decay, step / (step + 1))
    with torch.no_grad():
        for slow, fast in zip(teacher.parameters(), student.parameters(), strict=True):
            slow.mul_(d).add_((1 - d) * fast)


def propagate_labels(weights: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Label propagation: the class probabilities of all nodes of a graph, (n, classes) of float64, each row with the sum 1.

    weights: (n, n) of float64, not negative, symmetric. labels: (n,) of int64, -1 for unknown. Known nodes keep probability 1 for their label.
    An unknown node's row is the mean of all rows, weighted by its row of weights (its own weight included). Each unknown node is connected with
    a known one, maybe through others. Accurate to 1e-6.
    """
    known = labels >= 0
    step = weights / weights.sum(dim=1, keepdim=True)
    result = torch.zeros(len(labels), classes, dtype=weights.dtype, device=weights.device)
    result[known] = F.one_hot(labels[known], classes).to(weights.dtype)
    # u = P_uu u + P_uk k, solved for the rows u that are unknown
    here, there = step[~known][:, ~known], step[~known][:, known]
    result[~known] = torch.linalg.solve(torch.eye(len(here), dtype=step.dtype, device=step.device) - here, there @ result[known])
    return result
