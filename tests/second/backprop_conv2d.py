"""Another right answer: dx as a convolution of the spread-out dy with the turned kernel, dw from the unfolded input, group by group."""

import torch
import torch.nn.functional as F


def conv_gradients(dy, x, w, stride=1, padding=0, dilation=1, groups=1):
    s, p, d = ((v, v) if isinstance(v, int) else tuple(v) for v in (stride, padding, dilation))
    n, _, height, width = x.shape
    out, per, kh, kw = w.shape
    oh, ow = dy.shape[2:]
    dxs, dws = [], []
    for g in range(groups):
        xg = x[:, g * per : (g + 1) * per]
        dyg = dy[:, g * out // groups : (g + 1) * out // groups]
        wg = w[g * out // groups : (g + 1) * out // groups]
        spread = dy.new_zeros(n, out // groups, (oh - 1) * s[0] + 1, (ow - 1) * s[1] + 1)
        spread[:, :, :: s[0], :: s[1]] = dyg
        top, left = d[0] * (kh - 1) - p[0], d[1] * (kw - 1) - p[1]
        bottom = height - spread.shape[2] - top + d[0] * (kh - 1)
        right = width - spread.shape[3] - left + d[1] * (kw - 1)
        columns = (
            F.unfold(F.pad(spread, (left, right, top, bottom)), (kh, kw), dilation=d)
            if n
            else dy.new_zeros(0, out // groups * kh * kw, height * width)
        )
        turned = wg.flip(2, 3).transpose(0, 1).reshape(per, -1)
        dxs.append((turned @ columns).reshape(n, per, height, width))
        columns = F.unfold(xg, (kh, kw), dilation=d, padding=p, stride=s) if n else x.new_zeros(0, per * kh * kw, oh * ow)
        dws.append((dyg.reshape(n, out // groups, oh * ow) @ columns.transpose(1, 2)).sum(0).reshape(wg.shape))
    return torch.cat(dxs, 1), torch.cat(dws), dy.sum(dim=(0, 2, 3))
