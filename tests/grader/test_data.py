"""The digits of grader.data are scikit-learn's own, the texts ours; what is shuffled is shuffled by the seed and nothing else."""

import importlib.util
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from grader import data


def draw(seed):
    return SimpleNamespace(generator=torch.Generator().manual_seed(seed))


def rows(images, labels):
    """Images and labels as one table whose rows are sorted: equal for equal sets of examples."""
    table = np.column_stack([images, labels])
    return table[np.lexsort(table.T)]


def test_shapes_and_dtypes():
    train_x, train_y, test_x, test_y = data.digits(draw(0))
    assert train_x.shape == (1437, 64)
    assert train_y.shape == (1437,)
    assert test_x.shape == (360, 64)
    assert test_y.shape == (360,)
    assert train_x.dtype == test_x.dtype == torch.float32
    assert train_y.dtype == test_y.dtype == torch.int64
    assert train_x.min() == 0
    assert train_x.max() == 1


def test_the_same_examples_as_scikit_learn():
    train_x, train_y, test_x, test_y = data.digits(draw(1))
    original = load_digits()
    ours = rows(torch.cat([train_x, test_x]).numpy(), torch.cat([train_y, test_y]).numpy())
    np.testing.assert_array_equal(ours, rows((original.data / 16).astype(np.float32), original.target))


def test_the_seed_decides_the_order():
    first, again, other = data.digits(draw(2)), data.digits(draw(2)), data.digits(draw(3))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[1], other[1])


def test_a_caller_may_change_what_it_got():
    data.digits(draw(4))[0].zero_()
    assert data.digits(draw(4))[0].max() == 1


def test_scikit_learn_is_not_imported():
    program = """
import sys, torch
from types import SimpleNamespace
from grader.data import digits
digits(SimpleNamespace(generator=torch.Generator()))
sys.exit("sklearn" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_without_scikit_learn_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(data, "find_spec", lambda name: None)
    data._images_and_labels.cache_clear()
    with pytest.raises(ModuleNotFoundError, match="pip install scikit-learn"):
        data.digits(draw(0))


def test_without_the_file_the_remedy_is_named(monkeypatch, tmp_path):
    (tmp_path / "__init__.py").touch()
    spec = importlib.util.spec_from_file_location("sklearn", tmp_path / "__init__.py")
    monkeypatch.setattr(data, "find_spec", lambda name: spec)
    data._images_and_labels.cache_clear()
    with pytest.raises(FileNotFoundError, match="force-reinstall scikit-learn"):
        data.digits(draw(0))


@pytest.mark.parametrize(("lang", "fewest"), [("en", 30_000), ("zh", 8_000)])
def test_texts_are_long_enough_and_plain(lang, fewest):
    text = data.text(lang)
    assert fewest < len(text) < 300_000
    assert "\t" not in text
    assert "\r" not in text
    assert text.endswith("\n")
    assert text.isascii() == (lang == "en")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_reviews_are_balanced_and_split(lang):
    train, train_labels, test, test_labels = data.reviews(draw(5), lang)
    assert (len(train), len(test)) == (480, 120)
    assert (len(train_labels), len(test_labels)) == (480, 120)
    assert sum(train_labels) + sum(test_labels) == 300
    assert len({*train, *test}) == 600
    assert data.reviews(draw(5), lang) == (train, train_labels, test, test_labels)
    assert data.reviews(draw(6), lang)[0] != train
