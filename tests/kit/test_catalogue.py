"""Every message has a Chinese translation with the same placeholders, and kit.mo is kit.po compiled."""

import gettext
import re
import runpy
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from grader.text import LANGUAGES, LOCALE_FOLDER

FOLDER = LOCALE_FOLDER / "zh" / "LC_MESSAGES"


@pytest.fixture(scope="module")
def code() -> Catalog:
    return runpy.run_path(str(LOCALE_FOLDER / "refresh.py"))["extracted"]()


@pytest.fixture(scope="module")
def chinese() -> Catalog:
    with (FOLDER / "kit.po").open("rb") as file:
        return read_po(file, locale="zh")


def fields(text: str) -> list[tuple[str, str]]:
    """The placeholders with their formats, in any order."""
    return sorted((name, spec or "") for _literal, name, spec, _conversion in string.Formatter().parse(text) if name is not None)


def test_extraction_finds_the_code(code):
    sources = {path for message in code for path, _line in message.locations}
    assert {"kit/bank.py", "grader/compare.py", "kit/screen/report.py"} <= sources
    assert not [path for path in sources if "checks" in Path(path).parts or "_bank" in path]


def test_nothing_is_missing_and_nothing_is_left_over(code, chinese):
    assert {message.id for message in code} - {message.id for message in chinese} == set(), "run: python grader/locale/refresh.py"
    assert {message.id for message in chinese} - {message.id for message in code} == set(), "run: python grader/locale/refresh.py"


def test_everything_is_translated_and_sure(chinese):
    messages = [message for message in chinese if message.id]
    assert [message.id for message in messages if message.fuzzy] == []
    assert [message.id for message in messages if not all(message.string if isinstance(message.string, tuple) else [message.string])] == []


def test_placeholders_agree(chinese):
    for message in chinese:
        if message.id:
            english = message.id if isinstance(message.id, tuple) else (message.id,)
            translated = message.string if isinstance(message.string, tuple) else (message.string,)
            for each in (*english[1:], *translated):
                assert fields(each) == fields(english[0]), message.id


def test_commands_and_options_are_not_translated(chinese):
    code_like = re.compile(r"kit [a-z]+|--[a-z-]+|`[^`]+`|[A-Z_]{6,}")
    for message in chinese:
        if isinstance(message.id, str) and message.id:
            for command in code_like.findall(message.id):
                if not command.startswith("kit ") or f"kit {command[4:]}" in {
                    f"kit {name}" for name in ("next", "grade", "hint", "solution", "author", "list", "doctor", "fetch", "show")
                }:
                    assert command in message.string, message.id


def test_the_compiled_catalogue_is_this_one(chinese):
    with (FOLDER / "kit.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in chinese:
        if isinstance(message.id, tuple):
            assert compiled.ngettext(*message.id, 2) == message.string[0]
        elif message.id:
            assert compiled.gettext(message.id) == message.string


def test_every_language_but_english_has_a_catalogue():
    assert [lang for lang in LANGUAGES if lang != "en" and not (LOCALE_FOLDER / lang / "LC_MESSAGES" / "kit.mo").is_file()] == []
