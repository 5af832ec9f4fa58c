"""What the shell offers when Tab is pressed. A completion that cannot be computed offers nothing."""

# ruff: noqa: PLC0415  # each command imports what it needs when it runs: that keeps the start of the others quick

from kit.cli.session import Session
from kit.errors import KitError


def complete_slug(incomplete: str) -> list[str]:
    """Exercises."""
    try:
        return [slug for slug in Session().bank.by_slug if slug.startswith(incomplete)]
    except KitError:
        return []


def complete_track(incomplete: str) -> list[str]:
    """Tracks."""
    try:
        return [track.slug for track in Session().bank.tracks if track.slug.startswith(incomplete)]
    except KitError:
        return []


def complete_check(incomplete: str) -> list[str]:
    """Checks of the exercise one is at."""
    from kit.grading import check_names

    try:
        return [name for name in check_names(Session().named_or_current(None)) if name.startswith(incomplete)]
    except (KitError, OSError):
        return []


def complete_device(incomplete: str) -> list[str]:
    """Devices."""
    return [name for name in ("auto", "cpu", "cuda") if name.startswith(incomplete)]
