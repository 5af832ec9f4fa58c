"""The same by other means: thresholds with a count of ties, Python sorting, index_select, gradients and momentum cleared instead of weights."""

import math

import torch


def keep_largest(scores, sparsity):
    if sparsity < 0 or sparsity > 1 or math.isnan(sparsity):
        raise ValueError("sparsity")
    n = scores.numel()
    k = round(n * sparsity)
    if k == 0:
        return torch.full((n,), True, device=scores.device)
    threshold = scores.kthvalue(k).values
    below, tied = scores < threshold, scores == threshold
    missing = k - int(below.sum())
    return ~(below | (tied & (tied.cumsum(0) <= missing)))


def magnitude_masks(parameters, sparsity, *, scope="global"):
    if scope not in {"global", "layer"} or not 0 <= sparsity <= 1:
        raise ValueError("scope or sparsity")
    weights = [(name, value) for name, value in parameters.items() if value.ndim > 1]
    if scope == "layer":
        return {name: keep_largest(value.detach().abs().reshape(-1), sparsity).view(value.shape) for name, value in weights}
    ranking = sorted(
        (magnitude, layer, place)
        for layer, (_, value) in enumerate(weights)
        for place, magnitude in enumerate(value.detach().abs().reshape(-1).tolist())
    )
    masks = {name: torch.ones(value.numel(), dtype=torch.bool, device=value.device) for name, value in weights}
    for layer, (name, _) in enumerate(weights):
        gone = [place for _, which, place in ranking[: round(sparsity * len(ranking))] if which == layer]
        masks[name][gone] = False
    return {name: masks[name].view(value.shape) for name, value in weights}


def filter_mask(weight, sparsity, *, p=2):
    norms = weight.detach().abs().pow(p).sum(dim=(1, 2, 3)).pow(1 / p)
    return keep_largest(norms, sparsity)


def cut_filters(weight, bias, next_weight, keep):
    places = keep.nonzero().flatten()
    if next_weight.ndim == 4:
        cut = next_weight.index_select(1, places)
    else:
        cut = next_weight[:, keep.repeat_interleave(next_weight.shape[1] // keep.numel())]
    return weight.index_select(0, places), bias.index_select(0, places) if bias is not None else None, cut


def sparsity_at(step, *, first, last, final, initial=0.0):
    if first == last:
        return initial if step < first else final
    progress = min(max((step - first) / (last - first), 0.0), 1.0)
    return initial + (final - initial) * (1 - (1 - progress) ** 3)


def apply_masks(model, masks):
    for name, mask in masks.items():
        parameter = model.get_parameter(name)
        parameter.data = torch.where(mask, parameter.data, torch.zeros_like(parameter.data))


def masked_step(model, optimiser, masks):
    apply_masks(model, masks)
    for name, mask in masks.items():
        parameter = model.get_parameter(name)
        if parameter.grad is not None:
            parameter.grad[~mask] = 0
        for value in optimiser.state[parameter].values():
            if torch.is_tensor(value) and value.shape == mask.shape:
                value[~mask] = 0
    optimiser.step()


def prune_while_training(model, optimiser, batches, *, first, last, final):
    masks = {}
    for t, (x, y) in enumerate(batches):
        masks = magnitude_masks({name: p.data for name, p in model.named_parameters()}, sparsity_at(t, first=first, last=last, final=final))
        apply_masks(model, masks)
        model.zero_grad()
        logits = model(x)
        loss = (logits.logsumexp(dim=1) - logits[torch.arange(len(y), device=y.device), y]).mean()
        loss.backward()
        masked_step(model, optimiser, masks)
    return masks
