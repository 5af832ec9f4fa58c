"""A folder of answers: whose each file is, and which exercise it answers, from where it lies and what it is called."""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from grader.text import _, neutralise
from kit.errors import KitError
from kit.exercise import Exercise

__all__ = ["Answer", "Contents", "Stray", "read"]

LARGEST = 100_000  # files that are looked at
IGNORED = frozenset({"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"})
AGAIN = re.compile(r"-(\d{1,3})$")  # how learning platforms mark a file that was handed in again
CANVAS = re.compile(r"^(?P<student>[^_]+)(?:_LATE)?_(?P<id>\d+)_(?P<file>\d+)(?:_|$)", re.IGNORECASE)  # what Canvas puts before the file's own name
MOODLE = re.compile(r"^(?P<student>.+?)_(?P<id>\d+)_assignsubmission_\w*$")  # the folder that Moodle makes for a student
WORK = frozenset({".py", ".ipynb", ".zip", ".tar", ".gz", ".tgz", ".7z", ".rar"})  # what a folder with somebody's work has in it


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A file that answers an exercise. number: by which a learning platform knows the student, "" when the name does not say.

    error: why it cannot be judged, though the student handed something in. exercise: None where nobody can say which one it answers.
    """

    student: str
    number: str
    exercise: Exercise | None
    path: Path
    error: str = ""

    @property
    def slug(self) -> str:
        """The exercise's name, "" when it is not known."""
        return self.exercise.slug if self.exercise is not None else ""


@dataclass(frozen=True)
class Stray:
    """A file that is nobody's answer, and why."""

    path: Path
    why: str


@dataclass(frozen=True)
class Contents:
    """Of a folder: the answers, by student and exercise, and what is none. older: what was handed in again since."""

    answers: tuple[Answer, ...]
    strays: tuple[Stray, ...]
    older: tuple[Stray, ...] = ()


def read(folder: Path, exercises: Mapping[str, Exercise]) -> Contents:
    """The answers of a folder. They lie in STUDENT/EXERCISE.py, EXERCISE/STUDENT.py or STUDENT_EXERCISE.py.

    An exercise is called by its slug, with hyphens or underscores. A student's folder may have folders of its own. Links are not followed. Of what
    Canvas has twice the newest counts. Who has two files for the same otherwise, or handed in something else than Python files, is there with an
    error. Raises KitError when there is no such folder, or nobody's work in it.
    """
    if not folder.is_dir():
        raise KitError(_("there is no such folder"), folder, _("Name the folder with the students' answers."))
    found: defaultdict[tuple[str, str, str], list[Answer]] = defaultdict(list)
    others: list[Answer] = []
    strays: list[Stray] = []
    for path in _files(folder):
        owned = _owned(path, path.relative_to(folder), exercises)
        if isinstance(owned, Stray):
            strays.append(owned)
        elif owned.error:
            others.append(owned)
        else:
            found[owned.student, owned.number, owned.slug].append(owned)
    answers: list[Answer] = []
    older: list[Stray] = []
    for same in found.values():
        newest = _newest(same)
        if newest is None:
            answers.append(_ambiguous(same, folder))
        else:
            answers.append(newest)
            older += [Stray(each.path, _("handed in again as {file}").format(file=newest.path.name)) for each in same if each is not newest]
    for other in others:
        there = [each.slug for each in answers if (each.student, each.number) == (other.student, other.number)]
        if other.slug in there or (there and not other.slug):
            strays.append(Stray(other.path, _no_answer(other.path)))
        else:
            answers.append(other)
    if not answers:
        remedy = _("Put them in STUDENT/EXERCISE.py, EXERCISE/STUDENT.py or STUDENT_EXERCISE.py.")
        raise KitError(_("there is no answer to any exercise of the bank"), folder, remedy)
    answers.sort(key=lambda answer: (answer.student, answer.number, answer.slug))
    return Contents(tuple(answers), *(tuple(sorted(some, key=lambda stray: stray.path)) for some in (strays, older)))


def _newest(same: list[Answer]) -> Answer | None:
    """The one that counts; None where nobody can say: only Canvas numbers what was handed in again."""
    if len(same) == 1:
        return same[0]
    ages: dict[tuple[int, int], Answer] = {}
    for answer in same:
        marked, again = CANVAS.match(answer.path.stem), AGAIN.search(answer.path.stem)
        if marked is None:
            return None
        ages[int(again[1]) if again else 0, int(marked["file"])] = answer
    return ages[max(ages)] if len(ages) == len(same) else None


def _ambiguous(same: list[Answer], folder: Path) -> Answer:
    files = ", ".join(sorted(each.path.relative_to(folder).as_posix() for each in same))
    return replace(same[0], error=_("{n} files answer this exercise: {files}").format(n=len(same), files=files))


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
    owner, exercise = _split(path.stem, exercises)
    if len(place.parts) > 1:
        top = place.parts[0]
        by_folder = _named(top, exercises)
        if by_folder is not None:
            if exercise is not None and not owner:
                return Stray(path, _("no student is named; put it in a folder of the student's name"))
            owner, exercise = owner or path.stem, by_folder
        elif exercise is not None or path.suffix.lower() in WORK or MOODLE.match(top):
            owner = top  # whoever's folder it is; what stands before the exercise's name is theirs to choose
    why = "" if exercise is not None and path.suffix.lower() == ".py" else _no_answer(path)
    if not owner and CANVAS.match(path.stem):
        owner = path.stem
    if exercise is None and not owner:
        return Stray(path, why)
    student, number = _student(owner)
    if not student:
        return Stray(path, _("no student is named; put it in a folder of the student's name"))
    return Answer(student=student, number=number, exercise=exercise, path=path, error=why)


def _no_answer(path: Path) -> str:
    return _("no exercise is called like this file") if path.suffix.lower() == ".py" else _("not a Python file")


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
