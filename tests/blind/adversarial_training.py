# blind: passed at try 1
import torch
import torch.nn.functional as F
from torch import Tensor, nn


def attack(model: nn.Module, x: Tensor, labels: Tensor, eps: float, step: float, steps: int, start: Tensor) -> Tensor:
    """PGD in the maximum norm, written in a hurry: it uses the model in the mode it is in and leaves gradients on the parameters.

    Begins at start, keeps within eps of x and in [0, 1], and returns a tensor like x.
    """
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
    of the attacked batch alone and one plain step p -= learning_rate * gradient of that loss; no other gradient plays a part.
    x: (batch, ...), in [0, 1]; labels: (batch,), int64. Leaves the model in training mode. Returns the loss before the step, a float.
    """
    model.eval()
    attacked = attack(model, x, labels, eps, step, steps, start).detach()
    model.train()
    loss = F.cross_entropy(model(attacked), labels)
    parameters = [p for p in model.parameters() if p.requires_grad]
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
    with torch.no_grad():
        for p, gradient in zip(parameters, gradients, strict=True):
            if gradient is not None:
                p -= learning_rate * gradient
    return loss.item()


def trades_loss(clean_logits: Tensor, attacked_logits: Tensor, labels: Tensor, beta: float) -> Tensor:
    """Cross-entropy of the clean logits plus beta times KL(p clean || p attacked), each the mean over the batch.

    logits: (batch, classes), of any size; labels: (batch,), int64. p is the softmax. Returns a scalar; gradients reach both kinds of logits.
    """
    clean, attacked = clean_logits.log_softmax(1), attacked_logits.log_softmax(1)
    divergence = (clean.exp() * (clean - attacked)).sum(1)
    return F.nll_loss(clean, labels) + beta * divergence.mean()


def robust_accuracy(model: nn.Module, x: Tensor, labels: Tensor, eps: float, step: float, steps: int, start: Tensor) -> float:
    """The part of the samples that the model names rightly after attack(model, x, labels, eps, step, steps, start), a float.

    Everything happens in evaluation mode; afterwards the model as a whole is in the mode it was in. There is at least one sample.
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    attacked = attack(model, x, labels, eps, step, steps, start)
    with torch.no_grad():
        right = model(attacked).argmax(1) == labels
    for module, mode in modes.items():
        module.training = mode
    return right.double().mean().item()


def fit(x: Tensor, labels: Tensor, eps: float) -> nn.Module:
    """Train a classifier of digits that withstands changes of up to eps in each pixel; eps = 0 means ordinary training.

    x: (n, 64), float32 in [0, 1]; labels: (n,), int64. Model and method are free; returns an nn.Module from (batch, 64) to logits (batch, 10).
    """
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10)).to(x.device)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(40):
        for rows in torch.randperm(len(x), device=x.device).split(64):
            clean, answers = x[rows], labels[rows]
            seen = clean
            if eps > 0:
                start = (clean + torch.empty_like(clean).uniform_(-eps, eps)).clamp(0, 1)
                seen = attack(model, clean, answers, eps, eps / 3, 5, start).detach()
            optimiser.zero_grad()  # also drops what the attack left behind
            F.cross_entropy(model(seen), answers).backward()
            optimiser.step()
    return model.eval()
