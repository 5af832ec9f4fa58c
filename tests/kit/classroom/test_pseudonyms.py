"""Pseudonyms: friendly, many, and never twice."""

import re

import pytest

from kit.classroom import pseudonyms


def test_two_words_with_a_hyphen():
    assert re.fullmatch(r"[a-z]+-[a-z]+", pseudonyms.draw(lambda name: False))


def test_there_are_enough_for_a_large_course():
    manners, animals = pseudonyms.MANNERS.split(), pseudonyms.ANIMALS.split()
    assert len(set(manners)) == len(manners)
    assert len(set(animals)) == len(animals)
    assert len(manners) * len(animals) > 10_000


def test_a_taken_one_is_not_drawn_and_a_number_helps_when_all_are():
    assert re.fullmatch(r"[a-z]+-[a-z]+-\d{4}", pseudonyms.draw(lambda name: name.count("-") == 1))


def test_a_draw_ends_even_when_nothing_is_free():
    with pytest.raises(RuntimeError):
        pseudonyms.draw(lambda name: True)
