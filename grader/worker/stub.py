"""What stands in the place of a forbidden module, class or function while an answer runs."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

__all__ = ["INSTALLED", "Stub"]

INSIDE = tuple(str(Path(file).parent) + "/" for file in (torch.__file__, np.__file__, str(Path(__file__).parent)))
STANDARD_LIBRARY = (*{sysconfig.get_path(name) + "/" for name in ("stdlib", "platstdlib")}, "<frozen ")
INSTALLED = (*INSIDE, *STANDARD_LIBRARY, *{sysconfig.get_path(name) + "/" for name in ("purelib", "platlib")})


class Guarding(Protocol):
    """As much of the guard as a stub needs."""

    active: bool

    def refuse(self, name: str, entry: str) -> BaseException:
        """Remember the violation; the exception is the caller's to raise."""
        ...


class Stub:
    """Stands where a forbidden module, class or function was; everything but using it is allowed."""

    def __init__(self, guard: Guarding, real: Any, path: str, entry: str) -> None:
        self._stub = (guard, real, path, entry)

    def _used(self) -> Any:
        guard, real, path, entry = self._stub
        if guard.active and not _user().startswith(INSIDE):
            raise guard.refuse(path, entry)
        return real

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._used()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._used(), name)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self._used(),)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self._stub[1])

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, self._stub[1])

    def __eq__(self, other: object) -> bool:
        return self._stub[1] == (other._stub[1] if isinstance(other, Stub) else other)

    def __hash__(self) -> int:
        return hash(self._stub[1])

    def __or__(self, other: Any) -> Any:
        return self._stub[1] | other

    def __ror__(self, other: Any) -> Any:
        return other | self._stub[1]

    def __repr__(self) -> str:
        return repr(self._stub[1])


def _user() -> str:
    """The file whose code uses a stub, be it through a function of the standard library."""
    frame = sys._getframe(3)  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(INSIDE) or not file.startswith(STANDARD_LIBRARY):
            return file
        frame = frame.f_back
    return ""
