"""Another right answer: the graph node by node, variance and mean as variables of their own, and channels last."""

import torch


def _stage_by_stage(dy, x, gamma, eps):
    """Each column of x (n, columns) normalised by itself; gamma (columns,) or of the shape of x."""
    n = len(x)
    mean = x.sum(0) / n
    centred = x - mean
    variance = (centred * centred).sum(0) / n
    std = torch.sqrt(variance + eps)
    x_hat = centred / std
    dx_hat = dy * gamma
    dstd = -(dx_hat * centred).sum(0) / std**2
    dvariance = dstd / (2 * std)
    dcentred = dx_hat / std + 2 * centred * dvariance / n
    dmean = -dcentred.sum(0)
    return dcentred + dmean / n, dy * x_hat


def batchnorm_gradients(dy, x, gamma, eps=1e-5, running=None):
    shape = x.movedim(1, -1).shape
    columns, dcolumns = (t.movedim(1, -1).reshape(-1, len(gamma)) for t in (x, dy))
    if running is not None:
        mean, variance = running
        std = torch.sqrt(variance + eps)
        dx, products = dcolumns * gamma / std, dcolumns * (columns - mean) / std
    else:
        dx, products = _stage_by_stage(dcolumns, columns, gamma, eps)
    return dx.reshape(shape).movedim(-1, 1), products.sum(0), dcolumns.sum(0)


def layernorm_gradients(dy, x, gamma, eps=1e-5):
    rows, drows = x.reshape(-1, len(gamma)), dy.reshape(-1, len(gamma))
    dx, products = _stage_by_stage(drows.T, rows.T, gamma[:, None], eps)
    return dx.T.reshape(x.shape), products.T.sum(0), drows.sum(0)
