"""Names of people: what of a text can be seen, and whether two of them mean the same person."""

import unicodedata

__all__ = ["folded", "is_comparable", "is_visible", "line", "same"]

LEAST_CHINESE, LEAST_LATIN, LEAST_WORDS = 2, 3, 2  # of the halves of a name: characters; letters, or words
MOST_MARKS = 4  # on one letter: Vietnamese takes two, Tibetan three; more climb over the lines above
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and symbols by their category, and nothing on the screen


def line(text: str, longest: int) -> str:
    """Normalised (NFC), white space as single spaces; control, format, private and unassigned characters and lone surrogates left out.

    Of the marks on one letter only the first four stay.
    """
    seen = "".join(character for character in text if character.isspace() or unicodedata.category(character)[0] != "C")
    return " ".join(_without_towers(unicodedata.normalize("NFC", seen)).split())[:longest].strip()


def is_visible(text: str) -> bool:
    """Whether something of it is there to be read: not only blanks, fillers and marks on nothing."""
    return any(character not in BLANK and unicodedata.category(character)[0] not in "CMZ" for character in text)


def folded(number: str) -> str:
    """A student number as it is compared: full and half width, and case, do not matter."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", number).casefold())


def is_comparable(name: str) -> bool:
    """Whether `same` can ever say yes to it: not of punctuation alone."""
    return bool(_words(name))


def same(typed: str, listed: str) -> bool:
    """Whether somebody who types this may mean the name on a list.

    Case, accents, full and half width, punctuation, spaces and the order of the words do not matter. Of a name in Chinese and in Latin letters either
    will do, if each of the halves is long enough to be a name.
    """
    given = _words(typed)
    return any(given and (sorted(given) == sorted(each) or "".join(given) == "".join(each)) for each in _spellings(listed))


def _spellings(listed: str) -> list[list[str]]:
    words = _words(listed)
    chinese = [word for word in words if all(map(_is_chinese, word))]
    others = [word for word in words if word not in chinese]
    latin = all(unicodedata.name(character, "").startswith("LATIN ") for word in others for character in word)
    is_name = len(others) >= LEAST_WORDS or sum(map(len, others)) >= LEAST_LATIN
    return [words, *([chinese, others] if latin and is_name and sum(map(len, chinese)) >= LEAST_CHINESE else [])]


def _is_chinese(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or "\U00020000" <= character <= "\U0003ffff" or character in "々〇"


def _words(name: str) -> list[str]:
    plain = "".join(character for character in unicodedata.normalize("NFKD", name.casefold()) if unicodedata.category(character) != "Mn")
    plain = unicodedata.normalize("NFKC", plain).casefold()
    return "".join(character if unicodedata.category(character)[0] not in "PZC" else " " for character in plain).split()


def _without_towers(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        if marks <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)
