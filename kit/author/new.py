"""`kit author new`: a complete small exercise to write over."""

import re
from pathlib import Path

from msgspec import json

from grader.text import _
from kit.author.drawers import Drawers, find
from kit.errors import KitError
from kit.exercise import Track, read_toml
from kit.files import write_atomically
from kit.starter import cut

__all__ = ["new"]

SKELETON = Path(__file__).parent / "skeleton"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def new(bank: Path, track: str, slug: str, title_en: str, title_zh: str) -> list[Path]:
    """Write the files of a new exercise, which the judge can grade at once and in which << >> says what is still to be written.

    Returns the files. Raises KitError when a name is not in kebab-case, a title is empty or any of the files is there.
    """
    bank = bank.resolve()
    for name in (track, slug):
        if not _NAME.fullmatch(name):
            raise KitError(_("{name} is no name for an exercise or a track").format(name=repr(name)), remedy=_("Write it like-this."))
    if not title_en.strip() or not title_zh.strip():
        raise KitError(_("a title is empty"), remedy=_("Give one in each language."))
    drawers = Drawers(bank, track, slug)
    taken = [other.show(other.exercise) for other in find(bank) if other.slug == slug]
    taken += [drawers.show(path) for path in (drawers.model, drawers.checks) if path.exists()]
    if taken:
        raise KitError(_("there is an exercise of this name"), taken[0], _("Choose another name, or remove what is there."))
    values = {"title_en": _quoted(title_en), "title_zh": _quoted(title_zh), "order": str(_next_order(bank, track))}
    files = {path: _fill(SKELETON / f"{name}.txt", values) for name, path in _places(drawers).items()}
    titles = {"title_en": title_en, "title_zh": title_zh}
    for name in ("README.md", "README.zh.md"):
        files[drawers.exercise / name] = _fill(SKELETON / f"{name}.txt", titles)
    files[drawers.starter] = cut(files[drawers.solution])
    track_file = drawers.exercise.parent / "track.toml"
    if not track_file.exists():
        files[track_file] = _fill(SKELETON / "track.toml.txt", {"order": str(_next_track(bank))})
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
    return sorted(files)


def _places(drawers: Drawers) -> dict[str, Path]:
    """Where each file of the skeleton goes."""
    kept = {name: drawers.model / name for name in ("ANSWER.md", "ANSWER.zh.md", "mistakes.toml", "solution.py")}
    return {"exercise.toml": drawers.exercise / "exercise.toml", "checks.py": drawers.checks, **kept}


def _fill(template: Path, values: dict[str, str]) -> str:
    text = template.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text


def _quoted(text: str) -> str:
    """As a TOML string: JSON's are a subset."""
    return json.encode(text).decode()


def _next_order(bank: Path, track: str) -> int:
    """After the last exercise of the track."""
    orders = [other.read().order for other in find(bank) if other.track == track and (other.exercise / "exercise.toml").exists()]
    return max(orders, default=0) + 10


def _next_track(bank: Path) -> int:
    orders = [read_toml(path, Track).order for path in (bank / "exercises").glob("*/track.toml")]
    return max(orders, default=0) + 10
