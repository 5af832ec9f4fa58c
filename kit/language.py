"""Which language the kit speaks: --lang, then KIT_LANG, then `kit config lang`, then the locale, then English."""

from collections.abc import Mapping, Sequence
from typing import Literal, cast

from grader.text import LANGUAGES, _, current_language, use_language
from kit.errors import KitError

Language = Literal["en", "zh"]
LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")

def decide(flag: str | None, environ: Mapping[str, str], configured: str | None) -> Language:
    """The language that these settings ask for. Raises KitError when --lang or KIT_LANG names one that the kit does not speak."""
    for source, lang in (("--lang", flag), ("KIT_LANG", environ.get("KIT_LANG") or None)):
        if lang is not None:
            return checked(lang, source)
    if configured in LANGUAGES:
        return configured
    locale = next((environ[name] for name in LOCALE_VARIABLES if environ.get(name)), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def checked(lang: str, source: str) -> Language:
    """Lang, when the kit speaks it. Raises KitError, with source as the place."""
    if lang not in LANGUAGES:
        what = _("no language is called {lang}").format(lang=lang)
        raise KitError(what, source, _("Choose one of: {names}.").format(names=", ".join(LANGUAGES)))
    return lang


def split_flag(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """Take --lang LANG or --lang=LANG out of the arguments, wherever it stands before a `--`: (the language or None, the rest)."""
    lang: str | None = None
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            rest.append(argument)
            rest.extend(remaining)
        elif argument == "--lang":
            lang = next(remaining, "")
        elif argument.startswith("--lang="):
            lang = argument.removeprefix("--lang=")
        else:
            rest.append(argument)
    return lang, rest


def speak(lang: Language) -> None:
    """Speak lang from now on in this process."""
    use_language(lang)


def in_use() -> Language:
    """The language in use here."""
    return cast("Language", current_language())
