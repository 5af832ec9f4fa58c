# blind: passed at try 1
import torch
from torch import Tensor


def rotation_batch(images: Tensor) -> tuple[Tensor, Tensor]:
    """All four rotations of each image, with labels: (4 n, channels, side, side) and (4 n,) of int64.

    images: (n, channels, side, side). Label k stands for k quarter turns counter-clockwise. First come all images as they are, then all turned
    once, twice and three times, each block in the order of `images`.
    """
    turned = torch.cat([torch.rot90(images, quarter, dims=(-2, -1)) for quarter in range(4)])
    labels = torch.arange(4, device=images.device).repeat_interleave(len(images))
    return turned, labels


def far_permutations(candidates: Tensor, count: int) -> Tensor:
    """`count` permutations that differ from each other in as many places as possible, chosen greedily.

    candidates: (m, tiles) of int64, a permutation in each row, all different; 1 <= count <= m. The first chosen is candidates[0]. Each
    next one is the candidate whose smallest Hamming distance (number of differing places) to those chosen before is largest; of equal ones the first.
    Returns (count, tiles), in the order of choice.
    """
    chosen = [0]
    nearest = (candidates != candidates[0]).sum(dim=1)
    while len(chosen) < count:
        best = int((nearest == nearest.max()).nonzero()[0])
        chosen.append(best)
        nearest = torch.minimum(nearest, (candidates != candidates[best]).sum(dim=1))
    return candidates[chosen]


def patchify(images: Tensor, size: int) -> Tensor:
    """Images as rows of patches: (n, patches, channels * size * size).

    images: (n, channels, height, width), height and width being multiples of size. Patches go row by row from the upper left; a patch is flattened in
    the order channel, row, column.
    """
    n, channels, height, width = images.shape
    grid = images.reshape(n, channels, height // size, size, width // size, size)
    return grid.permute(0, 2, 4, 1, 3, 5).reshape(n, (height // size) * (width // size), channels * size * size)


def jigsaw_batch(images: Tensor, size: int, permutations: Tensor, labels: Tensor) -> Tensor:
    """Patches of each image in the order of its permutation: (n, patches, channels * size * size).

    permutations: (p, patches) of int64; labels: (n,) of int64, which of them an image gets. Place j of the result holds patch permutation[j] of
    the image.
    """
    patches = patchify(images, size)
    rows = torch.arange(len(images), device=images.device).unsqueeze(1)
    return patches[rows, permutations[labels]]


def random_masks(n: int, patches: int, ratio: float, generator: torch.Generator) -> Tensor:
    """(n, patches) of bool, True for what is hidden: exactly round(ratio * patches) in each row, each choice equally likely, rows independent.

    ratio in [0, 1]; round is Python's. All random numbers come from the generator, on whose device the result lies.
    """
    hidden = round(ratio * patches)
    masks = torch.zeros(n, patches, dtype=torch.bool, device=generator.device)
    for row in masks:
        order = torch.randperm(patches, generator=generator, device=generator.device)
        row[order[:hidden]] = True
    return masks


def masked_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error over the hidden patches only, all entries of each; a 0-d tensor.

    prediction, target: (n, patches, d); mask: (n, patches) of bool, True somewhere. Visible patches count nothing, whatever stands there, inf and nan
    included; no gradient reaches them.
    """
    return (prediction[mask] - target[mask]).square().mean()
