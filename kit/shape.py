"""The shape of a bank: exercises/bank.toml says which, and every exercise brings its files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from grader.text import _
from kit.errors import KitError
from kit.exercise import read_toml

__all__ = ["FORMAT", "BankFile", "checked", "lacking", "read"]

FORMAT = 1
FILE = "exercises/bank.toml"
SHOWN = ("exercise.toml", "README.md", "README.zh.md", "starter.py")
KEPT = ("solution.py", "ANSWER.md", "ANSWER.zh.md", "mistakes.toml")


class BankFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """bank.toml. format: of the whole bank, as this kit reads it; a student edition has neither solutions nor hidden checks."""

    format: int
    edition: Literal["full", "student"] = "full"


def read(root: Path) -> BankFile:
    """What the bank says of itself. Raises KitError when it says nothing, or has another format than this kit reads."""
    path = root / FILE
    if not path.is_file():
        remedy = _("A bank has a folder exercises/ with a file bank.toml that begins: format = {format}").format(format=FORMAT)
        raise KitError(_("this is no bank of exercises"), root, remedy)
    facts = read_toml(path, BankFile)
    if facts.format != FORMAT:
        newer = facts.format > FORMAT
        remedy = _("Upgrade the kit.") if newer else _("Ask its authors for a newer edition, or install an older kit.")
        what = _("the bank has format {theirs}, and this kit reads format {ours}").format(theirs=facts.format, ours=FORMAT)
        raise KitError(what, path, remedy)
    return facts


def checked(root: Path) -> Path:
    """The folder, when it is a bank that lacks nothing. Raises KitError with a list of what is missing."""
    missing = list(lacking(root, read(root)))
    if missing:
        more = _(" and {n} more").format(n=len(missing) - 12) if len(missing) > 12 else ""
        raise KitError(_("the bank is not complete"), root, _("It lacks: {files}.").format(files=", ".join(missing[:12]) + more))
    return root


def lacking(root: Path, facts: BankFile) -> Iterator[str]:
    """Files that a bank of this edition should have, and has not."""
    exercises = sorted(path.parent for path in root.glob("exercises/*/*/*") if path.name in SHOWN)
    if not exercises:
        yield "exercises/<track>/<slug>/exercise.toml"
    for folder in dict.fromkeys(exercises):
        track, slug = folder.parent.name, folder.name
        wanted = [folder.parent / "track.toml", *(folder / name for name in SHOWN)]
        if facts.edition == "full":
            wanted += [root / "solutions" / track / slug / name for name in KEPT]
            wanted.append(root / "grader" / "checks" / track / f"test_{slug.replace('-', '_')}.py")
        yield from (path.relative_to(root).as_posix() for path in wanted if not path.is_file())
