"""A task whose labels cost nothing: turn, shuffle or hide parts of an image, and let the network find out what was done."""

import torch
from torch import Tensor


def rotation_batch(images: Tensor) -> tuple[Tensor, Tensor]:
    """All four rotations of each image, with labels: (4 n, channels, side, side) and (4 n,) of int64.

    images: (n, channels, side, side). Label k stands for k quarter turns counter-clockwise. First come all images as they are, then all turned
    once, twice and three times, each block in the order of `images`.
    """
    labels = torch.arange(4, device=images.device).repeat_interleave(len(images))
    return torch.cat([images.rot90(k, (2, 3)) for k in range(4)]), labels


def far_permutations(candidates: Tensor, count: int) -> Tensor:
    """`count` permutations that differ from each other in as many places as possible, chosen greedily.

    candidates: (m, tiles) of int64, a permutation in each row, all different; 1 <= count <= m. The first chosen is candidates[0]. Each
    next one is the candidate whose smallest Hamming distance (number of differing places) to those chosen before is largest; of equal ones the first.
    Returns (count, tiles), in the order of choice.
    """
    chosen = [0]
    distance = (candidates != candidates[0]).sum(dim=-1)
    for _ in range(count - 1):
        best = int(distance.argmax())
        chosen.append(best)
        distance = torch.minimum(distance, (candidates != candidates[best]).sum(dim=-1))
    return candidates[chosen]


def patchify(images: Tensor, size: int) -> Tensor:
    """Images as rows of patches: (n, patches, channels * size * size).

    images: (n, channels, height, width), height and width being multiples of size. Patches go row by row from the upper left; a patch is flattened in
    the order channel, row, column.
    """
    n, channels, height, width = images.shape
    tiles = images.reshape(n, channels, height // size, size, width // size, size)
    return tiles.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)


def jigsaw_batch(images: Tensor, size: int, permutations: Tensor, labels: Tensor) -> Tensor:
    """Patches of each image in the order of its permutation: (n, patches, channels * size * size).

    permutations: (p, patches) of int64; labels: (n,) of int64, which of them an image gets. Place j of the result holds patch permutation[j] of
    the image.
    """
    patches = patchify(images, size)
    return patches[torch.arange(len(images), device=images.device)[:, None], permutations[labels]]


def random_masks(n: int, patches: int, ratio: float, generator: torch.Generator) -> Tensor:
    """(n, patches) of bool, True for what is hidden: exactly round(ratio * patches) in each row, each choice equally likely, rows independent.

    ratio in [0, 1]; round is Python's. All random numbers come from the generator, on whose device the result lies.
    """
    noise = torch.rand(n, patches, generator=generator, device=generator.device)
    return noise.argsort(dim=-1) < round(ratio * patches)


def masked_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error over the hidden patches only, all entries of each; a 0-d tensor.

    prediction, target: (n, patches, d); mask: (n, patches) of bool, True somewhere. Visible patches count nothing, whatever stands there, inf and nan
    included; no gradient reaches them.
    """
    return (prediction[mask] - target[mask]).square().mean()
