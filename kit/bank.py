"""The bank: every exercise of a folder, from an index that is rebuilt when an exercise.toml changes."""

import heapq
import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Literal

import msgspec
from platformdirs import user_cache_path

from grader.text import _
from kit import questions, shape
from kit.errors import KitError, did_you_mean
from kit.exercise import Exercise, ExerciseFile, Track, read_toml
from kit.files import write_atomically
from kit.questions import Question

INDEX_VERSION = 3


class Index(msgspec.Struct, frozen=True):
    """Everything that exercise.toml and track.toml say, hints and quiz aside; exercises in the order in which they are best learnt."""

    version: int
    fingerprint: str
    tracks: tuple[Track, ...]
    exercises: tuple[Exercise, ...]


class Bank:
    """The exercises under a folder with exercises/, and unless it is a student edition solutions/ and grader/checks/."""

    def __init__(self, root: Path, *, cache: Path | None = None) -> None:
        """Nothing is read before it is asked for; cache is where the index is kept."""
        self.root = root
        self._cache = cache if cache is not None else user_cache_path("nn-practice-kit", appauthor=False)

    @cached_property
    def index(self) -> Index:
        """The index, from the cache when nothing changed. A cache that cannot be read or written is only slower."""
        fingerprint = _fingerprint(self.root / "exercises")
        path = self._cache / f"index-{sha256(os.fsencode(self.root)).hexdigest()[:16]}.json"
        try:
            index = msgspec.json.decode(path.read_bytes(), type=Index)
            if (index.version, index.fingerprint) == (INDEX_VERSION, fingerprint):
                return index
        except (OSError, msgspec.DecodeError):
            pass
        index = _read(self.root, fingerprint)
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            write_atomically(path, msgspec.json.encode(index))
        except OSError:
            pass
        return index

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """All, in the order in which they are best learnt."""
        return self.index.exercises

    @property
    def tracks(self) -> tuple[Track, ...]:
        """All, in their order."""
        return self.index.tracks

    @cached_property
    def edition(self) -> Literal["full", "student"]:
        """A student edition has neither solutions nor hidden checks. Raises KitError."""
        return shape.read(self.root).edition

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """All questions, in their order. Raises KitError."""
        return questions.read(self.root)

    def answering(self, question: Question) -> tuple[Exercise, ...]:
        """The exercises that answer a question, in the order in which they are best learnt."""
        return tuple(exercise for exercise in self.exercises if question.id in exercise.answers)

    @cached_property
    def by_slug(self) -> Mapping[str, Exercise]:
        """Each exercise by its name."""
        return {exercise.slug: exercise for exercise in self.exercises}

    def exercise(self, slug: str) -> Exercise:
        """The exercise of that name; conv_2d and conv-2d are the same name. Raises KitError with the nearest name."""
        found = self.by_slug.get(slug) or self.by_slug.get(slug.replace("_", "-"))
        if found is None:
            raise KitError(_("no exercise is called {slug}").format(slug=slug), remedy=did_you_mean(slug, self.by_slug, _("Run: kit list")))
        return found

    def track(self, slug: str) -> Track:
        """The track of that name. Raises KitError with the nearest name."""
        names = [track.slug for track in self.tracks]
        if slug not in names:
            otherwise = _("Choose one of: {names}.").format(names=", ".join(names))
            raise KitError(_("no track is called {slug}").format(slug=slug), remedy=did_you_mean(slug, names, otherwise))
        return self.tracks[names.index(slug)]


def find_root(environ: Mapping[str, str]) -> Path:
    """The bank's folder: KIT_BANK, else the kit's own. Raises KitError when it is no bank, or one of another format."""
    chosen = environ.get("KIT_BANK")
    if chosen:
        root = Path(chosen).expanduser().resolve()
        shape.read(root)
        return root
    root = own_root()
    if not (root / "exercises").is_dir():
        raise KitError(_("the kit is installed without its exercises"), root, _("Install it again, or set KIT_BANK to a bank's folder."))
    return root


def own_root() -> Path:
    """Where the kit's own exercises lie: inside the installed kit, else in the checkout."""
    package = Path(__file__).resolve().parent
    return package / "_bank" if (package / "_bank").is_dir() else package.parent


def _fingerprint(exercises: Path) -> str:
    """Changes whenever an exercise or a track is added, removed, renamed or edited; a few milliseconds for a hundred."""
    seen = sha256()
    for track in _folders(exercises):
        for file in (os.path.join(track, "track.toml"), *(os.path.join(folder, "exercise.toml") for folder in _folders(track))):  # noqa: PTH118  # a Path for each costs more than its stat
            try:
                stat = os.stat(file)  # noqa: PTH116  # as above
            except OSError:
                continue
            seen.update(f"{file}\0{stat.st_mtime_ns}\0{stat.st_size}\n".encode(errors="surrogateescape"))
    return seen.hexdigest()


def _folders(parent: str | Path) -> list[str]:
    """The folders in a folder, sorted, hidden ones left out."""
    try:
        with os.scandir(parent) as entries:
            return sorted(entry.path for entry in entries if entry.name[0] not in "._" and entry.is_dir())
    except OSError:
        return []


def _read(root: Path, fingerprint: str) -> Index:
    """Parse every track.toml and exercise.toml. Raises KitError for the first that is wrong."""
    tracks: list[Track] = []
    exercises: list[Exercise] = []
    for folder in map(Path, _folders(root / "exercises")):
        own = [_exercise(root, path) for path in map(Path, _folders(folder)) if (path / "exercise.toml").is_file()]
        if own:
            tracks.append(msgspec.structs.replace(read_toml(folder / "track.toml", Track), slug=folder.name))
            exercises += own
    tracks.sort(key=lambda track: (track.order, track.slug))
    return Index(INDEX_VERSION, fingerprint, tuple(tracks), tuple(path_order(exercises, tracks)))


def _exercise(root: Path, folder: Path) -> Exercise:
    facts = read_toml(folder / "exercise.toml", ExerciseFile)
    kept = {name: getattr(facts, name) for name in ExerciseFile.__struct_fields__ if name not in {"hint", "quiz", "references"}}
    return Exercise(bank=str(root), track=folder.parent.name, slug=folder.name, **kept)


def path_order(exercises: Iterable[Exercise], tracks: Iterable[Track]) -> list[Exercise]:
    """Prerequisites first, then by track, order and name. Unknown prerequisites do not count; a circle is broken by that same order."""
    rank = {track.slug: track.order for track in tracks}
    left = {exercise.slug: exercise for exercise in exercises}
    waiting = {slug: {before for before in exercise.after if before in left and before != slug} for slug, exercise in left.items()}

    def key(slug: str) -> tuple[int, str, int, str]:
        exercise = left[slug]
        return rank.get(exercise.track, 0), exercise.track, exercise.order, slug

    ready = [(key(slug), slug) for slug, before in waiting.items() if not before]
    heapq.heapify(ready)
    done: list[str] = []
    while waiting:
        slug = heapq.heappop(ready)[1] if ready else min(waiting, key=key)
        if slug not in waiting:
            continue
        del waiting[slug]
        done.append(slug)
        for other, before in waiting.items():
            if slug in before:
                before.remove(slug)
                if not before:
                    heapq.heappush(ready, (key(other), other))
    return [left[slug] for slug in done]
