"""The language of everything that is shown: one gettext catalogue for the judge and the kit."""

import gettext
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("en", "zh")
LOCALE_FOLDER = Path(__file__).parent / "locale"

_language = "en"
_here: ContextVar[str | None] = ContextVar("language", default=None)  # of one request, in a process that serves many people


def use_language(lang: str) -> None:
    """Speak lang ("en" or "zh") from now on in this process; an unknown language falls back to English."""
    global _language
    _language = lang if lang in LANGUAGES else "en"
    _translations(_language)  # read now: a worker's sandbox may close before its first message


@contextmanager
def speaking(lang: str) -> Generator[None]:
    """Speak lang within the block, in this thread or task alone; an unknown language falls back to English."""
    token = _here.set(lang if lang in LANGUAGES else "en")
    try:
        yield
    finally:
        _here.reset(token)


def current_language() -> str:
    """The language in use: "en" or "zh"."""
    return _here.get() or _language


@lru_cache
def _translations(lang: str) -> gettext.NullTranslations:
    return gettext.translation("kit", LOCALE_FOLDER, languages=[lang], fallback=True)


def _(message: str) -> str:
    """The message in the language in use."""
    return _translations(current_language()).gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The message for n things in the language in use."""
    return _translations(current_language()).ngettext(singular, plural, n)


# What could move the cursor, ring, recolour or reorder a line when it is shown: C0 and C1 controls and bidirectional overrides.
_UNSAFE = {code: f"\\x{code:02x}" for code in [*range(9), *range(11, 32), *range(127, 160)]} | {
    code: f"\\u{code:04x}" for code in [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF]
}


def neutralise(text: str) -> str:
    """The text with everything that a terminal would act on made visible; tabs and line ends stay."""
    return text.translate(_UNSAFE)
