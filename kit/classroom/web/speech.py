"""The language of a request: what the browser chose here before, else what it prefers, else English."""

from fastapi import Request

from grader.text import LANGUAGES
from kit.language import Language

__all__ = ["COOKIE", "of", "preferred"]

COOKIE = "kit_lang"


def of(request: Request) -> Language:
    """The language that this request is to be answered in."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    return preferred(request.headers.get("accept-language", ""))


def preferred(accept_language: str) -> Language:
    """The language of ours that an Accept-Language header prefers (RFC 9110, 12.5.4); English when it names none of them."""
    best: tuple[float, Language] = (0.0, "en")
    for part in accept_language.split(","):
        name, _semicolon, parameter = part.strip().lower().partition(";")
        lang = name.split("-")[0].strip()
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        if lang in LANGUAGES and best[0] < weight <= 1.0:
            best = (weight, lang)
    return best[1]
