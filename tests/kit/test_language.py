import pytest

from kit.errors import KitError
from kit.language import decide, split_flag


@pytest.mark.parametrize(
    ("flag", "environ", "configured", "lang"),
    [
        ("zh", {"KIT_LANG": "en"}, "en", "zh"),
        (None, {"KIT_LANG": "zh", "LANG": "en_US.UTF-8"}, "en", "zh"),
        (None, {"LANG": "zh_CN.UTF-8"}, "en", "en"),
        (None, {"LANG": "zh_CN.UTF-8"}, None, "zh"),
        (None, {"LC_ALL": "de_DE.UTF-8", "LANG": "zh_CN.UTF-8"}, None, "en"),
        (None, {"LC_ALL": "", "LC_MESSAGES": "zh_TW", "LANG": "C"}, None, "zh"),
        (None, {}, "xx", "en"),
        (None, {"KIT_LANG": ""}, "zh", "zh"),
    ],
)
def test_what_decides(flag, environ, configured, lang):
    assert decide(flag, environ, configured) == lang


@pytest.mark.parametrize(("flag", "environ", "where"), [("fr", {}, "--lang"), ("", {}, "--lang"), (None, {"KIT_LANG": "fr"}, "KIT_LANG")])
def test_a_language_that_is_not_spoken(flag, environ, where):
    with pytest.raises(KitError, match=f"{where}. Choose one of: en, zh"):
        decide(flag, environ, None)


@pytest.mark.parametrize(
    ("arguments", "lang", "rest"),
    [
        (["--lang", "zh", "list"], "zh", ["list"]),
        (["list", "--lang=en"], "en", ["list"]),
        (["grade", "--", "--lang", "zh"], None, ["grade", "--", "--lang", "zh"]),
        (["list", "--lang"], "", ["list"]),
    ],
)
def test_the_flag_may_stand_anywhere(arguments, lang, rest):
    assert split_flag(arguments) == (lang, rest)
