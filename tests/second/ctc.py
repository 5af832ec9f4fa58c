"""Another right answer: each sequence on its own, the lattice by numbers in lists, the gradient by autograd with a large negative number for log 0."""

import math

import torch

FLOOR = -1e30


def expanded(target, blank):
    labels = [blank]
    for label in target:
        labels += [label, blank]
    return labels


def score(log_probs, target, blank):
    """Log-probability of one target, differentiable; about FLOOR when it is impossible."""
    labels = expanded(target, blank)
    floor = log_probs.new_full((), FLOOR)
    alpha = [log_probs[0, labels[s]] if s < 2 else floor for s in range(len(labels))]
    for t in range(1, len(log_probs)):
        new = []
        for s, label in enumerate(labels):
            ways = [alpha[s]]
            if s > 0:
                ways.append(alpha[s - 1])
            if s > 1 and label != blank and label != labels[s - 2]:
                ways.append(alpha[s - 2])
            new.append(torch.logsumexp(torch.stack(ways), 0) + log_probs[t, label])
        alpha = new
    return torch.logsumexp(torch.stack(alpha[-2:]), 0)


def each(log_probs, targets, input_lengths, target_lengths):
    for b in range(log_probs.shape[1]):
        yield log_probs[: int(input_lengths[b]), b], targets[b, : int(target_lengths[b])].tolist()


def ctc(log_probs, targets, input_lengths, target_lengths, blank=0):
    losses = torch.stack([-score(*one, blank) for one in each(log_probs, targets, input_lengths, target_lengths)])
    return torch.where(losses > 1e20, torch.inf, losses)


def ctc_gradient(logits, targets, input_lengths, target_lengths, blank=0):
    leaf = logits.detach().clone().requires_grad_()
    total = leaf.sum() * 0
    for one in each(leaf.log_softmax(2), targets, input_lengths, target_lengths):
        value = score(*one, blank)
        if value > FLOOR / 2:
            total = total - value
    total.backward()
    return leaf.grad


def greedy_decode(log_probs, input_lengths, blank=0):
    results = []
    for b, length in enumerate(input_lengths.tolist()):
        path = log_probs[:length, b].argmax(1)
        results.append([c for c in torch.unique_consecutive(path).tolist() if c != blank])
    return results


def prefix_beam_search(log_probs, beam, blank=0):
    offset, kept = 0.0, {(): [1.0, 0.0]}
    for step in log_probs.double().cpu():
        largest = float(step.max())
        offset += largest
        p = (step - largest).exp().tolist()
        new = {}
        for prefix, (with_blank, with_label) in kept.items():
            new.setdefault(prefix, [0.0, 0.0])[0] += (with_blank + with_label) * p[blank]
            if prefix:
                new[prefix][1] += with_label * p[prefix[-1]]
            for c in range(len(p)):
                if c != blank:
                    source = with_blank if prefix and prefix[-1] == c else with_blank + with_label
                    new.setdefault((*prefix, c), [0.0, 0.0])[1] += source * p[c]
        scale = max(sum(pair) for pair in new.values())
        offset += math.log(scale)
        order = sorted(new, key=lambda prefix: sum(new[prefix]), reverse=True)[:beam]
        kept = {prefix: [part / scale for part in new[prefix]] for prefix in order}
    best = max(kept, key=lambda prefix: sum(kept[prefix]))
    return list(best), offset + math.log(sum(kept[best]))
