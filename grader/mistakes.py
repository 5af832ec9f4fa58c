"""Known mistakes: plausible wrong answers, each written as an edit of the solution (mistakes.toml)."""

import itertools
import tomllib
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, field

from grader.text import _

__all__ = ["Mistake", "MistakeError", "apply", "load", "message", "parse"]


class MistakeError(ValueError):
    """A mistakes.toml that cannot be read, or an edit that does not fit the solution."""


class Mistake(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One mistake.

    Each text of `replace` stands exactly once in solution.py and becomes the text of `replacement` at the same place in the list (`with` in
    the file). caught_by names the first check that fails. symptom "slow": the values are right, only the time check fails. same_as names
    mistakes that behave identically, so that either may be diagnosed.
    """

    name: str
    replace: str | tuple[str, ...]
    replacement: str | tuple[str, ...] = field(name="with")
    caught_by: str
    en: str
    zh: str
    symptom: Literal["slow"] | None = None
    same_as: tuple[str, ...] = ()

    @property
    def edits(self) -> list[tuple[str, str]]:
        """(old text, new text), in the order of the file."""
        old = (self.replace,) if isinstance(self.replace, str) else self.replace
        new = (self.replacement,) if isinstance(self.replacement, str) else self.replacement
        return list(zip(old, new, strict=True))


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    mistake: tuple[Mistake, ...] = ()


def load(path: str | Path) -> list[Mistake]:
    """Read mistakes.toml. Raises MistakeError that names the file and the fault."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MistakeError(_("{path} cannot be read: {reason}").format(path=path, reason=error)) from error
    try:
        return parse(text)
    except MistakeError as error:
        raise MistakeError(f"{path}: {error}") from error


def parse(text: str) -> list[Mistake]:
    """Read the text of a mistakes.toml. Raises MistakeError that names the entry and the fault."""
    try:
        mistakes = list(msgspec.convert(tomllib.loads(text), _File).mistake)
    except tomllib.TOMLDecodeError as error:
        raise MistakeError(_("this is not TOML: {reason}").format(reason=error)) from error
    except msgspec.ValidationError as error:
        raise MistakeError(str(error)) from error
    for mistake in mistakes:
        if isinstance(mistake.replace, str) != isinstance(mistake.replacement, str) or (
            not isinstance(mistake.replace, str) and len(mistake.replace) != len(mistake.replacement)
        ):
            raise MistakeError(_("{name}: give one `with` for each `replace`").format(name=mistake.name))
    return mistakes


def apply(solution: str, mistake: Mistake) -> str:
    """Make the mistake in the solution's source. Raises MistakeError when a text to replace is not found exactly once, or two overlap."""
    places: list[tuple[int, int, str]] = []
    for old, new in mistake.edits:
        count = solution.count(old) if old else 0
        if count != 1:
            fault = _("{name}: the text to replace stands {count} times in the solution, not once: {text}")
            raise MistakeError(fault.format(name=mistake.name, count=count, text=_shorten(old)))
        start = solution.index(old)
        places.append((start, start + len(old), new))
    places.sort(reverse=True)
    for (start, _end, _new), (_start, end, _text) in itertools.pairwise(places):
        if end > start:
            raise MistakeError(_("{name}: two texts to replace overlap").format(name=mistake.name))
    for start, end, new in places:
        solution = solution[:start] + new + solution[end:]
    return solution


def message(mistake: Mistake, lang: str) -> str:
    """What the learner is told, in lang."""
    return mistake.zh if lang == "zh" else mistake.en


def _shorten(text: str, length: int = 60) -> str:
    line = text.strip().partition("\n")[0]
    return repr(line if len(line) <= length else line[: length - 1] + "…")
