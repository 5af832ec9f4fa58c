"""Another right answer: all points of the path in one batch, gradients through an offset added to the layer's output, all squares in one batch."""

import torch


def chosen(model, x, classes):
    return model(x)[torch.arange(len(x), device=x.device), classes]


def input_gradient(model, x, classes):
    with torch.enable_grad():
        leaf = x.detach().clone()
        leaf.requires_grad = True
        (slope,) = torch.autograd.grad([chosen(model, leaf, classes).sum()], [leaf])
    return slope


def integrated_gradients(model, x, classes, baseline, steps=50):
    fractions = (torch.arange(steps, dtype=x.dtype, device=x.device) * 2 + 1) / (2 * steps)
    fractions = fractions.reshape(-1, *[1] * x.dim())
    points = (1 - fractions) * baseline + fractions * x
    slopes = input_gradient(model, points.flatten(0, 1), classes.repeat(steps)).reshape(points.shape)
    return (x - baseline) * slopes.mean(0)


def grad_cam(model, layer, x, classes):
    seen = {}

    def hook(_module, _inputs, output):
        seen["map"] = output.detach()
        seen["offset"] = torch.zeros_like(output).requires_grad_()
        return output.detach() + seen["offset"]

    handle = layer.register_forward_hook(hook)
    try:
        with torch.enable_grad():
            score = chosen(model, x, classes).sum()
    finally:
        handle.remove()
    (slope,) = torch.autograd.grad([score], [seen["offset"]])
    return torch.einsum("nchw,nc->nhw", seen["map"], slope.flatten(2).mean(2)).clamp(min=0)


def occlusion(model, x, classes, size, value=0.0):
    n, _, height, width = x.shape
    rows, columns = height - size + 1, width - size + 1
    y, z = torch.arange(height, device=x.device), torch.arange(width, device=x.device)
    i, j = torch.arange(rows, device=x.device)[:, None], torch.arange(columns, device=x.device)[:, None]
    inside = ((y >= i) & (y < i + size))[:, None, :, None] & ((z >= j) & (z < j + size))[None, :, None, :]
    covered = torch.where(inside.flatten(0, 1)[:, None, None], torch.tensor(value, dtype=x.dtype, device=x.device), x)
    with torch.no_grad():
        scores = chosen(model, covered.flatten(0, 1), classes.repeat(rows * columns)).reshape(-1, n)
        drops = chosen(model, x, classes) - scores
    return drops.T.reshape(n, rows, columns)
