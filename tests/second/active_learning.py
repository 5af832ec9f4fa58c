"""Another right answer: sorting, a clamped logarithm, the divergence from the mean for BALD, and all distances anew for each centre."""

import torch


def least_confidence(probabilities):
    return (1 - probabilities).min(dim=1).values


def margin(probabilities):
    ordered = probabilities.sort(dim=1).values
    return 1 + ordered[:, -2] - ordered[:, -1]


def entropy(probabilities):
    tiny = torch.finfo(probabilities.dtype).tiny
    return (probabilities * -probabilities.clamp(min=tiny).log()).sum(-1)


def bald(samples):
    tiny = torch.finfo(samples.dtype).tiny
    mean = samples.mean(0, keepdim=True)
    return (samples * (samples.clamp(min=tiny).log() - mean.clamp(min=tiny).log())).sum(-1).mean(0)


def select(scores, labelled, k):
    places = [i for i in range(len(scores)) if not labelled[i]]
    places.sort(key=lambda i: (-scores[i].item(), i))
    return torch.tensor(places[:k], dtype=torch.int64, device=scores.device)


def k_centre_greedy(features, labelled, k):
    centres = [i for i in range(len(features)) if labelled[i]]
    chosen = []
    for _ in range(k):
        best, far = None, -1.0
        for i in range(len(features)):
            if i in centres:
                continue
            distance = min(float(((features[i] - features[c]) ** 2).sum()) for c in centres)
            if distance > far:
                best, far = i, distance
        centres.append(best)
        chosen.append(best)
    return torch.tensor(chosen, dtype=torch.int64, device=features.device)
