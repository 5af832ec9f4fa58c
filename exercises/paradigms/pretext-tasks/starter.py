import torch
from torch import Tensor


def rotation_batch(images: Tensor) -> tuple[Tensor, Tensor]:
    """All four rotations of each image, with labels: (4 n, channels, side, side) and (4 n,) of int64.

    images: (n, channels, side, side). Label k stands for k quarter turns counter-clockwise. First come all images as they are, then all turned
    once, twice and three times, each block in the order of `images`.
    """
    raise NotImplementedError("your turn")


def far_permutations(candidates: Tensor, count: int) -> Tensor:
    """`count` permutations that differ from each other in as many places as possible, chosen greedily.

    candidates: (m, tiles) of int64, a permutation in each row, all different; 1 <= count <= m. The first chosen is candidates[0]. Each
    next one is the candidate whose smallest Hamming distance (number of differing places) to those chosen before is largest; of equal ones the first.
    Returns (count, tiles), in the order of choice.
    """
    raise NotImplementedError("your turn")


def patchify(images: Tensor, size: int) -> Tensor:
    """Images as rows of patches: (n, patches, channels * size * size).

    images: (n, channels, height, width), height and width being multiples of size. Patches go row by row from the upper left; a patch is flattened in
    the order channel, row, column.
    """
    raise NotImplementedError("your turn")


def jigsaw_batch(images: Tensor, size: int, permutations: Tensor, labels: Tensor) -> Tensor:
    """Patches of each image in the order of its permutation: (n, patches, channels * size * size).

    permutations: (p, patches) of int64; labels: (n,) of int64, which of them an image gets. Place j of the result holds patch permutation[j] of
    the image.
    """
    raise NotImplementedError("your turn")


def random_masks(n: int, patches: int, ratio: float, generator: torch.Generator) -> Tensor:
    """(n, patches) of bool, True for what is hidden: exactly round(ratio * patches) in each row, each choice equally likely, rows independent.

    ratio in [0, 1]; round is Python's. All random numbers come from the generator, on whose device the result lies.
    """
    raise NotImplementedError("your turn")


def masked_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error over the hidden patches only, all entries of each; a 0-d tensor.

    prediction, target: (n, patches, d); mask: (n, patches) of bool, True somewhere. Visible patches count nothing, whatever stands there, inf and nan
    included; no gradient reaches them.
    """
    raise NotImplementedError("your turn")
