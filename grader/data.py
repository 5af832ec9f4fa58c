"""Real data for checks that train: the digits that scikit-learn ships, read without importing scikit-learn."""

import gzip
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["digits"]

TRAIN = 1437  # four fifths of the 1797 images; the other 360 are the test set
BRIGHTEST = 16.0


class _Draw(Protocol):
    """What is needed of a check's source of randomness."""

    generator: torch.Generator


@cache
def _images_and_labels() -> tuple["Tensor", "Tensor"]:
    """All images as float32 (1797, 64) in [0, 1], row by row, and their labels as int64 (1797,), in the file's order."""
    package = find_spec("sklearn")  # only looks for the folder: importing the package costs a second
    if package is None or package.origin is None:
        raise ModuleNotFoundError("the digits come with scikit-learn, which is not installed: python -m pip install scikit-learn")
    path = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
    if not path.is_file():
        raise FileNotFoundError(f"scikit-learn has lost its digits, {path}: python -m pip install --force-reinstall scikit-learn")
    with gzip.open(path, "rt", encoding="ascii") as lines:
        table = np.loadtxt(lines, delimiter=",", dtype=np.float32)
    return torch.tensor(table[:, :-1] / BRIGHTEST), torch.tensor(table[:, -1], dtype=torch.int64)


def digits(draw: _Draw) -> tuple["Tensor", "Tensor", "Tensor", "Tensor"]:
    """Real 8x8 images of handwritten digits, shuffled by the seed: (train_x, train_y, test_x, test_y).

    train_x is float32 (1437, 64) with values in [0, 1], an image row by row; train_y is int64 (1437,), the digit 0..9; test_x and test_y
    are the other 360. The tensors are the caller's own: changing them changes nothing for the next call.
    """
    images, labels = _images_and_labels()
    order = torch.randperm(len(images), generator=draw.generator)
    train, test = order[:TRAIN], order[TRAIN:]
    return images[train], labels[train], images[test], labels[test]
