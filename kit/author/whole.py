"""The bank as a whole: files that are missing or that belong to nothing, tracks, prerequisites, the order within a track."""

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from grader.text import _
from kit.author.drawers import Drawers
from kit.author.finding import Finding, has_chinese, placeholders, text_of
from kit.errors import KitError
from kit.exercise import ExerciseFile, Track, read_toml

__all__ = ["findings", "own_files", "question_ids"]

SECOND_FROM_LEVEL = 3
_IGNORED = {"__pycache__"}


def own_files(drawers: Drawers, facts: ExerciseFile | None) -> Iterator[Finding]:
    """Files that an exercise lacks, or has in its folders and should not."""
    required, optional = _files(drawers, facts)
    for path in required:
        if not path.is_file():
            yield Finding(drawers.show(path), _("the file is missing"), _("Write it; `kit author new` shows how a complete exercise looks."))
    for folder in (drawers.exercise, drawers.model):
        yield from _strays(folder, {*required, *optional}, drawers.bank)
    for path in required:
        try:
            path.read_text(encoding="utf-8")
        except OSError:
            continue
        except UnicodeDecodeError:
            yield Finding(drawers.show(path), _("it is not UTF-8"), _("Save it as UTF-8."))


def findings(bank: Path, exercises: Sequence[Drawers], facts: Mapping[str, ExerciseFile]) -> Iterator[Finding]:
    """What is wrong between exercises. facts: the exercise.toml of each that could be read, by slug."""
    yield from _orphans(bank, exercises, facts)
    yield from _tracks(bank, exercises, facts)
    seen: dict[str, str] = {}
    for folder in sorted((bank / "exercises").glob("*/*/")):
        if folder.name in seen:
            problem = _("tracks {first} and {second} both have an exercise of this name").format(first=seen[folder.name], second=folder.parent.name)
            yield Finding(f"exercises/{folder.parent.name}/{folder.name}", problem, _("Rename one."))
        seen.setdefault(folder.name, folder.parent.name)
    try:
        TopologicalSorter({slug: set(fact.after) - {slug} for slug, fact in facts.items()}).prepare()
    except CycleError as error:
        circle = " → ".join(error.args[1])
        yield Finding("exercises", _("the prerequisites go round in a circle: {circle}").format(circle=circle), _("Remove one of these `after`."))


def question_ids(bank: Path) -> set[str]:
    """The ids of exercises/questions.toml; none when there is no such file. Raises KitError when it is not TOML."""
    path = bank / "exercises" / "questions.toml"
    try:
        return {str(question["id"]) for question in tomllib.loads(path.read_text(encoding="utf-8")).get("question", [])}
    except OSError:
        return set()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise KitError(_("this is no list of questions ({reason})").format(reason=error), path, _("Give each [[question]] an id.")) from error


def _files(drawers: Drawers, facts: ExerciseFile | None) -> tuple[list[Path], list[Path]]:
    """Files that must be there, and files that may be."""
    shown = [drawers.exercise / name for name in ("exercise.toml", "README.md", "README.zh.md", "starter.py")]
    kept = [drawers.model / name for name in ("solution.py", "ANSWER.md", "ANSWER.zh.md", "mistakes.toml")]
    required = [*shown, *kept, drawers.checks]
    if facts is not None and facts.level >= SECOND_FROM_LEVEL:
        return [*required, drawers.second], [drawers.speed]
    return required, [drawers.second, drawers.speed]


def _orphans(bank: Path, exercises: Sequence[Drawers], facts: Mapping[str, ExerciseFile]) -> Iterator[Finding]:
    """Files outside the exercises' own folders that belong to no exercise."""
    known = {bank / "exercises" / name for name in ("bank.toml", "questions.toml", "glossary.toml")}
    for drawers in exercises:
        required, optional = _files(drawers, facts.get(drawers.slug))
        known |= {*required, *optional, drawers.exercise.parent / "track.toml"}
    own = {folder for drawers in exercises for folder in (drawers.exercise, drawers.model)}
    for drawer in ("exercises", "solutions", "grader/checks", "tests/second"):
        yield from _strays(bank / drawer, known, bank, leave_out=own)


def _strays(folder: Path, known: set[Path], bank: Path, leave_out: Collection[Path] = ()) -> Iterator[Finding]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name in _IGNORED or path in leave_out:
            continue
        if path.is_dir():
            if any(path.iterdir()):
                yield from _strays(path, known, bank, leave_out)
        elif path not in known:
            yield Finding(path.relative_to(bank).as_posix(), _("this file belongs to no exercise"), _("Remove it, or rename it to fit its exercise."))


def _tracks(bank: Path, exercises: Sequence[Drawers], facts: Mapping[str, ExerciseFile]) -> Iterator[Finding]:
    for name in sorted({drawers.track for drawers in exercises}):
        path = bank / "exercises" / name / "track.toml"
        if not path.exists():
            yield Finding(path.relative_to(bank).as_posix(), _("the file is missing"), _("Give the track a title (en, zh) and an order."))
            continue
        try:
            track = read_toml(path, Track)
        except KitError as error:
            yield Finding(path.relative_to(bank).as_posix(), error.what, error.remedy)
            continue
        if not track.title.en.strip() or not has_chinese(track.title.zh):
            yield Finding(path.relative_to(bank).as_posix(), _("the title is not there in both languages"), _("Write en and zh."))
        yield from placeholders(text_of(path), path.relative_to(bank).as_posix())
        taken: dict[int, str] = {}
        for drawers in exercises:
            if drawers.track == name and (fact := facts.get(drawers.slug)) is not None:
                if fact.order in taken:
                    problem = _("it has the same order as {other}").format(other=taken[fact.order])
                    yield Finding(drawers.show(drawers.exercise / "exercise.toml"), problem, _("Give each exercise of a track its own `order`."))
                taken.setdefault(fact.order, drawers.slug)
