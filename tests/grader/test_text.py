"""Languages, and text that a terminal cannot be steered with."""

import unicodedata

import pytest

from grader.text import _, current_language, neutralise, ngettext, use_language


@pytest.fixture(autouse=True)
def english_afterwards():
    yield
    use_language("en")


def test_the_language_can_be_changed():
    message = "your turn: this part is still to be written"
    assert _(message) == message
    use_language("zh")
    assert current_language() == "zh"
    assert _(message) != message
    use_language("tlh")
    assert current_language() == "en"
    assert _(message) == message
    assert ngettext("{n} thing", "{n} things", 2) == "{n} things"


@pytest.mark.parametrize("text", ["\x1b[2J\x1b[31mred", "a\rb", "\x9b31m", "\x07", "\x00", "abc\u202edef", "\u2066x\u2069", "\ufeff", "\x7f\x85"])
def test_nothing_is_left_that_a_terminal_acts_on(text):
    safe = neutralise(text)
    assert not any(unicodedata.category(letter) in {"Cc", "Cf"} for letter in safe)
    assert [letter for letter in safe if letter.isalpha()]


def test_ordinary_text_stays():
    text = "损失 loss\n\t‘é’ ±1e−3 🙂"
    assert neutralise(text) == text
