"""Draws: the same for the same seed and check, fresh for another, and of the promised kind."""

import torch

from grader.draw import Draw


def test_the_seed_and_the_check_decide():
    first, again, other_check, other_seed = Draw(7, "test_a"), Draw(7, "test_a"), Draw(7, "test_b"), Draw(8, "test_a")
    a = first.normal(4)
    assert torch.equal(a, again.normal(4))
    assert not torch.equal(a, other_check.normal(4))
    assert not torch.equal(a, other_seed.normal(4))
    assert first.numpy.random() == again.numpy.random() != other_seed.numpy.random()


def test_kinds():
    draw = Draw(1, "test_a")
    assert draw.normal(2, 3, dtype=torch.float64).dtype == torch.float64
    uniform = draw.uniform(1000, low=-2, high=3)
    assert uniform.dtype == torch.float32
    assert -2 <= uniform.min() < -1 < 2 < uniform.max() <= 3
    whole = draw.integers(3, 6, (500,))
    assert whole.dtype == torch.int64
    assert set(whole.tolist()) == {3, 4, 5}
    assert sorted(draw.permutation(9).tolist()) == list(range(9))
    assert draw.choice("ab") in "ab"
    assert 300 < draw.boolean(1000, p=0.4).sum() < 500
    assert draw.normal().shape == ()
