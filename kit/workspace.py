"""The learner's folder: one folder for each exercise, and .kit/ with their progress."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from grader.text import _
from kit.errors import KitError
from kit.exercise import Exercise
from kit.files import write_atomically

MARK = ".kit"


@dataclass(frozen=True)
class Fetched:
    """What a fetch left behind. new: the answer's file was written; ours: the SHA-256 of each file that holds what the kit wrote."""

    statement: Path
    answer: Path
    new: bool
    ours: frozenset[str]


@dataclass(frozen=True)
class Workspace:
    """A folder in which `kit next` was run."""

    root: Path

    @classmethod
    def find(cls, start: Path) -> "Workspace | None":
        """The nearest folder with .kit/, from start upwards."""
        return next((cls(folder) for folder in (start, *start.parents) if (folder / MARK).is_dir()), None)

    @classmethod
    def make(cls, folder: Path) -> "Workspace":
        """Make folder a workspace. Raises KitError when nothing can be written there."""
        with _writing(folder):
            (folder / MARK).mkdir(exist_ok=True)
        return cls(folder)

    @property
    def private(self) -> Path:
        """Where the progress is kept."""
        return self.root / MARK

    def folder(self, exercise: Exercise) -> Path:
        """The exercise's folder."""
        return self.root / exercise.slug

    def answer(self, exercise: Exercise) -> Path:
        """The learner's file."""
        return self.folder(exercise) / f"{exercise.module}.py"

    def fetch(self, exercise: Exercise, lang: str, known: frozenset[str] = frozenset()) -> Fetched:
        """Write the statement and the starter where they are missing or are still as the kit wrote them (known: SHA-256s of what it wrote).

        A file that the learner changed stays as it is. Raises KitError when the folder cannot be written.
        """
        folder, answer = self.folder(exercise), self.answer(exercise)
        statement = folder / "README.md"
        starter, text = _bank_bytes(exercise.starter), _bank_bytes(exercise.statement(lang))
        statements = {_digest(_bank_bytes(exercise.statement(each))) for each in ("en", "zh")}
        with _writing(folder):
            folder.mkdir(exist_ok=True)
            new = not _present(answer)
            ours = {
                _renew(answer, starter, known),
                _renew(statement, text, known | statements),
            }
        return Fetched(statement, answer, new, frozenset(digest for digest in ours if digest is not None))

    def reset(self, exercise: Exercise, now: Callable[[], datetime] = datetime.now) -> Path | None:
        """Begin again from the starter; returns the dated copy of the learner's file, or None when there was nothing to keep."""
        answer = self.answer(exercise)
        starter = _bank_bytes(exercise.starter)
        with _writing(answer.parent):
            answer.parent.mkdir(exist_ok=True)
            kept = None
            if _present(answer) and (answer.is_symlink() or not answer.is_file() or answer.read_bytes() != starter):
                kept = _free(answer.with_name(f"{answer.stem}.{now():%Y-%m-%d-%H%M%S}.py"))
                answer.replace(kept)
            write_atomically(answer, starter)
        return kept

    def slug_of(self, place: Path) -> str | None:
        """The first folder below the workspace on the way to place: the name of an exercise if place is inside one."""
        try:
            parts = place.relative_to(self.root).parts
        except ValueError:
            return None
        return parts[0] if parts else None


class _writing:  # noqa: N801  # reads as the statement that it is
    """Turns an OSError of the block into a KitError about the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, OSError):
            where = error.filename or self.folder
            reason = error.strerror or error
            remedy = _("Make it writable, or work in another folder.")
            raise KitError(_("the workspace cannot be written ({reason})").format(reason=reason), where, remedy) from error


def _present(path: Path) -> bool:
    """Anything of that name, a dangling link too."""
    return path.is_symlink() or path.exists()


def _bank_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KitError(_("the bank lacks a file ({reason})").format(reason=error.strerror), path, _("Run: kit author check")) from error


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def _renew(path: Path, content: bytes, known: frozenset[str] | set[str]) -> str | None:
    """Write content unless the file holds something that is not the kit's; returns the content's digest if that is there now."""
    if _present(path):
        if path.is_symlink() or not path.is_file():
            return None
        there = path.read_bytes()
        if there == content:
            return _digest(content)
        if _digest(there) not in known:
            return None
    write_atomically(path, content)
    return _digest(content)


def _free(path: Path) -> Path:
    """Path, or path with a number when that name is taken."""
    number, free = 1, path
    while _present(free):
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
