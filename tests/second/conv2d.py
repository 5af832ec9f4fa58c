"""Another right answer: no window is ever built. Each kernel position multiplies one shifted, strided view of the image."""

import math

import torch


def both(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def conv2d(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    n, c, height, width = x.shape
    o, per_group, kh, kw = w.shape
    (sh, sw), (dh, dw) = both(stride), both(dilation)
    if per_group * groups != c:
        raise ValueError("channels")
    if o % groups != 0:
        raise ValueError("groups")
    reach_h, reach_w = dh * (kh - 1), dw * (kw - 1)
    if isinstance(padding, str):
        if padding not in ("same", "valid") or (padding == "same" and (sh != 1 or sw != 1)):
            raise ValueError("padding")
        before = (reach_h // 2, reach_w // 2) if padding == "same" else (0, 0)
        total = (reach_h, reach_w) if padding == "same" else (0, 0)
    else:
        before = both(padding)
        total = tuple(2 * p for p in before)
    canvas = x.new_zeros(n, c, height + total[0], width + total[1])
    canvas[:, :, before[0] : before[0] + height, before[1] : before[1] + width] = x
    out_h = math.floor((height + total[0] - reach_h - 1) / sh) + 1
    out_w = math.floor((width + total[1] - reach_w - 1) / sw) + 1
    if out_h <= 0 or out_w <= 0:
        raise ValueError("kernel larger than the image")
    blocks = []
    for g in range(groups):
        image = canvas[:, g * per_group : (g + 1) * per_group]
        kernel = w[g * (o // groups) : (g + 1) * (o // groups)]
        total_block = x.new_zeros(n, o // groups, out_h, out_w)
        for i in range(kh):
            for j in range(kw):
                view = image[:, :, i * dh : i * dh + sh * (out_h - 1) + 1 : sh, j * dw : j * dw + sw * (out_w - 1) + 1 : sw]
                total_block = total_block + torch.tensordot(kernel[:, :, i, j], view, dims=([1], [1])).transpose(0, 1)
        blocks.append(total_block)
    out = torch.cat(blocks, dim=1)
    if b is not None:
        out = out + b.reshape(1, o, 1, 1)
    return out
