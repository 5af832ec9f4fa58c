import torch
import torch.nn.functional as F
from torch import Tensor, nn


def pseudo_labels(logits: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """(labels, sure): the most probable class of each row, int64, and whether its softmax probability is at least the threshold, bool.

    logits: (n, classes). Both results are (n,) and carry no graph.
    """
    raise NotImplementedError("your turn")


def fixmatch_loss(
    logits: Tensor, labels: Tensor, weak_logits: Tensor, strong_logits: Tensor, *, threshold: float = 0.95, weight: float = 1.0
) -> Tensor:
    """Cross-entropy on the labelled batch + weight * consistency on the unlabelled one; a 0-d tensor.

    logits: (n, classes) with labels (n,) of int64, averaged over n. weak_logits, strong_logits: (m, classes), for a weakly and a strongly augmented
    view of the same m inputs, m at least 1. Consistency: the cross-entropy of the strong view with the weak view's pseudo-label, summed over the
    inputs where that is sure, and divided by m, however many they are. No gradient flows to weak_logits.
    """
    raise NotImplementedError("your turn")


def update_teacher(student: nn.Module, teacher: nn.Module, step: int, *, decay: float = 0.999) -> None:
    """Mean teacher: after step number `step` (0, 1, ...) of the student, move the teacher's parameters towards it, in place.

    teacher = d * teacher + (1 - d) * student with d = min(decay, step / (step + 1)): a plain average at first, step 0 being a copy. The student and
    all buffers stay as they are; no graph arises.
    """
    raise NotImplementedError("your turn")


def propagate_labels(weights: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Label propagation: the class probabilities of all nodes of a graph, (n, classes) of float64, each row with the sum 1.

    weights: (n, n) of float64, not negative, symmetric. labels: (n,) of int64, -1 for unknown. Known nodes keep probability 1 for their label.
    An unknown node's row is the mean of all rows, weighted by its row of weights (its own weight included). Each unknown node is connected with
    a known one, maybe through others. Accurate to 1e-6.
    """
    raise NotImplementedError("your turn")
