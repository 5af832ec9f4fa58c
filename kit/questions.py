"""The interview questions that the bank answers: exercises/questions.toml."""

import re
from pathlib import Path

import msgspec

from grader.text import _
from kit.errors import KitError, did_you_mean
from kit.exercise import Bilingual, read_toml

__all__ = ["PREFIX", "Question", "named", "read"]

FILE = "exercises/questions.toml"
PREFIX = "q:"


class Question(Bilingual, frozen=True, kw_only=True):
    """One question; its id is stable."""

    id: str


class _File(msgspec.Struct, frozen=True):
    question: tuple[Question, ...] = ()


def read(root: Path) -> tuple[Question, ...]:
    """All questions of a bank, in the order of the file; none when it has no such file. Raises KitError when the file is damaged."""
    path = root / FILE
    return read_toml(path, _File).question if path.exists() else ()


def named(name: str, questions: tuple[Question, ...]) -> Question:
    """The question of that id, with or without "q:"; d3-q1 is also d3-q01. Raises KitError with the nearest id."""
    wanted = _plain(name.removeprefix(PREFIX))
    found = next((question for question in questions if _plain(question.id) == wanted), None)
    if found is None:
        otherwise = _("Run: kit questions")
        raise KitError(_("no question is called {name}").format(name=name), remedy=did_you_mean(wanted, [each.id for each in questions], otherwise))
    return found


def _plain(name: str) -> str:
    """In small letters, numbers without leading zeros: d3-q01 can be asked for as D3-q1."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", name.lower())
