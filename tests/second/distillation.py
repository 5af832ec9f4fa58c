"""Another right answer: probabilities by hand, the entropy of the teacher as a constant, gradients asked for by name."""

import torch


def log_probabilities(logits, temperature):
    scaled = logits / temperature
    return scaled - torch.logsumexp(scaled, dim=-1, keepdim=True)


def soft_target_loss(student_logits, teacher_logits, temperature):
    with torch.no_grad():
        teacher = log_probabilities(teacher_logits, temperature)
        weights = teacher.exp()
        negative_entropy = (weights * teacher).sum()
    cross = -(weights * log_probabilities(student_logits, temperature)).sum()
    return (cross + negative_entropy) * temperature * temperature / len(student_logits)


def distillation_loss(student_logits, teacher_logits, labels, *, temperature=4.0, alpha=0.9):
    hard = -log_probabilities(student_logits, 1.0).gather(1, labels[:, None]).mean()
    return hard + alpha * (soft_target_loss(student_logits, teacher_logits, temperature) - hard)


def hint_loss(student_features, teacher_features, projection):
    difference = projection(student_features) - teacher_features.clone().detach()
    return (difference * difference).sum() / difference.numel()


def distil(student, teacher, optimiser, batches, *, temperature=4.0, alpha=0.9):
    teacher.train(mode=False)
    student.train(mode=True)
    history = []
    for x, labels in batches:
        loss = distillation_loss(student(x), teacher(x), labels, temperature=temperature, alpha=alpha)
        parameters = list(student.parameters())
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            parameter.grad = gradient
        optimiser.step()
        history.append(float(loss.detach()))
    return history
