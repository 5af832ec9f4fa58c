"""Sum over all alignments at once: they share their beginnings and ends, so two sweeps over a narrow lattice see all of them."""

import numpy as np
import torch
from torch import Tensor


def ctc(log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int = 0) -> Tensor:
    """-log of the probability of each target: the sum over all alignments that become it by merging repeats and then dropping blanks.

    log_probs: (time, batch, classes), log-softmax over the classes. targets: (batch, length) int64; target b is targets[b, :target_lengths[b]],
    without blanks, what follows is padding (any class). input_lengths: (batch,) int64, from 1 to time: step t of sequence b counts for
    t < input_lengths[b]. target_lengths: (batch,) int64, from 0 on. Returns (batch,) in the dtype of log_probs, inf where no alignment is long
    enough. No gradient has to flow through it.
    """
    labels, skips = _lattice(targets, blank)
    return -_end(_forward(_emissions(log_probs, labels), skips, input_lengths)[-1], target_lengths)


def ctc_gradient(logits: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int = 0) -> Tensor:
    """The gradient of the sum of ctc(log_softmax(logits), ...) with respect to the logits.

    It is softmax(logits) minus the probability that an alignment of the target has this class at this step; 0 at steps that do not count, and 0 all
    over a sequence whose loss is inf. logits: (time, batch, classes), of any size. Returns the same shape and dtype.
    """
    log_probs = logits.log_softmax(dim=2)
    labels, skips = _lattice(targets, blank)
    emissions = _emissions(log_probs, labels)
    alphas = _forward(emissions, skips, input_lengths)
    total = _end(alphas[-1], target_lengths)
    betas = [torch.full_like(alphas[0], -torch.inf)]
    place = torch.arange(labels.shape[1], device=labels.device)
    behind = 2 * target_lengths[:, None] - place
    final = torch.zeros_like(alphas[0]).masked_fill((behind != 0) & (behind != 1), -torch.inf)
    for t in reversed(range(len(logits))):
        if t + 1 < len(logits):
            after = betas[0] + emissions[t + 1]
            skipped = torch.where(_shifted(skips.flip(1), 2, False).flip(1), _shifted(after.flip(1), 2).flip(1), -torch.inf)
            after = torch.stack([after, _shifted(after.flip(1), 1).flip(1), skipped]).logsumexp(dim=0)
        else:
            after = betas[0]
        betas.insert(0, torch.where((t == input_lengths - 1)[:, None], final, torch.where((t < input_lengths)[:, None], after, -torch.inf)))
    occupied = (torch.stack(alphas) + torch.stack(betas[:-1]) - total[:, None]).exp()
    gradient = log_probs.exp().scatter_add(2, labels.expand(len(logits), -1, -1), -occupied)
    counted = (torch.arange(len(logits), device=logits.device)[:, None] < input_lengths) & total.isfinite()
    return torch.where(counted[:, :, None], gradient, 0)


def greedy_decode(log_probs: Tensor, input_lengths: Tensor, blank: int = 0) -> list[list[int]]:
    """The labels of the likeliest alignment of each sequence: the best class at each step that counts, repeats merged, then blanks dropped."""
    decoded = []
    for row, length in zip(log_probs.argmax(dim=2).T.tolist(), input_lengths.tolist(), strict=True):
        path = row[:length]
        decoded.append([c for t, c in enumerate(path) if c != blank and (t == 0 or c != path[t - 1])])
    return decoded


def prefix_beam_search(log_probs: Tensor, beam: int, blank: int = 0) -> tuple[list[int], float]:
    """(labels, log-probability): the best labelling of one sequence that a search over prefixes finds.

    log_probs: (time, classes). A prefix has two probabilities: that of all alignments so far which become it and end with blank, and with its
    last label. At first only the empty prefix is there, with 1 and 0. At each step each kept prefix passes both on: by blank to itself; by its
    last label to itself from the alignments that end with that label, and to the prefix one longer from those that end with blank; by any
    other class to the prefix one longer. What arrives at the same prefix is added up, and the `beam` prefixes with the largest sum of both are
    kept. Returns the best of the last step and the log of its sum. No underflow, however long the sequence.
    """
    kept: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, -np.inf)}
    for step in log_probs.tolist():
        new: dict[tuple[int, ...], tuple[float, float]] = {}
        for prefix, (by_blank, by_label) in kept.items():
            both = np.logaddexp(by_blank, by_label)
            for c, log_p in enumerate(step):
                if c == blank:
                    _add(new, prefix, both + log_p, -np.inf)
                elif prefix and c == prefix[-1]:
                    _add(new, prefix, -np.inf, by_label + log_p)
                    _add(new, (*prefix, c), -np.inf, by_blank + log_p)
                else:
                    _add(new, (*prefix, c), -np.inf, both + log_p)
        kept = dict(sorted(new.items(), key=lambda item: -np.logaddexp(*item[1]))[:beam])
    labels, sums = next(iter(kept.items()))
    return list(labels), float(np.logaddexp(*sums))


def _add(prefixes: dict[tuple[int, ...], tuple[float, float]], prefix: tuple[int, ...], by_blank: float, by_label: float) -> None:
    old = prefixes.get(prefix, (-np.inf, -np.inf))
    prefixes[prefix] = np.logaddexp(old[0], by_blank), np.logaddexp(old[1], by_label)


def _lattice(targets: Tensor, blank: int) -> tuple[Tensor, Tensor]:
    """Targets with a blank before, between and after, (batch, 2 * length + 1), and where one may come from two places before."""
    labels = targets.new_full((len(targets), 2 * targets.shape[1] + 1), blank)
    labels[:, 1::2] = targets
    return labels, (labels != blank) & (labels != _shifted(labels, 2, blank))


def _emissions(log_probs: Tensor, labels: Tensor) -> Tensor:
    return log_probs.gather(2, labels.expand(len(log_probs), -1, -1))


def _shifted(x: Tensor, places: int, fill: float = -torch.inf) -> Tensor:
    return torch.cat([torch.full_like(x[:, :places], fill), x], dim=1)[:, : x.shape[1]]


def _forward(emissions: Tensor, skips: Tensor, input_lengths: Tensor) -> list[Tensor]:
    """After each step the log-probability of being at each place; it stays as it is where steps do not count."""
    start = torch.full_like(emissions[0], -torch.inf)
    start[:, :2] = emissions[0, :, :2]
    alphas = [start]
    for t in range(1, len(emissions)):
        last = alphas[-1]
        skipped = torch.where(skips, _shifted(last, 2), -torch.inf)
        new = torch.stack([last, _shifted(last, 1), skipped]).logsumexp(dim=0) + emissions[t]
        alphas.append(torch.where((t < input_lengths)[:, None], new, last))
    return alphas


def _end(alpha: Tensor, target_lengths: Tensor) -> Tensor:
    last = alpha.gather(1, 2 * target_lengths[:, None]).squeeze(1)
    before = alpha.gather(1, (2 * target_lengths[:, None] - 1).clamp(min=0)).squeeze(1)
    return torch.where(target_lengths > 0, torch.logaddexp(last, before), last)
