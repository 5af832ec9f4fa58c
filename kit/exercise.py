"""An exercise and a track: what their files say, as values."""

import tomllib
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from grader.text import _
from kit.errors import KitError

T = TypeVar("T")


class Bilingual(msgspec.Struct, frozen=True):
    """A text in the kit's two languages."""

    en: str
    zh: str

    def say(self, lang: str) -> str:
        """The text in lang."""
        return self.zh if lang == "zh" else self.en


class Hint(Bilingual, frozen=True):
    """One step from a nudge to the near-solution."""


class QuizOption(msgspec.Struct, frozen=True):
    """One answer of a quiz question, and why it is right or wrong."""

    text: Bilingual
    why: Bilingual
    right: bool = False


class QuizQuestion(msgspec.Struct, frozen=True):
    """A multiple-choice question."""

    ask: Bilingual
    option: tuple[QuizOption, ...] = ()


class ExerciseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """exercise.toml as written."""

    title: Bilingual
    level: int
    order: int
    points: int
    after: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    devices: tuple[Literal["cpu", "cuda"], ...] = ("cpu", "cuda")
    seconds: float = 10.0
    check_seconds: float | None = None
    memory_mb: int = 2048
    references: tuple[str, ...] = ()
    hint: tuple[Hint, ...] = ()
    quiz: tuple[QuizQuestion, ...] = ()


class Track(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A group of exercises; slug is its folder's name, the rest is track.toml. about: what one is able to do after it."""

    slug: str = ""
    title: Bilingual
    order: int
    about: Bilingual | None = None


class Exercise(msgspec.Struct, frozen=True, kw_only=True):
    """What every command needs to know of an exercise; hints and quiz are read when they are asked for."""

    bank: str
    track: str
    slug: str
    title: Bilingual
    level: int
    order: int
    points: int
    after: tuple[str, ...]
    answers: tuple[str, ...]
    forbid: tuple[str, ...]
    devices: tuple[Literal["cpu", "cuda"], ...]
    seconds: float
    check_seconds: float | None
    memory_mb: int

    @property
    def module(self) -> str:
        """The slug as a Python name: the stem of the learner's file."""
        return self.slug.replace("-", "_")

    @property
    def folder(self) -> Path:
        """What the learner may see."""
        return Path(self.bank, "exercises", self.track, self.slug)

    @property
    def model(self) -> Path:
        """The folder of the model answer, which a student edition lacks."""
        return Path(self.bank, "solutions", self.track, self.slug)

    @property
    def starter(self) -> Path:
        """The stub that the learner begins from."""
        return self.folder / "starter.py"

    @property
    def solution(self) -> Path:
        """The model answer in code."""
        return self.model / "solution.py"

    @property
    def mistakes(self) -> Path:
        """The known mistakes."""
        return self.model / "mistakes.toml"

    @property
    def checks(self) -> Path:
        """The hidden checks."""
        return Path(self.bank, "grader", "checks", self.track, f"test_{self.module}.py")

    @property
    def speed(self) -> Path:
        """The rules of its speed board; an exercise without the file has none."""
        return self.checks.with_name(f"speed_{self.module}.py")

    def statement(self, lang: str) -> Path:
        """The question in lang."""
        return self.folder / ("README.zh.md" if lang == "zh" else "README.md")

    def answer_text(self, lang: str) -> Path:
        """What a strong candidate says, in lang."""
        return self.model / ("ANSWER.zh.md" if lang == "zh" else "ANSWER.md")

    def read(self) -> ExerciseFile:
        """exercise.toml anew, with hints and quiz. Raises KitError."""
        return read_toml(self.folder / "exercise.toml", ExerciseFile)


def read_toml(path: Path, shape: type[T]) -> T:
    """A file of the bank as a value. Raises KitError that names the file, the key and the remedy."""
    try:
        with path.open("rb") as file:
            return msgspec.convert(tomllib.load(file), shape)
    except OSError as error:
        raise KitError(_("the bank lacks a file ({reason})").format(reason=error.strerror), path, _("Run: kit author check")) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KitError(_("this is not TOML ({reason})").format(reason=error), path, _("Mend that line.")) from error
    except msgspec.ValidationError as error:
        reason, _at, key = str(error).partition(" - at ")
        key = key.strip("`").removeprefix("$.") or _("the file")
        raise KitError(f"{key}: {reason}", path, _("CONTRIBUTING.md lists the keys and their types.")) from error
