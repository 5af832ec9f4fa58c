"""Which language a browser is answered in."""

import pytest

from kit.classroom.web.speech import preferred


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("de,fr;q=0.9", "en"),
        ("de,zh;q=0.1", "zh"),
        ("en;q=0.3,ZH-Hant;q=0.4", "zh"),
        ("zh;q=0", "en"),
        ("zh;q=x,en", "en"),
        ("zh;q=9,en", "en"),
        (";;,,q=1", "en"),
    ],
)
def test_the_preferred_language_of_ours(header, lang):
    assert preferred(header) == lang
