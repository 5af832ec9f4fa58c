"""The version of an exercise's hidden part: it changes whenever the same answer could be judged differently."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import msgspec

from kit.exercise import Exercise

__all__ = ["bank_version"]


def bank_version(exercise: Exercise) -> str:
    """16 hexadecimal digits of the SHA-256 over checks, model answer, mistakes and the limits under which an answer runs.

    Title, points, hints and the statement do not change it. Files are read again only when their time or size has changed.
    """
    judged = (exercise.slug, exercise.forbid, exercise.seconds, exercise.check_seconds, exercise.memory_mb, exercise.devices)
    return _version(msgspec.json.encode(judged), tuple(_stamp(path) for path in (exercise.checks, exercise.solution, exercise.mistakes)))


def _stamp(path: Path) -> tuple[str, int, int]:
    """The file as it lies there; (-1, -1) for one that does not."""
    try:
        stat = path.stat()
    except OSError:
        return str(path), -1, -1
    return str(path), stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=1024)
def _version(judged: bytes, stamps: tuple[tuple[str, int, int], ...]) -> str:
    whole = sha256(judged)
    for path, modified, _size in stamps:
        content = b"" if modified == -1 else Path(path).read_bytes()
        whole.update(b"%d\n" % (-1 if modified == -1 else len(content)))
        whole.update(content)
    return whole.hexdigest()[:16]
