"""Both languages keep to the glossary: no Chinese text of the bank uses another word for one of its terms."""

import tomllib
from pathlib import Path

import pytest

from kit.author.drawers import find

BANK = Path(__file__).parent.parent
GLOSSARY = tomllib.loads((BANK / "exercises" / "glossary.toml").read_text(encoding="utf-8"))["term"]
SLUGS = [drawers.slug for drawers in find(BANK)]


def texts(slug):
    (drawers,) = find(BANK, [slug])
    names = (drawers.exercise / "README.zh.md", drawers.exercise / "exercise.toml", drawers.model / "ANSWER.zh.md", drawers.mistakes, drawers.checks)
    return {drawers.show(path): path.read_text(encoding="utf-8") for path in names}


def strangers(text):
    """Words that the glossary replaces, and what by."""
    return {word: term["zh"] for term in GLOSSARY for word in term.get("not", ()) if word in text}


@pytest.mark.parametrize("slug", SLUGS)
def test_chinese_texts_use_the_terms_of_the_glossary(slug):
    assert {where: found for where, text in texts(slug).items() if (found := strangers(text))} == {}


def test_readme_uses_them_too():
    assert strangers((BANK / "README.zh.md").read_text(encoding="utf-8")) == {}


def test_a_stranger_would_be_found():
    assert strangers("学习速率太大") == {"学习速率": "学习率"}


def test_terms_are_unique_and_replace_no_term():
    english, chinese = [term["en"] for term in GLOSSARY], [term["zh"] for term in GLOSSARY]
    assert len(english) == len(set(english))
    replaced = [word for term in GLOSSARY for word in term.get("not", ())]
    assert [(word, term) for word in replaced for term in chinese if word in term] == []
