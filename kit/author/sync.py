"""Starters kept in step with solutions."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from grader.text import _
from kit.author.drawers import Drawers, find
from kit.errors import KitError
from kit.files import write_atomically
from kit.starter import cut

__all__ = ["Synced", "sync"]


class Synced(Struct, frozen=True):
    """A starter, and whether it had to be written."""

    slug: str
    path: Path
    changed: bool


def sync(bank: Path, slugs: Sequence[str] = ()) -> list[Synced]:
    """Cut the starters of the named exercises, or of all that have a solution, and write those that changed. Raises KitError."""
    return [_sync(drawers) for drawers in find(bank, slugs) if slugs or drawers.solution.exists()]


def _sync(drawers: Drawers) -> Synced:
    try:
        starter = cut(drawers.solution.read_text(encoding="utf-8"))
    except OSError as error:
        raise KitError(_("there is no solution to cut the starter from"), drawers.show(drawers.solution), _("Write it first.")) from error
    except (SyntaxError, UnicodeDecodeError) as error:
        what = _("the solution is not Python ({reason})").format(reason=error)
        raise KitError(what, drawers.show(drawers.solution), _("Mend that line.")) from error
    changed = not drawers.starter.exists() or drawers.starter.read_bytes() != starter.encode()
    if changed:
        write_atomically(drawers.starter, starter)
    return Synced(drawers.slug, drawers.starter, changed)
