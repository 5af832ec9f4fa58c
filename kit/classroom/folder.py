"""A folder of answers: whose each file is, and which exercise it answers, from where it lies and what it is called."""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.text import _, neutralise
from kit.errors import KitError
from kit.exercise import Exercise

__all__ = ["Answer", "Contents", "Stray", "read"]

LARGEST = 100_000  # files that are looked at
IGNORED = frozenset({"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"})
AGAIN = re.compile(r"-\d{1,3}$")  # how learning platforms mark a file that was handed in again
CANVAS = re.compile(r"^(?P<student>[^_]+)(?:_LATE)?_(?P<id>\d+)_\d+$", re.IGNORECASE)  # what Canvas puts before the file's own name
MOODLE = re.compile(r"^(?P<student>.+?)_(?P<id>\d+)_assignsubmission_\w*$")  # the folder that Moodle makes for a student


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A file that answers an exercise. number: by which a learning platform knows the student, "" when the name does not say."""

    student: str
    number: str
    exercise: Exercise
    path: Path


@dataclass(frozen=True)
class Stray:
    """A file that is nobody's answer, and why."""

    path: Path
    why: str


@dataclass(frozen=True)
class Contents:
    """Of a folder: the answers, by student and exercise, and what is none."""

    answers: tuple[Answer, ...]
    strays: tuple[Stray, ...]


def read(folder: Path, exercises: Mapping[str, Exercise]) -> Contents:
    """The answers of a folder. They lie in STUDENT/EXERCISE.py, EXERCISE/STUDENT.py or STUDENT_EXERCISE.py.

    An exercise is called by its slug, with hyphens or underscores. A student's folder may have folders of its own. Links are not followed. Two
    files that answer the same are both strays. Raises KitError when there is no such folder, or no answer in it.
    """
    if not folder.is_dir():
        raise KitError(_("there is no such folder"), folder, _("Name the folder with the students' answers."))
    found: defaultdict[tuple[str, str], list[Answer]] = defaultdict(list)
    strays: list[Stray] = []
    for path in _files(folder):
        owned = _owned(path, path.relative_to(folder), exercises)
        if isinstance(owned, Stray):
            strays.append(owned)
        else:
            found[owned.student, owned.exercise.slug].append(owned)
    answers: list[Answer] = []
    for claims in found.values():
        if len(claims) == 1:
            answers.append(claims[0])
        else:
            strays += [Stray(claim.path, _("{n} files answer this exercise for this student").format(n=len(claims))) for claim in claims]
    if not answers:
        remedy = _("Put them in STUDENT/EXERCISE.py, EXERCISE/STUDENT.py or STUDENT_EXERCISE.py.")
        raise KitError(_("there is no answer to any exercise of the bank"), folder, remedy)
    answers.sort(key=lambda answer: (answer.student, answer.exercise.slug))
    return Contents(tuple(answers), tuple(sorted(strays, key=lambda stray: stray.path)))


def _files(folder: Path) -> Iterator[Path]:
    """Every file below, hidden ones and what systems leave lying around aside. Raises KitError when there are far too many."""
    count = 0
    for place, folders, names in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]  # noqa: PTH114, PTH118  # walk() speaks strings
        folders[:] = sorted(name for name in folders if name[0] != "." and name not in IGNORED and name not in links)
        for name in sorted([*names, *links]):
            if name[0] != "." and name not in IGNORED:
                count += 1
                if count > LARGEST:
                    raise KitError(_("the folder holds more than {n} files").format(n=LARGEST), folder, _("Name the folder with the answers alone."))
                yield Path(place, name)


def _owned(path: Path, place: Path, exercises: Mapping[str, Exercise]) -> Answer | Stray:
    """Whose answer a file is; place is the path below the folder."""
    if path.is_symlink():
        return Stray(path, _("a link is not followed"))
    if path.suffix.lower() != ".py":
        return Stray(path, _("not a Python file"))
    owner, exercise = _split(path.stem, exercises)
    if len(place.parts) > 1:
        top = place.parts[0]
        by_folder = _named(top, exercises)
        if by_folder is not None:
            if exercise is not None and not owner:
                return Stray(path, _("no student is named; put it in a folder of the student's name"))
            owner, exercise = owner or path.stem, by_folder
        elif exercise is not None:
            owner = top  # whoever's folder it is; what stands before the exercise's name is theirs to choose
    if exercise is None:
        return Stray(path, _("no exercise is called like this file"))
    student, number = _student(owner)
    if not student:
        return Stray(path, _("no student is named; put it in a folder of the student's name"))
    return Answer(student=student, number=number, exercise=exercise, path=path)


def _split(stem: str, exercises: Mapping[str, Exercise]) -> tuple[str, Exercise | None]:
    """STUDENT_EXERCISE in its two parts, the longest exercise that fits; ("", exercise) when it is only that."""
    for name in dict.fromkeys((stem, AGAIN.sub("", stem))):
        if (whole := _named(name, exercises)) is not None:
            return "", whole
        for cut in (place.start() for place in re.finditer(r"[_-]", name)):
            if (rest := _named(name[cut + 1 :], exercises)) is not None:
                return name[:cut], rest
    return "", None


def _named(name: str, exercises: Mapping[str, Exercise]) -> Exercise | None:
    return exercises.get(name.lower().replace("_", "-"))


def _student(name: str) -> tuple[str, str]:
    """The student's name as it can be shown, and the number that a learning platform put there."""
    text = neutralise(unicodedata.normalize("NFC", name.encode(errors="replace").decode())).strip().strip("_-")
    for pattern in (CANVAS, MOODLE):
        if marked := pattern.match(text):
            return marked["student"], marked["id"]
    return text, ""
