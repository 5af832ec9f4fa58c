"""Train on the worst input in the ball instead of the given one, and keep the attack from leaving traces in the training."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def attack(model: nn.Module, x: Tensor, labels: Tensor, eps: float, step: float, steps: int, start: Tensor) -> Tensor:
    """PGD in the maximum norm, written in a hurry: it uses the model in the mode it is in and leaves gradients on the parameters.

    Begins at start, which lies within eps of x and in [0, 1], keeps there, and returns a tensor like x; after 0 steps that is start.
    """
    # given
    moved = start
    for _ in range(steps):
        moved = moved.detach().requires_grad_()
        F.cross_entropy(model(moved), labels).backward()
        assert moved.grad is not None
        moved = (x + (moved.detach() + step * moved.grad.sign() - x).clamp(-eps, eps)).clamp(0, 1)
    return moved


def adversarial_step(model: nn.Module, x: Tensor, labels: Tensor, learning_rate: float, eps: float, step: float, steps: int, start: Tensor) -> float:
    """One step of adversarial training; changes the model's parameters in place.

    Attacks with attack(model, x, labels, eps, step, steps, start), the model in evaluation mode. Then, in training mode, takes the mean cross-entropy
    of the attacked batch alone, by one forward pass, and one plain step p -= learning_rate * gradient of that loss; no other gradient plays a part.
    x: (batch, ...), in [0, 1]; labels: (batch,), int64. The model comes in either mode and leaves in training mode; each of its parameters takes
    part in the loss. Returns the loss before the step, a float.
    """
    model.eval()
    attacked = attack(model, x, labels, eps, step, steps, start)
    model.train()
    model.zero_grad()
    loss = F.cross_entropy(model(attacked), labels)
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.sub_(learning_rate * parameter.grad)
    return loss.item()


def trades_loss(clean_logits: Tensor, attacked_logits: Tensor, labels: Tensor, beta: float) -> Tensor:
    """Cross-entropy of the clean logits plus beta times KL(p clean || p attacked), each the mean over the batch.

    logits: (batch, classes), of any magnitude up to 1,000; labels: (batch,), int64; beta >= 0. p is the softmax. The divergence is summed over the
    classes. Returns a scalar; gradients reach both kinds of logits.
    """
    clean, attacked = clean_logits.log_softmax(dim=1), attacked_logits.log_softmax(dim=1)
    divergence = (clean.exp() * (clean - attacked)).sum(dim=1).mean()
    return F.cross_entropy(clean_logits, labels) + beta * divergence


def robust_accuracy(model: nn.Module, x: Tensor, labels: Tensor, eps: float, step: float, steps: int, start: Tensor) -> float:
    """The part of the samples that the model names rightly after attack(model, x, labels, eps, step, steps, start), a float.

    Everything happens in evaluation mode; afterwards model.training is what it was: model.train() after training mode. Parameters and buffers stay
    the same. There is at least one sample.
    """
    was = model.training
    model.eval()
    attacked = attack(model, x, labels, eps, step, steps, start)
    with torch.no_grad():
        right = model(attacked).argmax(dim=1) == labels
    model.train(was)
    return right.double().mean().item()


def fit(x: Tensor, labels: Tensor, eps: float) -> nn.Module:
    """Train a classifier of digits that withstands changes of up to eps in each pixel; eps = 0 means ordinary training.

    x: (n, 64), float32 in [0, 1]; labels: (n,), int64. Model and method are free; returns an nn.Module from (batch, 64) to logits (batch, 10), on the
    device of x, which is used in evaluation mode.
    """
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).to(x.device)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(12):
        for batch in torch.randperm(len(x)).split(64):
            attacked = attack(model, x[batch], labels[batch], eps, eps / 2, 3, x[batch])
            optimiser.zero_grad()
            F.cross_entropy(model(attacked), labels[batch]).backward()
            optimiser.step()
    return model
