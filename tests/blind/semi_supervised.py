# blind: passed at try 1
import torch
import torch.nn.functional as F
from torch import Tensor, nn


def pseudo_labels(logits: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """(labels, sure): the most probable class of each row, and whether its probability is at least the threshold."""
    probability, label = logits.detach().softmax(dim=1).max(dim=1)
    return label, probability >= threshold


def fixmatch_loss(
    logits: Tensor, labels: Tensor, weak_logits: Tensor, strong_logits: Tensor, *, threshold: float = 0.95, weight: float = 1.0
) -> Tensor:
    """Cross-entropy on the labelled batch + weight * consistency on the unlabelled one."""
    guesses, sure = pseudo_labels(weak_logits, threshold)
    consistency = F.cross_entropy(strong_logits[sure], guesses[sure], reduction="sum") / len(strong_logits)
    return F.cross_entropy(logits, labels) + weight * consistency


@torch.no_grad()
def update_teacher(student: nn.Module, teacher: nn.Module, step: int, *, decay: float = 0.999) -> None:
    """Move the teacher's parameters towards the student's, in place; a plain average at first."""
    d = min(decay, step / (step + 1))
    for slow, fast in zip(teacher.parameters(), student.parameters(), strict=True):
        slow.copy_(d * slow + (1 - d) * fast)


@torch.no_grad()
def propagate_labels(weights: Tensor, labels: Tensor, classes: int) -> Tensor:
    """The class probabilities of all nodes of a graph.

    For unknown nodes, sum_j w_ij (f_i - f_j) = 0: a linear system, in which a node's weight on itself cancels.
    """
    result = torch.zeros(len(labels), classes, dtype=torch.float64, device=weights.device)
    known = labels >= 0
    result[known] = F.one_hot(labels[known], classes).double()
    if known.all():
        return result
    others = weights.clone().fill_diagonal_(0)
    share = others[~known] / others[~known].sum(dim=1, keepdim=True)
    inner, outer = share[:, ~known], share[:, known]
    system = torch.eye(len(inner), dtype=torch.float64, device=weights.device) - inner
    result[~known] = torch.linalg.solve(system, outer @ result[known])
    return result
