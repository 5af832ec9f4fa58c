"""A teacher's wrong answers say how classes resemble each other: soften them by a temperature and let a small network imitate them."""

from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def soft_target_loss(student_logits: Tensor, teacher_logits: Tensor, temperature: float) -> Tensor:
    """T^2 times KL(teacher || student) of the softmax at temperature T: summed over classes, mean over the batch; a 0-d tensor.

    Both logits: (batch, classes), of any size up to 1e4; temperature above 0. No gradient flows to the teacher's.
    """
    log_p = F.log_softmax(teacher_logits.detach() / temperature, dim=1)
    log_q = F.log_softmax(student_logits / temperature, dim=1)
    return temperature**2 * (log_p.exp() * (log_p - log_q)).sum(dim=1).mean()


def distillation_loss(student_logits: Tensor, teacher_logits: Tensor, labels: Tensor, *, temperature: float = 4.0, alpha: float = 0.9) -> Tensor:
    """Both losses mixed: alpha * soft_target_loss + (1 - alpha) * mean cross-entropy with the labels, (batch,) of int64, at temperature 1."""
    soft = soft_target_loss(student_logits, teacher_logits, temperature)
    return alpha * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)


def hint_loss(student_features: Tensor, teacher_features: Tensor, projection: Callable[[Tensor], Tensor]) -> Tensor:
    """Mean squared error, over all entries, between projection(student_features) and the teacher's features.

    student_features: (batch, s), teacher_features: (batch, t); projection maps (batch, s) to (batch, t) and learns too.
    No gradient flows to the teacher's features.
    """
    return F.mse_loss(projection(student_features), teacher_features.detach())


def distil(
    student: nn.Module,
    teacher: nn.Module,
    optimiser: torch.optim.Optimizer,
    batches: Iterable[tuple[Tensor, Tensor]],
    *,
    temperature: float = 4.0,
    alpha: float = 0.9,
) -> list[float]:
    """Train the student with distillation_loss, one step of the optimiser for each batch (x, labels).

    Models map x (batch, features) to logits. The student is set to train mode, the teacher to eval mode (both stay so); of the teacher nothing
    changes, no parameter, no buffer, no .grad. Gradients left over from earlier play no part. Returns the loss before each step.
    """
    student.train()
    teacher.eval()
    losses = []
    for x, labels in batches:
        with torch.no_grad():
            targets = teacher(x)
        loss = distillation_loss(student(x), targets, labels, temperature=temperature, alpha=alpha)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses
