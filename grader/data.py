"""Data for checks that train: the digits that scikit-learn ships, read without importing it, and texts written for the kit."""

import gzip
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["digits", "reviews", "text"]

TRAIN = 1437  # four fifths of the 1797 images; the other 360 are the test set
BRIGHTEST = 16.0
TEXTS = Path(__file__).parent / "texts"


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


def text(lang: Literal["en", "zh"]) -> str:
    """A running text of stories and essays written for the kit, in paragraphs that end with a line break; always the same."""
    return (TEXTS / f"{lang}.txt").read_text(encoding="utf-8")


def reviews(draw: _Draw, lang: Literal["en", "zh"]) -> tuple[list[str], list[int], list[str], list[int]]:
    """Short reviews written for the kit, shuffled by the seed: (train_texts, train_labels, test_texts, test_labels).

    A label is 1 for a content and 0 for a discontented writer; both are equally frequent. Four fifths are for training.
    """
    rows = [line.split("\t") for line in (TEXTS / f"reviews.{lang}.tsv").read_text(encoding="utf-8").splitlines()]
    shuffled = [rows[place] for place in torch.randperm(len(rows), generator=draw.generator).tolist()]
    cut = len(rows) * 4 // 5
    train, test = shuffled[:cut], shuffled[cut:]
    return [row[1] for row in train], [int(row[0]) for row in train], [row[1] for row in test], [int(row[0]) for row in test]
