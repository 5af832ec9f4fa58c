"""From what the learner typed to a job for the judge."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.text import _
from grader.verdict import Job
from kit.answer import read_answer
from kit.bank import Bank
from kit.errors import KitError, did_you_mean
from kit.exercise import Exercise
from kit.progress import Progress
from kit.workspace import Workspace

DeviceChoice = Literal["default", "auto", "cpu", "cuda"]


@dataclass(frozen=True)
class Target:
    """An exercise and the file that answers it; typed is how the learner can name it again."""

    exercise: Exercise
    path: Path
    typed: str


@dataclass(frozen=True)
class Wish:
    """What the options of `kit grade` ask for."""

    only: str | None = None
    seed: int | None = None
    device: DeviceChoice = "default"
    lang: str = "en"


def targets(names: Sequence[str], bank: Bank, workspace: Workspace | None, cwd: Path, *, every: bool = False) -> list[Target]:
    """What to grade: each name a slug or a file; all that have a file; else the exercise of this folder, else the latest one.

    Raises KitError when a name is neither, when there is no workspace for a slug, and when there is nothing to grade.
    """
    if every:
        home = _needed(workspace)
        found = [exercise for exercise in bank.exercises if home.answer(exercise).is_file()]
        if not found:
            raise KitError(_("there is no answer yet"), home.root, _("Run: kit next"))
        return [_of_slug(exercise, home) for exercise in found]
    if names:
        return [_named(name, bank, workspace, cwd) for name in names]
    home = _needed(workspace)
    slug = home.slug_of(cwd)
    if slug is None or slug not in bank.by_slug:
        slug = Progress(home.private).latest()
    if slug is None or slug not in bank.by_slug:
        raise KitError(_("there is nothing to grade yet"), home.root, _("Run: kit next"))
    return [_of_slug(bank.exercise(slug), home)]


def job(target: Target, wish: Wish, source: str | None = None, *, edition: Literal["full", "student"] = "full") -> Job:
    """The judge's job; in a student edition that of trying the statement's examples.

    Raises KitError when the answer cannot be read or the exercise has no such check or device.
    """
    exercise = target.exercise
    if edition == "student" and wish.only is not None:
        raise KitError(_("a student edition has no hidden checks to choose from"), "--check", _("Leave it out; your class runs them all."))
    if edition == "full" and not exercise.checks.is_file():
        raise KitError(_("the checks of {slug} are missing").format(slug=exercise.slug), exercise.checks, _("Install the kit or the bank again."))
    if wish.only is not None:
        _checked_name(exercise, wish.only)
    diagnosable = exercise.solution.is_file() and exercise.mistakes.is_file()
    return Job(
        slug=exercise.slug,
        source=read_answer(target.path) if source is None else source,
        filename=target.path.name,
        checks=str(exercise.checks),
        statement=str(exercise.statement(wish.lang)) if edition == "student" else None,
        solution=str(exercise.solution) if diagnosable else None,
        mistakes=str(exercise.mistakes) if diagnosable else None,
        forbid=exercise.forbid,
        seconds=exercise.seconds,
        check_seconds=exercise.check_seconds,
        memory_mb=exercise.memory_mb,
        only=wish.only.removeprefix("test_") if wish.only else None,
        seed=wish.seed,
        device=_device(exercise, wish.device),
        lang=wish.lang,
    )


def _needed(workspace: Workspace | None) -> Workspace:
    if workspace is None:
        raise KitError(_("this folder is no workspace"), Path.cwd(), _("Run: kit next"))
    return workspace


def _of_slug(exercise: Exercise, workspace: Workspace) -> Target:
    return Target(exercise, workspace.answer(exercise), exercise.slug)


def _named(name: str, bank: Bank, workspace: Workspace | None, cwd: Path) -> Target:
    """A name with a dot or a separator, or of something that is there, is a file; the file's stem is the exercise."""
    path = Path(name)
    if path.suffix == ".py" or path.name != name:
        stem = path.stem if path.suffix == ".py" else path.name
        slug = stem.replace("_", "-")
        if slug not in bank.by_slug and path.suffix != ".py":
            raise KitError(_("this is neither an exercise nor a Python file"), name, _("Run: kit list"))
        if slug not in bank.by_slug:
            remedy = did_you_mean(slug, bank.by_slug, _("Name the file after its exercise, as `kit next` does."))
            raise KitError(_("no exercise is called {slug}").format(slug=slug), name, remedy)
        exercise = bank.exercise(slug)
        return Target(exercise, cwd / (path if path.suffix == ".py" else path / f"{exercise.module}.py"), name)
    return _of_slug(bank.exercise(name), _needed(workspace))


def _checked_name(exercise: Exercise, name: str) -> None:
    names = check_names(exercise)
    if name.removeprefix("test_") not in names:
        what = _("{slug} has no check called {name}").format(slug=exercise.slug, name=name)
        otherwise = _("Choose one of: {names}.").format(names=", ".join(names))
        raise KitError(what, remedy=did_you_mean(name.removeprefix("test_"), names, otherwise))


def check_names(exercise: Exercise) -> list[str]:
    """The names of the exercise's checks, without "test_", in the order of the file."""
    text = exercise.checks.read_text(encoding="utf-8")
    return list(dict.fromkeys(re.findall(r"^(?:async )?def test_(\w+)", text, re.MULTILINE)))


def _device(exercise: Exercise, choice: DeviceChoice) -> Literal["auto", "cpu", "cuda"]:
    """Without a choice the first device that the exercise names: the CPU, which is warm, unless the exercise is about the GPU."""
    first = exercise.devices[0] if exercise.devices else "cpu"
    if choice == "default":
        return first
    if choice == "auto":
        return "auto" if len(exercise.devices) > 1 else first
    if choice not in exercise.devices:
        what = _("{slug} does not run on {device}").format(slug=exercise.slug, device=choice)
        raise KitError(what, remedy=_("Choose one of: {names}.").format(names=", ".join(("auto", *exercise.devices))))
    return choice
