"""How long work tells where it stands."""

from collections.abc import Callable
from typing import TypeAlias

OnProgress: TypeAlias = Callable[[int, int, str], None]
"""Called with (done, total, slug), by one thread at a time; the total may grow and never shrinks."""


def silent(done: int, total: int, slug: str) -> None:
    """Tell nobody."""
