# blind: passed at try 1
import torch
import torch.nn.functional as F
from torch import Tensor


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    height, width = value
    return height, width


def conv2d(
    x: Tensor,
    w: Tensor,
    b: Tensor | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | str = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Tensor:
    """Two-dimensional convolution as deep learning means it: a cross-correlation, the kernel is not flipped.

    One pass over the positions of the kernel: each adds its (out, in) matrix, applied to a strided slice of the padded image.
    """
    batch, in_channels = x.shape[:2]
    out_channels, group_in, *kernel = w.shape
    stride, dilation = _pair(stride), _pair(dilation)
    if in_channels != groups * group_in:
        raise ValueError(f"{in_channels} input channels, but {groups} groups of {group_in}")
    if out_channels % groups:
        raise ValueError(f"{out_channels} output channels cannot be cut into {groups} groups")

    reach = [d * (size - 1) for d, size in zip(dilation, kernel)]
    if padding == "same":
        if stride != (1, 1):
            raise ValueError("padding 'same' needs stride 1")
        zeros = [(total // 2, total - total // 2) for total in reach]
    elif padding == "valid":
        zeros = [(0, 0), (0, 0)]
    elif isinstance(padding, str):
        raise ValueError(f"unknown padding {padding!r}")
    else:
        zeros = [(side, side) for side in _pair(padding)]
    (top, bottom), (left, right) = zeros
    image = F.pad(x, (left, right, top, bottom))

    spare = [size - 1 - needed for size, needed in zip(image.shape[2:], reach)]
    if min(spare) < 0:
        raise ValueError("the dilated kernel is larger than the padded image")
    # The last window starts at most `spare` pixels from the first.
    tall, wide = (room // step + 1 for room, step in zip(spare, stride))

    image = image.reshape(batch, groups, group_in, *image.shape[2:])
    weight = w.reshape(groups, out_channels // groups, group_in, *kernel)
    out = x.new_zeros(batch, groups, out_channels // groups, tall, wide)
    for i in range(kernel[0]):
        first_row = dilation[0] * i
        rows = slice(first_row, first_row + stride[0] * (tall - 1) + 1, stride[0])
        for j in range(kernel[1]):
            first_column = dilation[1] * j
            columns = slice(first_column, first_column + stride[1] * (wide - 1) + 1, stride[1])
            out = out + torch.einsum("ngcyx,goc->ngoyx", image[..., rows, columns], weight[..., i, j])
    out = out.reshape(batch, out_channels, tall, wide)
    return out if b is None else out + b[:, None, None]
