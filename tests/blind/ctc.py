# blind: passed at try 1
import numpy as np
import torch
from torch import Tensor


def extended(target: Tensor, blank: int) -> tuple[Tensor, Tensor]:
    """The target with blanks around each label, and whether a state may be entered from two states before."""
    states = target.new_full((2 * len(target) + 1,), blank)
    states[1::2] = target
    skip = torch.zeros(len(states), dtype=torch.bool)
    skip[2:] = (states[2:] != blank) & (states[2:] != states[:-2])
    return states, skip


def shifted(row: Tensor, by: int) -> Tensor:
    out = torch.full_like(row, -torch.inf)
    out[by:] = row[: max(len(row) - by, 0)]
    return out


def forward(emitted: Tensor, skip: Tensor) -> Tensor:
    """(steps, states): log-probability of all beginnings of an alignment that are in this state after this step."""
    alpha = torch.full_like(emitted, -torch.inf)
    alpha[0, :2] = emitted[0, :2]
    for t in range(1, len(emitted)):
        stay, one = alpha[t - 1], shifted(alpha[t - 1], 1)
        two = shifted(alpha[t - 1], 2).masked_fill(~skip, -torch.inf)
        alpha[t] = emitted[t] + torch.stack((stay, one, two)).logsumexp(dim=0)
    return alpha


def sequence(log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int, b: int) -> tuple[Tensor, ...]:
    """(states, skip, emitted, alpha, log-probability of the target) of sequence b."""
    states, skip = extended(targets[b, : int(target_lengths[b])], blank)
    emitted = log_probs[: int(input_lengths[b]), b][:, states].double()
    alpha = forward(emitted, skip)
    return states, skip, emitted, alpha, alpha[-1, -2:].logsumexp(dim=0)


@torch.no_grad()
def ctc(log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int = 0) -> Tensor:
    """-log of the probability of each target, (batch,)."""
    losses = torch.zeros(log_probs.shape[1], dtype=log_probs.dtype)
    for b in range(len(losses)):
        losses[b] = -sequence(log_probs, targets, input_lengths, target_lengths, blank, b)[-1]
    return losses


@torch.no_grad()
def ctc_gradient(logits: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int = 0) -> Tensor:
    """The gradient of the sum of the losses with respect to the logits."""
    log_probs = logits.double().log_softmax(dim=-1)
    gradient = torch.zeros_like(log_probs)
    for b in range(logits.shape[1]):
        states, skip, emitted, alpha, total = sequence(log_probs, targets, input_lengths, target_lengths, blank, b)
        if total == -torch.inf:
            continue
        # the same recursion from the other end; a skip into s from s - 2 is one out of s - 2, so the mask moves along
        reverse_skip = torch.zeros_like(skip)
        reverse_skip[:-2] = skip[2:]
        beta = forward(emitted.flip(0, 1), reverse_skip.flip(0)).flip(0, 1)
        posterior = (alpha + beta - emitted - total).exp()  # emitted is in both
        steps = len(emitted)
        gradient[:steps, b] = log_probs[:steps, b].exp().index_add(1, states, posterior, alpha=-1)
    return gradient.to(logits.dtype)


def greedy_decode(log_probs: Tensor, input_lengths: Tensor, blank: int = 0) -> list[list[int]]:
    """The labels of the likeliest alignment of each sequence."""
    best = log_probs.argmax(dim=-1)
    decoded = []
    for b, length in enumerate(input_lengths.tolist()):
        merged = best[:length, b].unique_consecutive()
        decoded.append(merged[merged != blank].tolist())
    return decoded


def prefix_beam_search(log_probs: Tensor, beam: int, blank: int = 0) -> tuple[list[int], float]:
    """(labels, log-probability) of the best labelling that a search over prefixes finds."""
    kept = {(): (0.0, -np.inf)}  # prefix: log-probabilities (ends with blank, ends with its last label)
    for step in log_probs.detach().double().tolist():
        arrived: dict[tuple[int, ...], list[float]] = {}

        def add(prefix: tuple[int, ...], end: int, value: float, arrived: dict = arrived) -> None:
            entry = arrived.setdefault(prefix, [-np.inf, -np.inf])
            entry[end] = float(np.logaddexp(entry[end], value))

        for prefix, (with_blank, with_label) in kept.items():
            both = float(np.logaddexp(with_blank, with_label))
            for label, log_p in enumerate(step):
                if label == blank:
                    add(prefix, 0, both + log_p)
                elif prefix and label == prefix[-1]:
                    add(prefix, 1, with_label + log_p)
                    add((*prefix, label), 1, with_blank + log_p)
                else:
                    add((*prefix, label), 1, both + log_p)
        ranking = sorted(arrived.items(), key=lambda item: np.logaddexp(*item[1]), reverse=True)
        kept = {prefix: tuple(ends) for prefix, ends in ranking[:beam]}
    best = next(iter(kept))
    return list(best), float(np.logaddexp(*kept[best]))
